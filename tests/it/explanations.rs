//! What `flagctl eval` says about a decision is true: a larger rollout admits the unit, and a rule has one name.

use crate::git_bench::{PROJECT, TestRepository};

/// Makes a repository with a flag that has these rules.
fn shop(rules: &str) -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    let head =
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\noff: off\n";
    repository.write("flags/sale.yaml", &format!("{head}default: off\n{rules}"));
    repository
}

/// Returns the percentage after `would enter at`, if the explanation has one.
fn enters_at(repository: &TestRepository, context: &[&str]) -> Option<String> {
    let arguments = [&["eval", "sale", "-e", "production", "--explain"], context].concat();
    let ran = repository.flagctl(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let (_, after) = ran.stdout.split_once("would enter at ")?;
    after.lines().next().map(str::to_owned)
}

#[test]
fn a_unit_would_enter_only_where_the_larger_rollout_admits_this_context() {
    let rules = |share: &str| format!("rules:\n  - {{if: {{country: DE}}, rollout: {share}, serve: on}}\n");
    let repository = shop(&rules("1%"));
    let germany = ["-c", "targetingKey=dana", "-c", "country=DE"];
    let share = enters_at(&repository, &germany).expect("the unit is outside of the first percent");
    for other in [&["-c", "targetingKey=dana", "-c", "country=FR"][..], &["-c", "targetingKey=dana"]] {
        assert_eq!(enters_at(&repository, other), None, "{other:?}");
    }
    repository.write("flags/sale.yaml", &shop_flag(&repository, "1%", &share));
    let arguments = [&["eval", "sale", "-e", "production"][..], &germany].concat();
    assert!(repository.flagctl(&arguments).stdout.starts_with("sale: on = true\n"), "{share}");
    repository.write("flags/sale.yaml", &shop_flag(&repository, &share, "1%"));
    assert_eq!(enters_at(&repository, &germany), Some(share));
    // A kill keeps the context out of every rule.
    repository.write("kills/production/sale.yaml", "reason: wrong prices\n");
    assert_eq!(enters_at(&repository, &germany), None);
}

/// Returns the flag's file with another text in it.
fn shop_flag(repository: &TestRepository, from: &str, to: &str) -> String {
    std::fs::read_to_string(repository.root().join("flags/sale.yaml")).unwrap().replace(from, to)
}

#[test]
fn a_rule_without_a_name_has_its_number_in_every_json() {
    let repository = shop("rules:\n  - {if: {country: FR}, serve: off}\n  - {if: {country: DE}, serve: on}\n");
    let one = repository.flagctl(&["eval", "sale", "-e", "production", "-c", "country=DE", "--format", "json"]);
    assert!(one.stdout.contains("\"rule\": \"#2\""), "{}", one.stdout);
    repository.write("contexts.jsonl", "{\"country\":\"DE\"}\n{\"country\":\"GB\"}\n");
    let many = repository.flagctl(&["eval", "sale", "-e", "production", "--contexts", "contexts.jsonl"]);
    let lines: Vec<&str> = many.stdout.lines().collect();
    assert!(lines[0].contains("\"rule\":\"#2\""), "{}", many.stdout);
    assert!(!lines[1].contains("\"rule\""), "{}", many.stdout);
}
