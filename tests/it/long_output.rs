//! Output that would be too long for its readers: it is shortened, and it says what is left out.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;

const PROJECT: &str = "version: 1\nenvironments: [production]\nlint: {missing-owner: off, missing-expiry: off}\n";
const SMALL: &str = "variants: {on: true, off: false}\noff: off\ndefault: off\n";

/// Returns a flag with a variant of about 60 kB.
fn catalogue(id: u64) -> String {
    let entry = |index: u64| json!({"id": if index == 7 { id } else { index }, "text": "word ".repeat(8)});
    let entries: Vec<Json> = (0..900).map(entry).collect();
    let value = Json::Array(entries);
    format!("variants:\n  none: []\n  v1: {value}\noff: none\nrules:\n  - serve: v1\ndefault: none\n")
}

/// Makes a repository whose last commit changes a field of a large value, and a small flag.
fn large_value() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/catalogue.yaml", &catalogue(7));
    repository.write("flags/small.yaml", SMALL);
    repository.commit("before");
    repository.write("flags/catalogue.yaml", &catalogue(77));
    repository.write("flags/small.yaml", &SMALL.replace("default: off", "default: on"));
    repository.commit("after");
    repository
}

#[test]
fn a_large_value_is_shown_as_the_fields_that_differ() {
    let repository = large_value();
    for format in ["human", "markdown"] {
        let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", format]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.contains("[7].id 7 → 77"), "{format}: {}", ran.stdout);
        assert!(ran.stdout.contains(" bytes), "), "{format}: {}", ran.stdout);
        assert!(ran.stdout.contains("before: off = false"), "{format}: {}", ran.stdout);
        assert!(ran.stdout.len() < 3_000, "{format}: {}", ran.stdout);
    }
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let transition = &json["flags"][0]["changes"][0]["regions"][0]["transitions"][0];
    assert_eq!(transition["from_value"].as_array().map(Vec::len), Some(900));
    assert_eq!(transition["to_value"][7]["id"], 77);
}

#[test]
fn details_that_do_not_fit_in_a_comment_are_shortened_and_those_of_other_flags_stay() {
    let mut repository = TestRepository::new();
    let mut large = "variants: {on: true, off: false}\noff: off\nrules:\n".to_owned();
    for index in 0..10 {
        let text = format!("{index}").repeat(7_000);
        writeln!(large, "  - {{if: {{name: {{eq: \"{text}\"}}}}, serve: on}}").unwrap();
    }
    large += "default: off\n";
    repository.write("flagctl.yaml", &format!("{PROJECT}attributes: {{name: string}}\n"));
    repository.write("flags/large.yaml", &large);
    repository.write("flags/small.yaml", SMALL);
    repository.commit("before");
    repository.write("flags/large.yaml", &large.replace("serve: on", "serve: off"));
    repository.write("flags/small.yaml", &SMALL.replace("default: off", "default: on"));
    repository.commit("after");
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "markdown"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let short_ids = ["HEAD~1", "HEAD"].map(|name| repository.git(&["rev-parse", "--short=10", name]).trim().to_owned());
    let command = format!("`flagctl diff {}..{}`", short_ids[0], short_ids[1]);
    assert!(ran.stdout.chars().count() <= 65_536, "{}", ran.stdout.len());
    assert!(ran.stdout.contains("<summary>expand: <code>small</code> in <code>production</code>"), "{}", ran.stdout);
    assert!(ran.stdout.contains("$ flagctl eval small -e production --at "), "{}", ran.stdout);
    assert!(ran.stdout.contains("<summary>shrink: <code>large</code> in <code>production</code>"), "{}", ran.stdout);
    assert!(ran.stdout.contains("… (7,010 characters)`"), "{}", ran.stdout);
    assert!(ran.stdout.contains("the context of the example is too long for a comment"), "{}", ran.stdout);
    let left = format!("for which this comment has no space: {command} shows them");
    assert!(!ran.stdout.contains(&left), "{}", ran.stdout);
}

#[test]
fn a_comment_about_many_large_flags_has_the_headline_and_a_part_of_the_details_of_each() {
    let mut repository = TestRepository::new();
    let countries: Vec<String> = (0..40).map(|index| format!("country-{index}")).collect();
    let mut rules = String::new();
    for country in &countries {
        writeln!(rules, "  - {{if: {{country: {country}}}, serve: on}}").unwrap();
    }
    repository.write("flagctl.yaml", &format!("{PROJECT}attributes: {{country: string, plan: string}}\n"));
    let flag = |rules: &str| format!("variants: {{on: true, off: false}}\noff: off\nrules:\n{rules}default: off\n");
    let changed = |rules: &str| flag(&format!("  - {{if: {{plan: pro}}, serve: on}}\n{rules}"));
    for index in 0..60 {
        let number = index % 10;
        let rules = rules.replace("country-", &format!("country-{number}-"));
        repository.write(&format!("flags/f{index}.yaml"), &flag(&rules));
    }
    repository.commit("before");
    for index in 0..60 {
        let rules = rules.replace("country-", &format!("country-{}-", index % 10));
        repository.write(&format!("flags/f{index}.yaml"), &changed(&rules));
    }
    repository.commit("after");
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "markdown"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.chars().count() <= 65_536, "{}", ran.stdout.len());
    for index in 0..60 {
        let summary = format!("<details><summary>expand: <code>f{index}</code> in <code>production</code> serves");
        assert!(ran.stdout.contains(&summary), "f{index}: {}", ran.stdout);
        assert!(ran.stdout.contains(&format!("`flags/f{index}.yaml:4`: ")), "f{index}: {}", ran.stdout);
    }
    assert!(ran.stdout.contains("for which this comment has no space"), "{}", ran.stdout);
}

#[test]
fn sarif_has_the_25_000_most_severe_results_and_says_how_many_are_left_out() {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [production]\n");
    for index in 0..8_400 {
        repository.write(&format!("flags/f{index}.yaml"), "variants: {on: true, off: false}\noff: off\ndefault: on\n");
    }
    repository.write("flags/z-wrong.yaml", "variants: {on: true, off: false}\noff: off\ndefault: unknown\n");
    let ran = repository.flagctl(&["validate", "--format", "sarif"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let run = &json["runs"][0];
    assert_eq!(run["results"].as_array().map(Vec::len), Some(25_000));
    assert_eq!(run["results"][0]["level"], "error");
    assert_eq!(run["results"][1]["level"], "warning");
    let note = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(note.contains("results are left out, because code scanning takes at most 25000"), "{note}");
}

#[test]
fn a_table_in_a_pipe_has_whole_values() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/small.yaml", SMALL);
    let flag = "variants: {long: \"a text of more than twenty characters\"}\noff: long\ndefault: long\n";
    repository.write("flags/text.yaml", flag);
    repository.commit("two flags");
    let ran = repository.flagctl(&["eval", "-e", "production"]);
    let row = ran.stdout.lines().find(|line| line.starts_with("text")).unwrap();
    assert!(row.contains("\"a text of more than twenty characters\""), "{}", ran.stdout);
}
