//! The class of a change follows from the values before and after it, by the table in `docs/plans.md`.

use std::fs;

use crate::git_bench::TestRepository;

const PROJECT: &str = "version: 1\nenvironments: [production]\nattributes:\n  country: string\n";

/// A row of the table: the variant and value before the change, after the change, the class, and the edits of [`FLAG`]
/// that make the change.
type Row = (&'static str, &'static str, &'static str, [(&'static str, &'static str); 2]);

const FLAG: &str = "variants: {off: none, control: none, a: red, b: blue, c: red}\noff: off\ndefault: ";

/// No edit.
const SAME: (&str, &str) = ("variants", "variants");

const TABLE: [Row; 12] = [
    ("`a` = red", "`off` = none", "shrink", [("default: a", "default: off"), SAME]),
    ("`a` = red", "`control` = none", "shrink", [("default: a", "default: control"), SAME]),
    ("`off` = none", "`a` = red", "expand", [("default: off", "default: a"), SAME]),
    ("`control` = none", "`a` = red", "expand", [("default: control", "default: a"), SAME]),
    ("`a` = red", "`b` = blue", "reassign", [("default: a", "default: b"), SAME]),
    ("`a` = red", "`off` = blue", "reassign", [("default: a", "default: off"), ("off: none", "off: blue")]),
    ("`a` = red", "`a` = blue", "reassign", [SAME, ("a: red", "a: blue")]),
    ("`a` = red", "`a` = none", "reassign", [SAME, ("a: red", "a: none")]),
    ("`off` = none", "`off` = blue", "reassign", [("default: off", "default: off"), ("off: none", "off: blue")]),
    ("`control` = none", "`off` = none", "relabel", [("default: control", "default: off"), SAME]),
    ("`off` = none", "`control` = none", "relabel", [("default: off", "default: control"), SAME]),
    ("`a` = red", "`c` = red", "relabel", [("default: a", "default: c"), SAME]),
];

/// Makes a repository whose last commit changes the flag `paint` as the row says.
fn changed((before, _, _, edits): &Row) -> TestRepository {
    let mut repository = TestRepository::new();
    let old = format!("{FLAG}{}\n", before.split('`').nth(1).unwrap());
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/paint.yaml", &old);
    repository.commit("before");
    let new = edits.iter().fold(old, |text, (from, to)| {
        assert!(text.contains(from), "{text}: {from}");
        text.replace(from, to)
    });
    repository.write("flags/paint.yaml", &new);
    repository.commit("after");
    repository
}

fn classes(repository: &TestRepository) -> Vec<String> {
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let change = &json["flags"][0]["changes"][0];
    let texts = |list: &serde_json::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|class| class.as_str().unwrap().to_owned()).collect()
    };
    let classes = texts(&change["classes"]);
    assert_eq!(texts(&change["regions"][0]["effects"]), classes);
    classes
}

#[test]
fn the_class_follows_from_the_values_as_the_table_says() {
    for row in &TABLE {
        let (before, after, class, _) = row;
        let repository = changed(row);
        assert_eq!(classes(&repository), [*class], "{before} → {after}");
        for other in ["expand", "shrink", "reassign", "relabel"] {
            let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--fail-on", other]);
            assert_eq!(ran.code, Some(u8::from(other == *class).into()), "{before} → {after}: --fail-on {other}");
        }
    }
}

#[test]
fn the_documentation_has_the_same_table() {
    let page = fs::read_to_string("docs/plans.md").unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| served before |")).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> =
        TABLE.iter().map(|(before, after, class, _)| format!("| {before} | {after} | `{class}` |")).collect();
    assert_eq!(rows, expected);
}

