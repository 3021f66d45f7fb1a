//! The space of contexts is the evaluator's: a value that the evaluator refuses is refused in every command.

use std::fs;

use flagctl::bundle::Bundle;
use flagctl::eval::{Context, Value};
use serde_json::json;

use crate::git_bench::TestRepository;

const PROJECT: &str = "version: 1\nenvironments: [production]\n\
    attributes: {n: number, name: string, since: datetime, version: semver, ln: {type: list, of: number}}\n";
const FLAG: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\n\
    off: off\nrules:\n  - {if: {RULE}, serve: on}\ndefault: off\n";

fn repository(rule: &str) -> TestRepository {
    let repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &FLAG.replace("{RULE}", rule));
    repository
}

/// Values that the evaluator refuses, each with its attribute. They are next to values that it accepts.
const REFUSED: [(&str, &str); 11] = [
    ("since", "\"0000-01-01T00:00:00+00:01\""),
    ("since", "\"9999-12-31T00:00:00Z\""),
    ("since", "\"2016-12-31T23:59:60Z\""),
    ("since", "\"2016-12-31T23:59:60.5Z\""),
    ("version", "\"18446744073709551616.0.0\""),
    ("n", "9007199254740993"),
    ("n", "9007199254740992"),
    ("n", "-9007199254740992"),
    ("n", "1e300"),
    ("name", "9007199254740993"),
    ("ln", "[1, 9007199254740993]"),
];

#[test]
fn a_refused_value_is_refused_by_every_reader() {
    let repository = repository("{since: {exists: true}}");
    let bundle = repository.flagctl(&["export", "bundle", "-e", "production"]);
    let bundle = Bundle::from_json(bundle.stdout.as_bytes()).unwrap();
    for (name, value) in REFUSED {
        let context = format!("{{\"{name}\": {value}}}");
        let parsed = Context::from_slice(bundle.attributes(), context.as_bytes()).unwrap().context;
        let id = bundle.attributes().find(name).unwrap();
        assert!(matches!(parsed.value(id), Value::Unusable(_)), "{context}");
        repository.write("lines.jsonl", &context);
        let batch = repository.flagctl(&["eval", "sale", "-e", "production", "--contexts", "lines.jsonl"]);
        assert!(batch.stdout.contains(&format!("\"unusable\":[\"{name}\"]")), "{context}: {}", batch.stdout);
        repository.write("context.json", &context);
        let file = repository.flagctl(&["eval", "sale", "-e", "production", "--context", "context.json"]);
        assert!(file.stderr.contains("is not a value of"), "{context}: {}{}", file.stdout, file.stderr);
        repository.write("context.yaml", &format!("{name}: {value}\n"));
        let yaml = repository.flagctl(&["eval", "sale", "-e", "production", "--context", "context.yaml"]);
        let refused = ["is not a value of", "cannot be represented exactly"];
        assert!(refused.iter().any(|said| yaml.stderr.contains(said)), "{context}: {}{}", yaml.stdout, yaml.stderr);
        if name != "name" {
            let given = format!("{name}={}", value.trim_matches('"'));
            let given = repository.flagctl(&["eval", "sale", "-e", "production", "-c", &given]);
            assert_eq!(given.code, Some(3), "{context}: {}{}", given.stdout, given.stderr);
            assert!(given.stderr.contains("is not a value of"), "{context}: {}", given.stderr);
        }
        let case = format!("cases:\n  - context: {{{name}: {value}}}\n    expect: {{sale: off}}\n");
        repository.write("tests/refused.yaml", &case);
        let test = repository.flagctl(&["test"]);
        assert!(test.code == Some(1) && test.stdout.starts_with("error["), "{context}: {}", test.stdout);
    }
}

