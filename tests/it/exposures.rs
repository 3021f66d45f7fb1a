//! `flagctl exposures check`: exposures against the commits and entries that they name.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;

const NOW: &str = "2026-12-01T00:00:00Z";
const FLAG: &str = "\
description: A test's.
owner: tests
expires: 2027-02-28
variants: {on: true, off: false}
off: off
default: off
rules:
  - name: germany
    if: {country: DE}
    serve: {on: 50%, off: 50%}
";

/// A repository with a flag, of which half of the users in Germany get `on`.
fn shop() -> (TestRepository, String) {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\nattributes:\n  country: string\n");
    repository.write("flags/new-checkout.yaml", FLAG);
    let commit = repository.commit("new-checkout: half of Germany");
    (repository, commit)
}

/// Returns the variant that a unit gets.
fn variant(repository: &TestRepository, unit: &str, country: &str) -> String {
    let (unit, country) = (format!("targetingKey={unit}"), format!("country={country}"));
    let ran = repository.flagctl(&["eval", "new-checkout", "-c", &unit, "-c", &country, "--format", "json"]);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    json["decisions"][0]["variant"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

fn exposure(unit: &str, variant: &str, version: &str, more: Json) -> Json {
    let mut row = json!({
        "ts": "2026-11-10T10:00:00Z", "feature_flag.key": "new-checkout", "feature_flag.result.variant": variant,
        "feature_flag.result.reason": "split", "feature_flag.context.id": unit, "feature_flag.version": version,
    });
    for (name, value) in more.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

/// Checks rows, and returns the exit code and the result.
fn check(repository: &TestRepository, rows: &[Json], arguments: &[&str]) -> (Option<i32>, Json) {
    let now: &[&str] = if arguments.contains(&"--now") { &[] } else { &["--now", NOW] };
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    fs::write(repository.beside("rows.ndjson"), text).unwrap();
    let all = [&["exposures", "check", "../rows.ndjson", "--format", "json"], now, arguments].concat();
    let ran = repository.flagctl(&all);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}")))
}

/// Returns the names of the problems with their counts and the lines of the first rows.
fn problems(result: &Json) -> Vec<(String, u64, u64)> {
    let row = |problem: &Json| {
        let number = |name: &str| problem[name].as_u64().unwrap();
        (problem["problem"].as_str().unwrap().to_owned(), number("count"), number("line"))
    };
    result["problems"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn exposures_of_the_evaluator_are_right_and_those_of_the_other_variant_are_impossible() {
    let (repository, commit) = shop();
    let units: Vec<String> = (0..8).map(|number| format!("u{number}")).collect();
    let country = json!({"attrs": {"country": "DE"}});
    let decided: Vec<String> = units.iter().map(|unit| variant(&repository, unit, "DE")).collect();
    let right: Vec<Json> =
        units.iter().zip(&decided).map(|(unit, variant)| exposure(unit, variant, &commit, country.clone())).collect();
    let (code, result) = check(&repository, &right, &[]);
    assert_eq!((code, problems(&result)), (Some(0), vec![]), "{result}");
    assert_eq!(result["flags"][0]["units"], 8);
    let wrong: Vec<Json> = units
        .iter()
        .zip(&decided)
        .map(|(unit, variant)| exposure(unit, if variant == "on" { "off" } else { "on" }, &commit, country.clone()))
        .collect();
    let (code, result) = check(&repository, &wrong, &[]);
    let total: u64 = problems(&result).iter().map(|(_, count, _)| count).sum();
    assert!(problems(&result).iter().all(|(name, ..)| name == "impossible-variant"), "{result}");
    assert_eq!((code, total), (Some(1), 8), "{result}");
}

#[test]
fn with_a_part_of_the_attributes_only_what_no_context_gets_is_impossible() {
    let (repository, commit) = shop();
    let unit = |wanted: &str| {
        let mut units = (0..).map(|number| format!("u{number}"));
        units.find(|unit| variant(&repository, unit, "DE") == wanted).unwrap()
    };
    let (on, off) = (unit("on"), unit("off"));
    // Without the country, `off` is always possible: the unit may be in another country.
    let rows = [
        exposure(&on, "on", &commit, json!({})),
        exposure(&on, "off", &commit, json!({})),
        exposure(&off, "off", &commit, json!({})),
        exposure(&off, "on", &commit, json!({"ts": "2026-11-10T10:00:01Z"})),
        exposure(&on, "on", &commit, json!({"attrs": {"country": "FR"}, "ts": "2026-11-10T10:00:02Z"})),
    ];
    let (code, result) = check(&repository, &rows, &[]);
    let found = problems(&result);
    assert_eq!(code, Some(1));
    assert_eq!(found.first(), Some(&("impossible-variant".to_owned(), 2, 4)), "{result}");
    // One unit got both variants.
    assert_eq!(found.get(1).map(|(name, ..)| name.as_str()), Some("several-variants"), "{result}");
}

#[test]
fn names_times_and_duplicates_have_problems_of_their_own() {
    let (repository, commit) = shop();
    let right = variant(&repository, "u1", "DE");
    let country = json!({"country": "DE"});
    let row = |more: Json| {
        let mut all = json!({"attrs": country});
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        exposure("u1", &right, &commit, all)
    };
    let rows = [
        row(json!({})),
        row(json!({})),
        row(json!({"feature_flag.key": "old-checkout"})),
        row(json!({"feature_flag.result.variant": "onn"})),
        row(json!({"feature_flag.set.id": "nowhere"})),
        row(json!({"feature_flag.version": "0000000000000000000000000000000000000000"})),
        row(json!({"feature_flag.version": "main"})),
        row(json!({"feature_flag.version": "12"})),
        row(json!({"ts": "2026-12-01T00:05:01Z"})),
        row(json!({"ts": "2026-12-01T00:04:59Z"})),
        row(json!({"ts": "2026-10-31T23:50:00Z"})),
        row(json!({"ts": "2026-10-31T23:56:00Z"})),
        row(json!({"error.type": "flag_not_found"})),
        row(json!({"feature_flag.result.reason": "shadow", "feature_flag.key": "anything"})),
        row(json!({"feature_flag.version": null, "ts": "2026-11-10T10:00:05Z"})),
    ];
    let (code, result) = check(&repository, &rows, &[]);
    let expected = [
        ("unknown-environment", 1, 5),
        ("unknown-version", 1, 6),
        ("unknown-version", 1, 8),
        ("unknown-version", 1, 7),
        ("unknown-flag", 1, 3),
        ("unknown-variant", 1, 4),
        ("future-time", 1, 9),
        ("time-before-version", 1, 11),
        ("duplicate", 1, 2),
    ];
    assert_eq!(problems(&result), expected.map(|(name, count, line)| (name.to_owned(), count, line)), "{result}");
    assert_eq!(
        (code, result["withoutVersion"].as_u64(), result["rows"]["failedEvaluations"].as_u64()),
        (Some(1), Some(1), Some(1))
    );
    let (code, _) = check(&repository, &rows[..2], &[]);
    assert_eq!(code, Some(0), "a duplicate is not an error");
}

#[test]
fn a_number_is_that_of_the_published_log_with_the_kills_of_its_entry() {
    let (mut repository, _) = shop();
    repository.write(
        "flagctl.yaml",
        "version: 1\nenvironments: [production]\nattributes:\n  country: string\npublish:\n  main: {to: ../live/}\n",
    );
    repository.commit("publish");
    let published = |repository: &TestRepository| {
        let ran = repository.flagctl(&["publish", "main"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    };
    published(&repository);
    let on = (0..).map(|number| format!("u{number}")).find(|unit| variant(&repository, unit, "DE") == "on").unwrap();
    let killed = repository.flagctl(&["kill", "new-checkout", "-e", "production", "--reason", "x", "--yes"]);
    assert_eq!(killed.code, Some(0), "{killed:?}");
    published(&repository);
    let at = |version: &str, ts: &str| exposure(&on, "on", version, json!({"attrs": {"country": "DE"}, "ts": ts}));
    let far = "2999-01-01T00:00:00Z";
    let (_, result) = check(
        &repository,
        &[at("1", "2998-01-01T00:00:00Z"), at("2", "2998-01-01T00:00:00Z"), at("3", "2998-01-01T00:00:00Z")],
        &["--now", far],
    );
    let expected = [("unknown-version", 1, 3), ("impossible-variant", 1, 2)];
    assert_eq!(problems(&result), expected.map(|(name, count, line)| (name.to_owned(), count, line)), "{result}");
}

#[test]
fn many_units_in_several_variants_are_an_error_and_few_are_not() {
    let (repository, commit) = shop();
    // Without attributes, both variants are possible for a unit that gets `on` in Germany.
    let units: Vec<String> = (0..60)
        .map(|number| format!("u{number}"))
        .filter(|unit| variant(&repository, unit, "DE") == "on")
        .take(10)
        .collect();
    let rows = |count: usize| -> Vec<Json> {
        units
            .iter()
            .take(count)
            .flat_map(|unit| ["on", "off"].map(|variant| exposure(unit, variant, &commit, json!({}))))
            .collect()
    };
    let (code, result) = check(&repository, &rows(9), &[]);
    assert_eq!((code, problems(&result)), (Some(0), vec![("several-variants".to_owned(), 9, 2)]), "{result}");
    let (code, result) = check(&repository, &rows(10), &[]);
    assert_eq!((code, result["flags"][0]["healthy"].as_bool()), (Some(1), Some(false)), "{result}");
    let (code, result) =
        (repository.flagctl(&["exposures", "check", "../rows.ndjson", "--now", NOW, "--max-units", "9"]), result);
    assert_eq!(code.code, Some(3), "{result}");
    assert!(code.stderr.contains("more than 9 units"), "{}", code.stderr);
}

#[test]
fn files_are_read_together_and_also_compressed_or_from_stdin() {
    let (repository, commit) = shop();
    let variant = variant(&repository, "u1", "DE");
    let row = exposure("u1", &variant, &commit, json!({"attrs": {"country": "DE"}}));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(format!("{row}\n").as_bytes()).unwrap();
    fs::write(repository.beside("rows.gz"), encoder.finish().unwrap()).unwrap();
    let ran = repository.shell(&format!(
        "printf 'ts,feature_flag.key,feature_flag.variant,context.id\\n2026-11-10T10:00:00Z,new-checkout,on,u2\\n' | \
         flagctl exposures check ../rows.gz - --now {NOW}"
    ));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("2 rows: 2 exposures"), "{}", ran.stdout);
    let missing = repository.flagctl(&["exposures", "check", "../nothing.ndjson"]);
    assert_eq!(missing.code, Some(3), "{missing:?}");
}

#[test]
fn every_format_has_every_problem() {
    let (repository, commit) = shop();
    let rows = [exposure("u1", "onn", &commit, json!({})), exposure("u1", "on", "0123456789", json!({}))];
    check(&repository, &rows, &[]);
    for format in ["human", "json", "sarif", "github", "gitlab", "junit"] {
        let ran = repository.flagctl(&["exposures", "check", "../rows.ndjson", "--now", NOW, "--format", format]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        for name in ["unknown-variant", "unknown-version", "rows.ndjson"] {
            assert!(ran.stdout.contains(name), "{format}: {}", ran.stdout);
        }
    }
}
