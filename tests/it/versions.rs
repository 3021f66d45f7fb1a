//! Attributes of type `version`, whose versions have any number of parts, from the file to the plan.

use crate::git_bench::{TestRepository, flag};

const PROJECT: &str = "version: 1\nenvironments: [production]\nattributes: {app.version: semver, os: version}\n";

fn repository(condition: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &format!("{}rules:\n  - {{if: {condition}, serve: on}}\n", flag("off")));
    repository.commit("a sale");
    repository
}

#[test]
fn browsers_and_windows_programs_are_compared_part_by_part() {
    let repository = repository("{os: {gte: 137.1.79.51, lt: 138}}");
    assert_eq!(repository.flagctl(&["validate"]).code, Some(0));
    for (version, decided) in [
        ("137.1.80.31", "sale: on = true"),
        ("v137.1.79.51", "sale: on = true"),
        ("137.1.79.51-beta", "sale: off = false"),
        ("137", "sale: off = false"),
        ("138.0", "sale: off = false"),
    ] {
        let ran = repository.flagctl(&["eval", "sale", "-c", &format!("os={version}")]);
        assert!(ran.code == Some(0) && ran.stdout.starts_with(decided), "{version}: {}", ran.stdout);
    }
}

#[test]
fn a_plan_knows_which_versions_change() {
    let repository = repository("{os: {gte: \"17.4\"}}");
    let file = repository.root().join("flags/sale.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    repository.write("flags/sale.yaml", &text.replace("17.4", "17.4.0"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.contains("0 flags change") || ran.stdout.contains("no "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("expand") && !ran.stdout.contains("shrink"), "{}", ran.stdout);
    repository.write("flags/sale.yaml", &text.replace("17.4", "17.4.0.1"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.contains("shrink"), "{}", ran.stdout);
    assert!(ran.stdout.contains("-c os=17.4"), "{}", ran.stdout);
}

#[test]
fn what_is_no_version_is_refused_with_what_to_write() {
    let repository = repository("{os: {gte: 10.x}}");
    let ran = repository.flagctl(&["validate"]);
    assert!(
        ran.stdout.contains("error[invalid-version]: expected a version, found `10.x`\n --> flags/sale.yaml:8:21"),
        "{}",
        ran.stdout
    );
    let ran = repository.flagctl(&["explain", "invalid-version"]);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn an_error_about_a_semantic_version_names_the_type_for_other_versions() {
    let repository = repository("{app.version: {gte: 137.1.80.31}}");
    let ran = repository.flagctl(&["validate"]);
    assert!(
        ran.stdout.contains("= help: declare the attribute as `version`, which has versions such as `137.1.80.31`"),
        "{}",
        ran.stdout
    );
    repository.write("flags/sale.yaml", &flag("on"));
    let ran = repository.flagctl(&["eval", "sale", "-c", "app.version=14.5"]);
    assert!(ran.stderr.contains("unless `flagctl.yaml` declares the type `version`"), "{}", ran.stderr);
}

#[test]
fn flagd_cannot_compare_these_versions() {
    let repository = repository("{os: {gte: 137.1.79.51}}");
    let ran = repository.flagctl(&["export", "flagd"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("flagd compares only versions of exactly three numbers"), "{}", ran.stderr);
}

#[test]
fn an_attribute_that_becomes_a_version_is_compared() {
    for old in ["string", "semver"] {
        let mut repository = TestRepository::new();
        let project = |kind: &str| format!("version: 1\nenvironments: [production]\nattributes: {{os: {kind}}}\n");
        repository.write("flagctl.yaml", &project(old));
        repository.write("flags/sale.yaml", &format!("{}rules:\n  - {{if: {{os: 17.4.0}}, serve: on}}\n", flag("off")));
        repository.commit("a sale");
        repository.write("flagctl.yaml", &project("version"));
        let ran = repository.flagctl(&["diff", "HEAD"]);
        assert!(!ran.stdout.contains("unknown") && ran.stdout.contains("1 flag changes"), "{old}: {}", ran.stdout);
        assert_eq!(ran.stderr, "");
    }
}
