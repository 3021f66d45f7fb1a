//! A flag's metadata decides nothing and reaches every reader: decisions, bundles, flagd's file and plans.

use serde_json::{Value as Json, json};

use crate::git_bench::{PROJECT, TestRepository, flag};

fn repository(metadata: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &format!("{}{metadata}", flag("on")));
    repository.commit("a sale");
    repository
}

fn json(repository: &TestRepository, arguments: &[&str]) -> Json {
    let ran = repository.flagctl(arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn metadata_reaches_decisions_bundles_and_flagd() {
    let repository = repository("metadata: {issue: SHOP-41, reviewed: true, weight: 2.5}\n");
    let metadata = json!({"issue": "SHOP-41", "reviewed": true, "weight": 2.5});
    let decided = json(&repository, &["eval", "sale", "--format", "json"]);
    assert_eq!(decided.pointer("/decisions/0/metadata"), Some(&metadata));
    let flagd = json(&repository, &["export", "flagd"]);
    assert_eq!(flagd.pointer("/flags/sale/metadata"), Some(&metadata));
    let bundle = repository.flagctl(&["export", "bundle"]).stdout;
    repository.write("bundle.json", &bundle);
    let decided = json(&repository, &["eval", "sale", "--bundle", "bundle.json", "--format", "json"]);
    assert_eq!(decided.pointer("/decisions/0/metadata"), Some(&metadata));
    let shown = json(&repository, &["show", "sale", "--bundle", "bundle.json", "--format", "json"]);
    assert_eq!(shown.pointer("/flags/0/metadata"), Some(&metadata));
}

#[test]
fn the_cause_of_a_decision_stands_beside_the_metadata() {
    let repository = repository("metadata: {issue: SHOP-41}\nenabled: false\n");
    let decided = json(&repository, &["eval", "sale", "--format", "json"]);
    assert_eq!(decided.pointer("/decisions/0/metadata"), Some(&json!({"issue": "SHOP-41", "cause": "disabled"})));
}

#[test]
fn a_change_of_metadata_changes_no_decision() {
    let repository = repository("metadata: {issue: SHOP-41}\n");
    repository.write("flags/sale.yaml", &format!("{}metadata: {{issue: SHOP-42}}\n", flag("on")));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.contains("served before: proven for all contexts\n  flags/sale.yaml:1: metadata"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_name_that_flagctl_sets_itself_is_refused() {
    let repository = repository("metadata: {cause: mine, list: [1]}\n");
    let ran = repository.flagctl(&["validate"]);
    assert_eq!(ran.code, Some(1));
    let expected = "error[invalid-value]: expected a name other than `at`, `by`, `cause`, `disabled`, `flag`, \
        `killedAt`, `killedBy`, `reason`, `shadowOf` and `withoutUnit`, which flagctl sets itself, found `cause`\n --> flags/sale.yaml:7:12";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let expected =
        "error[wrong-type]: expected a string, a number or a boolean, found a list\n --> flags/sale.yaml:7:25";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
}