#[test]
fn a_refused_time_is_no_time_of_a_decision() {
    let repository = repository("{now: {lt: \"2000-01-01T00:00:00Z\"}}");
    for (name, value) in REFUSED.iter().filter(|(name, _)| *name == "since") {
        let time = value.trim_matches('"');
        let now = repository.flagctl(&["eval", "sale", "-e", "production", "--now", time]);
        assert!(now.code == Some(2) && now.stderr.contains("expected a time"), "{name} {time}: {}", now.stderr);
        let case = format!("cases:\n  - now: {value}\n    expect: {{sale: off}}\n");
        repository.write("tests/refused.yaml", &case);
        let test = repository.flagctl(&["test"]);
        assert!(test.code == Some(1) && test.stdout.starts_with("error["), "{time}: {}", test.stdout);
    }
}

#[test]
fn what_is_proven_at_the_first_time_is_what_the_evaluator_does() {
    let repository = repository("{since: {lt: \"0000-01-01T00:00:00Z\"}}");
    repository.write("tests/promises.yaml", "assert:\n  - never: {sale: on}\n");
    assert_eq!(repository.flagctl(&["test"]).stdout, "1 passed\n");
    let early = repository.flagctl(&["eval", "sale", "-e", "production", "-c", "since=0000-01-01T00:00:00+01:00"]);
    assert!(early.code == Some(3) && early.stderr.contains("is not a value of `since`"), "{}", early.stderr);
    repository.write("flags/sale.yaml", &FLAG.replace("{RULE}", "{since: {lte: \"0000-01-01T00:00:00Z\"}}"));
    let broken = repository.flagctl(&["test"]);
    assert!(broken.stdout.contains("broken by {\"since\":\"0000-01-01T00:00:00Z\"}"), "{}", broken.stdout);
}

#[test]
fn an_infinite_number_is_no_context() {
    let repository = repository("{n: {gt: 5}}");
    let bundle = repository.flagctl(&["export", "bundle", "-e", "production"]);
    let bundle = Bundle::from_json(bundle.stdout.as_bytes()).unwrap();
    assert!(Context::from_slice(bundle.attributes(), b"{\"n\": 1e999}").is_err());
    // JSON has no infinite number, so a value that was built as one is null.
    let built = json!({"n": f64::INFINITY});
    let parsed = Context::from_json(bundle.attributes(), &built).unwrap().context;
    assert_eq!(*parsed.value(bundle.attributes().find("n").unwrap()), Value::Null);
    repository.write("context.json", "{\"n\": 1e999}");
    repository.write("lines.jsonl", "{\"n\": 1e999}\n");
    for (name, text) in [("n", "1e999"), ("n", ".inf"), ("name", "1e999"), ("name", ".inf")] {
        repository.write("context.yaml", &format!("{name}: {text}\n"));
        let yaml = repository.flagctl(&["eval", "sale", "-e", "production", "--context", "context.yaml"]);
        assert_eq!(yaml.code, Some(3), "{name}: {text}: {}{}", yaml.stdout, yaml.stderr);
    }
    let file = repository.flagctl(&["eval", "sale", "-e", "production", "--context", "context.json"]);
    assert!(file.code == Some(3) && file.stderr.contains("is not JSON"), "{}", file.stderr);
    let batch = repository.flagctl(&["eval", "sale", "-e", "production", "--contexts", "lines.jsonl"]);
    assert!(batch.code == Some(1) && batch.stdout.contains("\"error\""), "{}", batch.stdout);
    let given = repository.flagctl(&["eval", "sale", "-e", "production", "-c", "n=1e999"]);
    assert!(given.code == Some(3) && given.stderr.contains("is not a value of `n`"), "{}", given.stderr);
}

/// Decides the flag for each unit at two rollouts, and returns the units whose variant differs.
fn moved(repository: &TestRepository, units: &[&str]) -> Vec<String> {
    let lines: Vec<String> = units.iter().map(|unit| json!({"targetingKey": unit}).to_string()).collect();
    repository.write("units.jsonl", &lines.join("\n"));
    let decided = |revision: &str| {
        let all = ["eval", "sale", "-e", "production", "--contexts", "units.jsonl", "--at", revision];
        let ran = repository.flagctl(&all);
        let values = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        values.map(|line| line["decisions"]["sale"]["value"].clone()).collect::<Vec<_>>()
    };
    let pairs = decided("HEAD~1").into_iter().zip(decided("HEAD"));
    units.iter().zip(pairs).filter(|(_, (old, new))| old != new).map(|(unit, _)| (*unit).to_owned()).collect()
}

