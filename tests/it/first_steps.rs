//! Messages for a person who writes the first flags: each mistake is one message, at its position.

use crate::git_bench::TestRepository;

const PROJECT: &str = "version: 1\nenvironments: [production]\n";
const HEAD: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\n";

/// Returns a repository whose flag `sale` has these lines after its description, owner and expiry date.
fn sale(lines: &str) -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &format!("{HEAD}{lines}"));
    repository
}

/// Returns the findings of `validate`, one line each, without their advice.
fn findings(repository: &TestRepository) -> Vec<String> {
    let ran = repository.flagctl(&["validate", "--format", "json", "--now", "2026-01-01"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let text = |finding: &serde_json::Value| {
        let field = |name: &str| finding[name].as_str().map_or_else(|| finding[name].to_string(), str::to_owned);
        format!("{}:{} {}", field("line"), field("column"), field("message"))
    };
    findings.iter().map(text).collect()
}

#[test]
fn a_misspelt_key_is_one_problem() {
    let repository = sale("variants: {off: false, on: true}\noff: off\ndefualt: off\n");
    assert_eq!(findings(&repository), ["6:1 unknown key `defualt`"]);
}

#[test]
fn a_missing_key_beside_another_unknown_key_is_reported() {
    let repository = sale("variants: {off: false, on: true}\noff: off\nserve: off\n");
    assert_eq!(findings(&repository), ["1:1 `default` is missing", "6:1 unknown key `serve`"]);
}

#[test]
fn a_value_of_a_wrong_type_is_one_problem() {
    let repository = sale("variants: {off: false, on: true}\noff: off\ndefault: off\nrules:\n  - serve: true\n");
    let expected =
        "8:12 expected a variant's name, or a mapping from variants to percentages, found the boolean `true`";
    assert_eq!(findings(&repository), [expected]);
}

#[test]
fn a_tab_is_reported_where_it_is() {
    for (text, expected) in [("description: A test's.\n\towner: tests\n", "2:1 "), ("tags:\n  - a\n\t- b\n", "3:1 ")] {
        let repository = TestRepository::new();
        repository.write("flagctl.yaml", PROJECT);
        repository.write("flags/sale.yaml", text);
        let found = findings(&repository);
        assert!(found.first().is_some_and(|found| found.starts_with(expected)), "{text}: {found:?}");
    }
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    let repository = sale("variants: {off: false, on: true}\noff: off\ndefault: off\n");
    for command in ["validate", "test"] {
        let ran = repository.flagctl(&[command, "nosuch"]);
        assert_eq!(ran.stderr, "error: `nosuch` is not a file or folder\n");
    }
}

#[test]
fn the_summary_of_checked_files_names_folders_and_files() {
    let repository = sale("variants: {off: false, on: true}\noff: off\ndefault: off\n");
    for (path, expected) in
        [("flags/sale.yaml", "flags/sale.yaml: no problems\n"), ("flags", "1 file in flags: no problems\n")]
    {
        assert_eq!(repository.flagctl(&["validate", path, "--now", "2026-01-01"]).stdout, expected);
    }
}

#[test]
fn a_misspelt_command_is_corrected_to_the_most_similar_one() {
    let ran = TestRepository::new().flagctl(&["vaildate"]);
    assert!(ran.stderr.contains("a similar subcommand exists: 'validate'"), "{}", ran.stderr);
}

#[test]
fn a_run_without_tests_says_so() {
    let repository = sale("variants: {off: false, on: true}\noff: off\ndefault: off\n");
    let ran = repository.flagctl(&["test"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "no tests found: a test is a case or an assertion in a file `tests/**/*.yaml`\n")
    );
    repository.write("tests/sale.yaml", "cases:\n  - expect: {sale: off}\n");
    assert_eq!(repository.flagctl(&["test"]).stdout, "1 passed\n");
    // There are tests, but none for this environment.
    repository.write("flagctl.yaml", &PROJECT.replace("[production]", "[staging, production]"));
    repository.write("tests/sale.yaml", "cases:\n  - expect: {sale: off}\n    environments: production\n");
    let ran = repository.flagctl(&["test", "-e", "staging"]);
    let expected = "no tests found for `staging`: a test is a case or an assertion in a file `tests/**/*.yaml`, and may name its \
                    `environments`\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), expected));
    assert_eq!(repository.flagctl(&["test", "-e", "production"]).stdout, "1 passed\n");
}

#[test]
fn a_list_without_flags_says_so() {
    let repository = sale("variants: {off: false, on: true}\noff: off\ndefault: off\n");
    let ran = repository.flagctl(&["list", "--tag", "nosuch"]);
    let expected = (Some(0), "none of 1 flag matches\n", "note: no flag has the tag `nosuch`\n");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), expected);
}

#[test]
fn a_comment_above_the_variants_explains_a_menu() {
    let menu = "# flagctl: allow unused-variant -- support sets the limit\nvariants:\n  off: 0\n  low: 1\n  high: 2\n  most: 3\n";
    assert_eq!(findings(&sale(&format!("{menu}off: off\ndefault: low\n"))), [""; 0]);
    let served = "rules:\n  - serve: {low: 50%, high: 25%, most: 25%}\n";
    let found = findings(&sale(&format!("{menu}off: off\ndefault: low\n{served}")));
    assert_eq!(found, ["4:1 no `unused-variant` is reported on this line"]);
}
