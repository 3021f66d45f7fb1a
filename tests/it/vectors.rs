//! Checks that the library agrees with the language-neutral vectors in `tests/vectors/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use flagctl::bundle::{BUCKETS, Bucketer, Bucketing, Bundle, HashDomain};
use flagctl::codes::Severity;
use flagctl::compile::compile;
use flagctl::eval::{Cause, Context, Decision, Reason, Truth, decide, trace};
use flagctl::load;
use flagctl::source::{Folder, Source};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

type Object = Map<String, Json>;

fn vectors<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Asserts that the list of differences is empty. The message contains all differences.
fn nothing_differs(rows: usize, differences: &[String]) {
    assert!(rows > 0, "there are no rows");
    assert!(differences.is_empty(), "{} of {rows} rows differ:\n{}", differences.len(), differences.join("\n"));
}

/// Writes a repository to disk, reads it and compiles one environment. Returns the bundle, and the same bundle after a
/// round trip through JSON.
fn bundles(files: &Object, environment: &str) -> [Bundle; 2] {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.as_str().map_or_else(|| content.to_string(), str::to_owned)).unwrap();
    }
    let loaded = load::all(&Source::Folder(Folder::find(folder.path()).unwrap())).unwrap();
    let (bundle, diagnostics) = compile(&loaded.project, environment);
    for finding in loaded.settle(diagnostics) {
        let path = &loaded.snapshot.file(finding.diagnostic.span.file).path;
        assert_ne!(finding.severity, Severity::Error, "{path}: {:?}\n{}", finding.diagnostic, files[path]);
    }
    let again = Bundle::from_json(&bundle.to_json().unwrap()).unwrap();
    [bundle, again]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketRows {
    #[serde(rename = "about")]
    _about: Vec<String>,
    rows: Vec<BucketRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketRow {
    bucketing: Bucketing,
    salt: String,
    domain: String,
    unit: String,
    repeat: Option<usize>,
    input: String,
    hash: String,
    bucket: u32,
    within: Option<[u32; 2]>,
}

#[test]
fn buckets_match_the_vectors() {
    let BucketRows { rows, .. } = vectors("bucketing.json");
    let mut differences = Vec::new();
    for row in &rows {
        let bucketer = Bucketer::new(row.bucketing, &row.salt);
        let domain = match row.domain.as_str() {
            "gate" => HashDomain::Rollout,
            "split" => HashDomain::Split,
            "layer" => HashDomain::Layer,
            other => panic!("there is no domain `{other}`"),
        };
        let unit = row.unit.repeat(row.repeat.unwrap_or(1));
        let mut input = bucketer.input(domain, &unit);
        if row.repeat.is_some() {
            let before = input.len() - unit.len();
            assert_eq!(input.split_off(before), unit.as_bytes(), "the unit stands last");
        }
        let input: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        let bucket = bucketer.bucket(domain, &unit);
        let hash = u128::from_str_radix(&row.hash, 16).unwrap();
        let scaled = (hash * u128::from(BUCKETS)) >> (4 * row.hash.len());
        let [least, most] = row.within.unwrap_or([0, BUCKETS]);
        if input != row.input
            || bucket != row.bucket
            || scaled != u128::from(bucket)
            || !(least..most).contains(&bucket)
        {
            differences.push(format!("{row:?}: input {input}, bucket {bucket}"));
        }
    }
    nothing_differs(rows.len(), &differences);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionRows {
    #[serde(rename = "about")]
    _about: Vec<String>,
    now: Timestamp,
    attributes: Json,
    segments: Object,
    flags: Object,
    rows: Vec<ConditionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionRow {
    #[serde(rename = "if")]
    condition: Json,
    context: Json,
    holds: Json,
    now: Option<Timestamp>,
}

#[test]
fn conditions_evaluate_as_in_the_vectors() {
    let table: ConditionRows = vectors("conditions.json");
    let settings = json!({"version": 1, "environments": ["production"], "attributes": table.attributes});
    let mut files = Object::from_iter([("flagctl.yaml".to_owned(), settings)]);
    for (folder, definitions) in [("segments", table.segments), ("flags", table.flags)] {
        let named = |(name, definition)| (format!("{folder}/{name}.yaml"), definition);
        files.extend(definitions.into_iter().map(named));
    }
    for (number, row) in table.rows.iter().enumerate() {
        let rule = json!({"if": row.condition, "serve": "on"});
        let flag = json!({"variants": {"on": true, "off": false}, "off": "off", "default": "off", "rules": [rule]});
        files.insert(format!("flags/row-{number}.yaml"), flag);
    }
    let mut differences = Vec::new();
    for bundle in bundles(&files, "production") {
        for (number, row) in table.rows.iter().enumerate() {
            let flag = bundle.flag(&format!("row-{number}")).unwrap();
            let context = Context::from_json(bundle.attributes(), &row.context).unwrap().context;
            let trace = trace(&bundle, flag, &context, row.now.unwrap_or(table.now));
            let truth = trace.rules[0].condition.as_ref().unwrap().truth;
            let holds = match truth {
                Truth::True => json!(true),
                Truth::False => json!(false),
                Truth::Unknown => json!("unknown"),
            };
            let served = trace.decision.rule == Some(0);
            if holds != row.holds || served != (truth == Truth::True) {
                let (condition, context, expected) = (&row.condition, &row.context, &row.holds);
                differences
                    .push(format!("{condition} of {context}: expected {expected}, found {holds}, served {served}"));
            }
        }
    }
    nothing_differs(table.rows.len(), &differences);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    #[serde(rename = "about")]
    _about: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    files: Object,
    decisions: Vec<DecisionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionRow {
    flag: String,
    environment: String,
    context: Json,
    now: Option<Timestamp>,
    #[serde(flatten)]
    expected: Said,
}

/// Returns the expectation of a row.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    variant: String,
    reason: String,
    rule: Option<Json>,
    cause: Option<String>,
    error_code: Option<String>,
    without_unit: Option<Json>,
}

impl Said {
    fn of(bundle: &Bundle, flag: &str, decision: &Decision<'_>) -> Self {
        let rule = |at: usize| match &bundle.flag(flag).unwrap().rules[at].name {
            Some(name) => json!(name),
            None => json!(at + 1),
        };
        Self {
            variant: decision.variant.name.to_string(),
            reason: decision.reason.name().to_owned(),
            rule: decision.rule.map(rule),
            cause: match decision.reason {
                Reason::Disabled(Cause::Kill) => Some("kill".to_owned()),
                Reason::Disabled(Cause::Disabled) => Some("disabled".to_owned()),
                Reason::Disabled(Cause::Prerequisite(_)) => Some("prerequisite".to_owned()),
                _ => None,
            },
            error_code: match decision.reason {
                Reason::Error(code) => Some(code.name().to_owned()),
                _ => None,
            },
            without_unit: decision.without_unit.map(rule),
        }
    }
}

#[test]
fn decisions_and_reasons_match_the_vectors() {
    const NOW: Timestamp = Timestamp::constant(1_795_345_320, 0);
    assert_eq!(NOW.to_string(), "2026-11-22T11:02:00Z");
    let Cases { cases, .. } = vectors("decisions.json");
    let (mut rows, mut differences) = (0, Vec::new());
    for case in &cases {
        let environments: BTreeSet<&str> = case.decisions.iter().map(|row| row.environment.as_str()).collect();
        for environment in environments {
            for bundle in bundles(&case.files, environment) {
                for row in case.decisions.iter().filter(|row| row.environment == environment) {
                    rows += 1;
                    let flag = bundle.flag(&row.flag).unwrap();
                    let parsed = Context::from_json(bundle.attributes(), &row.context).unwrap();
                    assert!(parsed.undeclared.is_empty(), "{}: {:?}", case.name, parsed.undeclared);
                    let context = parsed.context;
                    let decision = decide(&bundle, flag, &context, row.now.unwrap_or(NOW));
                    let found = Said::of(&bundle, &row.flag, &decision);
                    if found != row.expected {
                        let (name, expected) = (&case.name, &row.expected);
                        let place = format!("{name}: {} in {environment} for {}", row.flag, row.context);
                        differences.push(format!("{place}:\n  expected {expected:?}\n  found    {found:?}"));
                    }
                }
            }
        }
    }
    // Each row was decided twice, once with each bundle.
    let written: usize = cases.iter().map(|case| case.decisions.len()).sum();
    assert_eq!(rows, 2 * written, "a row names an environment that there is not");
    nothing_differs(written, &differences);
}