/// Returns the effect of a larger rollout for the units with this condition.
fn larger_rollout(condition: &str, units: &[&str]) -> (serde_json::Value, Vec<String>) {
    let rule = |rollout: &str| format!("{condition}, rollout: {rollout}");
    let mut repository = repository(&rule("50%"));
    repository.commit("half of them");
    repository.write("flags/sale.yaml", &FLAG.replace("{RULE}", &rule("60%")));
    repository.commit("more of them");
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]);
    let diff: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    (diff, moved(&repository, units))
}

#[test]
fn units_named_by_patterns_are_finite_sets() {
    let four = ["ab", "aB", "Ab", "AB"];
    let hex: Vec<String> = (0..16).map(|digit| format!("qa-{digit:x}")).collect();
    let hex: Vec<&str> = hex.iter().map(String::as_str).collect();
    for (condition, units) in [
        ("{targetingKey: {eq: ab, ignore_case: true}}", four.as_slice()),
        ("{targetingKey: {matches: '^[aA][bB]$'}}", four.as_slice()),
        ("{targetingKey: {matches: '^qa-[0-9a-f]$'}}", hex.as_slice()),
        ("{targetingKey: {starts_with: qa-, matches: '^[a-q]{2}-[0-9a-f]$'}}", hex.as_slice()),
        (
            "{not: {targetingKey: {matches: '(?s)^([^q].*|.|q[^a].*|qa[^-].*|qa|qa-|qa-[^0-9a-f].*|qa-..+)?$'}}}",
            hex.as_slice(),
        ),
    ] {
        let (diff, mut moved) = larger_rollout(condition, units);
        let regions = diff["flags"][0]["changes"][0]["regions"].as_array().cloned().unwrap_or_default();
        let mut named: Vec<String> = Vec::new();
        for region in &regions {
            let units = region["units"][0]["values"].as_array().unwrap_or_else(|| panic!("{condition}: {region:#}"));
            named.extend(units.iter().map(|unit| unit.as_str().unwrap().to_owned()));
        }
        named.sort();
        moved.sort();
        assert_eq!(named, moved, "{condition}: {diff:#}");
    }
}

#[test]
fn many_units_of_a_pattern_are_a_share_and_one_of_them_is_found() {
    let (diff, _) = larger_rollout("{targetingKey: {matches: '^user-[0-9]{6}$'}}", &[]);
    let shown = diff.to_string();
    assert!(shown.contains("\"targetingKey\":\"user-"), "{diff:#}");
    let repository = repository("{targetingKey: {matches: '^user-[0-9]{6}$'}}, rollout: 10%");
    repository.write("tests/promises.yaml", "assert:\n  - {at_most: 5%, serve: {sale: on}}\n  - never: {sale: on}\n");
    let ran = repository.flagctl(&["test"]);
    assert!(ran.code == Some(1) && ran.stdout.ends_with("0 passed, 2 failed\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("broken by {\"targetingKey\":\"user-0"), "{}", ran.stdout);
}

#[test]
fn a_retyped_attribute_is_certain() {
    let rule = "{place: {matches: '^10[.]'}}";
    let mut repository = repository(rule);
    repository.write("flagctl.yaml", &format!("{PROJECT}  place: string\n").replace("}}\n  ", "}, place: string}\n#"));
    repository.commit("place is a text");
    repository.write("flagctl.yaml", &format!("{PROJECT}  place: ip\n").replace("}}\n  ", "}, place: ip}\n#"));
    repository.write("flags/sale.yaml", &FLAG.replace("{RULE}", "{place: [10.0.0.0/8, 192.0.2.0/24]}"));
    repository.commit("place is an address");
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]);
    let diff: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let regions = diff["flags"][0]["changes"][0]["regions"].as_array().unwrap_or_else(|| panic!("{diff:#}"));
    let seen: Vec<(bool, String)> = regions
        .iter()
        .map(|region| (region["certain"] == true, region["example"]["context"]["place"].as_str().unwrap().to_owned()))
        .collect();
    let is_address = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    // A text such as `10.` loses the flag, and an address such as `192.0.2.0` gets it. `10.0.0.1` keeps it.
    let lost = seen.iter().filter(|(certain, text)| *certain && text.starts_with("10.") && !is_address(text)).count();
    let got = seen.iter().filter(|(certain, text)| *certain && text.starts_with("192.0.2.")).count();
    let written =
        seen.iter().filter(|(certain, text)| *certain && is_address(text) && !text.starts_with("10.")).count();
    assert!(lost == 1 && got <= 1 && written >= 1 && lost + written == seen.len(), "{seen:?}");
}