#[test]
fn off_means_what_the_definition_before_the_change_serves() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/paint.yaml", &format!("{FLAG}a\n"));
    repository.commit("before");
    let text = format!("{FLAG}a\n").replace("\noff: off\n", "\noff: b\n");
    repository.write("flags/paint.yaml", &text);
    repository.write("kills/production/paint.yaml", "reason: INC-1\n");
    repository.commit("killed, and off is another variant");
    assert_eq!(classes(&repository), ["reassign"]);
}

#[test]
fn a_relabel_is_shown_and_is_no_share_that_changes() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    let text = format!("{FLAG}off\nrules:\n  - {{if: {{country: DE}}, rollout: 50%, serve: a}}\n");
    repository.write("flags/paint.yaml", &text);
    repository.commit("before");
    repository.write("flags/paint.yaml", &text.replace("serve: a", "serve: c"));
    repository.commit("after");
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--max-share", "1%", "--fail-on", "reassign"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("relabel"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains(
            "serves `c` instead of `a`, which has the same value, to 50% of the people where country eq \"DE\""
        ),
        "{}",
        ran.stdout
    );
}

/// Makes a repository with the flag `paint`, which is off for everyone in two environments.
fn unused() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", "version: 1\nenvironments: [staging, production]\n");
    repository.write("flags/paint.yaml", &format!("{FLAG}off\n"));
    repository.commit("before");
    repository
}

/// Returns the environments and classes of all changes of a flag.
fn changes(repository: &TestRepository, flag: &str) -> serde_json::Value {
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let flag = json["flags"].as_array().unwrap().iter().find(|found| found["flag"] == flag).unwrap();
    let changes = flag["changes"].as_array().unwrap().iter();
    changes.map(|change| serde_json::json!([change["environments"], change["classes"]])).collect()
}

#[test]
fn a_removed_flag_is_of_a_class_of_its_own_even_if_it_was_off() {
    let mut repository = unused();
    repository.remove("flags/paint.yaml");
    repository.commit("after");
    assert_eq!(changes(&repository, "paint"), serde_json::json!([[["staging", "production"], ["removed"]]]));
    for (class, code) in [("removed", 1), ("expand,shrink,reassign,relabel,reshuffle,metadata", 0)] {
        let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--fail-on", class]);
        assert_eq!(ran.code, Some(code), "{class}: {}", ran.stdout);
        assert!(ran.stdout.starts_with("removed: paint is removed from staging, production: "), "{}", ran.stdout);
        let fallback = "applications fall back on the default in their code; it served everyone its `off` variant\n";
        assert!(ran.stdout.contains(fallback), "{}", ran.stdout);
        assert!(ran.stdout.contains("1 flag is removed\n"), "{}", ran.stdout);
    }
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD", "--format", "markdown"]);
    assert!(ran.stdout.contains(": applications fall back on the default in their code"), "{}", ran.stdout);
}

#[test]
fn a_renamed_flag_and_a_removed_environment_remove_flags() {
    let mut renamed = unused();
    renamed.remove("flags/paint.yaml");
    renamed.write("flags/colour.yaml", &format!("{FLAG}off\n"));
    renamed.commit("renamed");
    assert_eq!(changes(&renamed, "paint"), serde_json::json!([[["staging", "production"], ["removed"]]]));
    assert_eq!(changes(&renamed, "colour"), serde_json::json!([[["staging", "production"], ["none"]]]));

    let mut fewer = unused();
    fewer.write("flagctl.yaml", "version: 1\nenvironments: [production]\n");
    fewer.commit("no staging");
    assert_eq!(changes(&fewer, "paint"), serde_json::json!([[["staging"], ["removed"]]]));
}

#[test]
fn a_flag_that_served_something_is_removed_and_shrinks() {
    let mut repository = unused();
    repository.write("flags/paint.yaml", &format!("{FLAG}a\n"));
    repository.commit("on");
    repository.remove("flags/paint.yaml");
    repository.commit("removed");
    assert_eq!(changes(&repository, "paint"), serde_json::json!([[["staging", "production"], ["removed", "shrink"]]]));
}
