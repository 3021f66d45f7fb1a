//! The values of variants reach every reader as they are written, and a segment without a condition is everyone.

use serde_json::{Value as Json, json};

use crate::git_bench::{Ran, TestRepository};

const SETTINGS: &str = "version: 1\nenvironments: [production]\nattributes: {country: string}\n\
    lint: {missing-description: off, missing-expiry: off, missing-owner: off, unused-variant: off}\n";

fn repository(files: &[(&str, &str)]) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", SETTINGS);
    files.iter().for_each(|(path, text)| repository.write(path, text));
    repository.commit("files");
    repository
}

/// Returns a repository with the flag `f`, whose variants are `text`.
fn with_variants(text: &str) -> TestRepository {
    repository(&[("flags/f.yaml", &format!("variants:{text}\noff: a\ndefault: a\n"))])
}

fn json(ran: &Ran) -> Json {
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn integers_and_floats_stay_as_they_are_written() {
    let repository = with_variants(" {a: 1.0, b: 2}");
    let manifest = json(&repository.flagctl(&["export", "openfeature-manifest"]));
    assert_eq!(manifest["flags"]["f"]["flagType"], "float");
    assert_eq!(manifest["flags"]["f"]["defaultValue"].to_string(), "1.0");
    let flagd = json(&repository.flagctl(&["export", "flagd"]));
    assert_eq!(flagd["flags"]["f"]["variants"].to_string(), r#"{"a":1.0,"b":2}"#);
    repository.write("live.json", &repository.flagctl(&["export", "bundle"]).stdout);
    for source in [&["eval", "f", "--format", "json"][..], &["eval", "f", "--format", "json", "--bundle", "live.json"]]
    {
        assert_eq!(json(&repository.flagctl(source))["decisions"][0]["value"].to_string(), "1.0");
    }
    let again = repository.flagctl(&["export", "flagd", "--bundle", "live.json"]);
    assert_eq!(json(&again)["flags"]["f"]["variants"].to_string(), r#"{"a":1.0,"b":2}"#);
    repository.write("flags/f.yaml", "variants: {a: 1, b: 2}\noff: a\ndefault: a\n");
    let plan = repository.flagctl(&["diff"]);
    assert!(
        plan.stdout.contains("reassign: f in production serves another value of `a` (1.0 → 1) to everyone\n"),
        "{}",
        plan.stdout
    );
    let manifest = json(&repository.flagctl(&["export", "openfeature-manifest"]));
    assert_eq!(manifest["flags"]["f"]["flagType"], "integer");
    assert_eq!(manifest["flags"]["f"]["defaultValue"].to_string(), "1");
}

#[test]
fn lists_reach_flagd() {
    let repository = with_variants("\n  a: [1, {x: 2.0}]\n  b: []");
    let flagd = json(&repository.flagctl(&["export", "flagd"]));
    assert_eq!(flagd["flags"]["f"]["variants"], json!({"a": [1, {"x": 2.0}], "b": []}));
}

#[test]
fn merge_keys_are_resolved_in_values_of_variants() {
    let value = |text: &str, variant: &str| {
        let ran = with_variants(text).flagctl(&["export", "flagd"]);
        json(&ran)["flags"]["f"]["variants"][variant].to_string()
    };
    let base = "\n  a: &a {columns: 2, gap: 8}\n  c: &c {gap: 1, lines: 3}\n";
    // The mapping's own keys count more than merged ones, and the first merged mapping more than the second.
    assert_eq!(value(&format!("{base}  b: {{<<: *a, columns: 4}}"), "b"), r#"{"gap":8,"columns":4}"#);
    assert_eq!(value(&format!("{base}  b: {{columns: 4, <<: [*c, *a]}}"), "b"), r#"{"columns":4,"gap":1,"lines":3}"#);
    assert_eq!(value(&format!("{base}  b: {{deep: [{{<<: *c}}]}}"), "b"), r#"{"deep":[{"gap":1,"lines":3}]}"#);
    assert_eq!(value("\n  a: &a {x: 1}\n  b: &b {<<: *a, y: 2}\n  c: {<<: *b}", "c"), r#"{"x":1,"y":2}"#);
    assert_eq!(value(&format!("{base}  b: {{\"<<\": 1}}"), "b"), r#"{"<<":1}"#);
}

#[test]
fn a_key_to_which_the_reader_of_bundles_gives_another_meaning_is_an_error() {
    let ran = with_variants("\n  a: {x: [{\"$serde_json::private::RawValue\": \"[1]\"}]}").flagctl(&["validate"]);
    let why = "error[unsupported-yaml]: keys that begin with `$serde_json::private::` are reserved";
    assert!(ran.code == Some(1) && ran.stdout.contains(why), "{}", ran.stdout);
}

#[test]
fn other_merge_keys_are_errors() {
    let finding = |text: &str| {
        let ran = with_variants(text).flagctl(&["validate"]);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        ran.stdout
    };
    let elsewhere = finding(" {a: {x: 1}}\nenvironments:\n  production: {<<: {default: a}}");
    assert!(elsewhere.contains("error[unsupported-yaml]: merge keys are not part of YAML 1.2"), "{elsewhere}");
    let outside = finding("\n  a: &a {x: 1}\n  <<: {b: {}}");
    assert!(outside.contains("error[unsupported-yaml]: merge keys are not part of YAML 1.2"), "{outside}");
    let scalar = finding("\n  a: {x: 1}\n  b: {<<: 7}");
    let why = "error[unsupported-yaml]: a merge key takes a mapping, or a list of mappings, not a number";
    assert!(scalar.contains(why), "{scalar}");
    assert!(scalar.contains("write an alias of a mapping, such as `<<: *small`"), "{scalar}");
    let twice = finding("\n  a: &a {x: 1}\n  b: {<<: *a, <<: *a}");
    assert!(twice.contains("error[duplicate-key]"), "{twice}");
    let many = (0..60).map(|index| format!("  v{index}: {{<<: *a}}\n")).collect::<String>();
    let large = (0..200).map(|index| format!("k{index}: 1, ")).collect::<String>();
    let bounded = finding(&format!("\n  a: &a {{{large}}}\n{many}"));
    assert!(bounded.contains("error[limit-exceeded]: aliases add more than 10000 values"), "{bounded}");
}

#[test]
fn a_segment_without_a_condition_is_everyone() {
    let rules = "rules: [{if: {segment: all}, serve: on}]\n";
    let flag = format!("variants: {{on: true, off: false}}\noff: off\n{rules}default: off\n");
    let repository = repository(&[("segments/all.yaml", "description: Everyone.\n"), ("flags/f.yaml", &flag)]);
    let checked = repository.flagctl(&["validate"]);
    assert_eq!((checked.code, checked.stdout.contains("universal-segment")), (Some(0), false), "{}", checked.stdout);
    let decided = repository.flagctl(&["eval", "f"]);
    assert!(decided.stdout.starts_with("f: on = true"), "{}", decided.stdout);
    repository.write("segments/all.yaml", "description: Germans.\nif: {country: DE}\n");
    let plan = repository.flagctl(&["diff"]);
    assert!(plan.stdout.contains("segment all is for everyone → country eq \"DE\""), "{}", plan.stdout);
    assert!(plan.stdout.contains("shrink: f in production"), "{}", plan.stdout);
    for empty in ["if:\n", "if: {}\n"] {
        repository.write("segments/all.yaml", empty);
        let checked = repository.flagctl(&["validate"]);
        assert_eq!(checked.code, Some(1), "{empty}: {}", checked.stdout);
    }
}