#[test]
fn flags_that_do_not_meet_do_not_multiply() {
    let mut repository = TestRepository::with_sale();
    let names: Vec<String> = (0..14).map(|index| format!("a{index}: string")).collect();
    let attributes = format!("attributes: {{{}}}\n", names.join(", "));
    repository.write("flagctl.yaml", &format!("version: 1\nenvironments: [production]\n{attributes}"));
    let rules = |first: usize| -> String {
        let rule = |index: usize| format!("{{if: {{a{}: x}}, rollout: {}%, serve: on}}", first + index, 10 + 7 * index);
        (0..7).map(rule).collect::<Vec<_>>().join(",\n  ")
    };
    let with_rules = |rules: &str| FLAG.replace("  - {if: {RULE}, serve: on}", &format!("  [{rules}]"));
    repository.write("flags/base.yaml", &with_rules(&rules(0)));
    repository.write("flags/sale.yaml", &(with_rules(&rules(7)) + "requires: {base: on}\n"));
    repository.write("tests/promises.yaml", "assert:\n  - {at_most: 52%, serve: {sale: on}}\n");
    let ran = repository.flagctl(&["test"]);
    assert_eq!(ran.stdout, "1 passed\n", "{}", ran.stderr);
    repository.write("tests/promises.yaml", "assert:\n  - {at_most: 5%, serve: {sale: on}}\n");
    let ran = repository.flagctl(&["test"]);
    assert!(ran.stdout.ends_with("0 passed, 1 failed\n"), "{}", ran.stdout);
    repository.commit("before");
    let base = fs::read_to_string(repository.root().join("flags/base.yaml")).unwrap();
    repository.write("flags/base.yaml", &base.replace("rollout: 10%", "rollout: 20%"));
    let ran = repository.flagctl(&["diff", "HEAD", "--format", "json"]);
    let diff: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    // There is a group for each greatest rollout of `sale` and each share of `base` that moves, and not one for each
    // set of rules.
    let regions = |flag: usize| diff["flags"][flag]["changes"][0]["regions"].as_array().unwrap();
    assert_eq!((regions(0).len(), regions(1).len()), (2, 14), "{diff:#}");
    assert!(regions(1).iter().all(|region| region["certain"] == true), "{diff:#}");
}

#[test]
fn flagd_admits_only_numbers_that_all_clients_read_alike() {
    let ran = repository("{n: {gte: 1}}").flagctl(&["export", "flagd", "-e", "production"]);
    assert!(ran.stdout.contains("9007199254740991"), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains("9007199254740992"), "{}", ran.stdout);
}

#[test]
fn a_text_that_is_longer_than_any_regular_expression_is_compared_as_the_evaluator_compares_it() {
    // The regular expression for a prefix of this length exceeds the size limit of the library.
    let long = "a".repeat(600_000);
    for operator in ["starts_with", "ends_with", "contains"] {
        let repository = repository(&format!("{{name: {{{operator}: {long}}}}}"));
        let assertion = format!("assert:\n  - never: {{sale: on}}\n    when: {{name: {long}}}\n");
        repository.write("tests/long.yaml", &assertion);
        let ran = repository.flagctl(&["test"]);
        assert_eq!(ran.code, Some(1), "{operator}: {}", &ran.stdout[..ran.stdout.len().min(300)]);
    }
}
