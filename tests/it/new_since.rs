//! `validate --new-since` and `test --new-since`: only problems that an earlier revision lacks fail the command.

use std::fs;

use serde_json::Value as Json;

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};

/// Returns the YAML of a flag with rules that refer to segments which do not exist.
fn broken(segments: &[&str]) -> String {
    let rule = |segment: &&str| format!("  - {{if: {{segment: {segment}}}, serve: on}}\n");
    format!("{}rules:\n{}", flag("off"), segments.iter().map(rule).collect::<String>())
}

/// Makes a repository whose `main` has an error, and a branch `work` that is checked out.
fn red() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/cart.yaml", &broken(&["shopers"]));
    repository.write("flags/sale.yaml", &flag("on"));
    repository.commit("a red main");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository
}

fn validate(repository: &TestRepository, arguments: &[&str]) -> Ran {
    repository.flagctl(&[&["validate", "--new-since", "main"], arguments].concat())
}

fn last_lines(ran: &Ran, number: usize) -> Vec<&str> {
    let lines: Vec<&str> = ran.stdout.lines().collect();
    lines[lines.len().saturating_sub(number)..].to_vec()
}

#[test]
fn a_red_main_does_not_block_a_kill() {
    let repository = red();
    assert_eq!(repository.flagctl(&["validate"]).code, Some(1));
    let kill = ["kill", "sale", "-e", "production", "--reason", "INC-1", "--yes"];
    assert_eq!(repository.flagctl(&kill).code, Some(0));
    let ran = validate(&repository, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, "2 flags, 1 kill in 1 environment: no new problems\n1 error is already in `main`\n");
}

#[test]
fn equal_errors_are_counted() {
    let repository = red();
    // One error in another line is the same error, and a second one is new.
    repository.write("flags/cart.yaml", &broken(&["shopers"]).replace("rules:", "# Here.\nrules:"));
    assert_eq!(validate(&repository, &[]).code, Some(0));
    repository.write("flags/cart.yaml", &broken(&["shopers", "shopers"]));
    let ran = validate(&repository, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(last_lines(&ran, 2)[0].ends_with(": 1 new error"), "{}", ran.stdout);
    assert_eq!(last_lines(&ran, 1), ["1 error is already in `main`"]);
    assert_eq!(ran.stdout.matches("error[unknown-segment]").count(), 1);
    // Another name is another error, and so is the same error in another file.
    repository.write("flags/cart.yaml", &broken(&["shoppers"]));
    assert_eq!(validate(&repository, &[]).code, Some(1));
    repository.write("flags/cart.yaml", &flag("off"));
    repository.write("flags/sale.yaml", &broken(&["shopers"]));
    assert_eq!(validate(&repository, &[]).code, Some(1));
}

#[test]
fn a_renamed_file_keeps_its_errors() {
    let repository = red();
    repository.write("flags/money/cart.yaml", &broken(&["shopers"]).replace("A test's", "Of the shop"));
    repository.remove("flags/cart.yaml");
    assert_eq!(validate(&repository, &[]).code, Some(0));
    // Test files have no names in messages, and may be renamed and changed.
    let repository = red();
    let test = "contexts:\n  a: {country: DE}\ncases:\n  - {name: sold, context: b, expect: {sale: on}}\n";
    repository.write("tests/old.yaml", test);
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "-m", "a test"]);
    repository.git(&["branch", "--force", "main"]);
    repository.remove("tests/old.yaml");
    repository.write("tests/new.yaml", &format!("# Renamed.\n{test}"));
    let ran = validate(&repository, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(last_lines(&ran, 1), ["2 errors are already in `main`"]);
    assert_eq!(repository.flagctl(&["test", "--new-since", "main"]).code, Some(0));
}

#[test]
fn an_error_that_hides_others_is_new_in_a_changed_file() {
    let mut repository = red();
    // While the file cannot be read completely, its rules are not checked.
    repository.write("flags/cart.yaml", &format!("{}unknwon: 1\n", flag("off")));
    repository.commit("worse");
    repository.git(&["branch", "--force", "main"]);
    assert_eq!(validate(&repository, &[]).code, Some(0));
    repository.write("flags/cart.yaml", &format!("{}unknwon: 1\n", broken(&["shopers"])));
    assert_eq!(validate(&repository, &[]).code, Some(1));
    // While `flagctl.yaml` cannot be read completely, nothing is checked.
    repository.write("flagctl.yaml", &format!("{PROJECT}unknwon: 1\n"));
    repository.commit("much worse");
    repository.git(&["branch", "--force", "main"]);
    assert_eq!(validate(&repository, &[]).code, Some(1));
}

#[test]
fn a_warning_that_becomes_an_error_is_new() {
    let mut repository = red();
    repository.write("flags/sale.yaml", "variants: {on: true, off: false}\noff: off\ndefault: on\n");
    repository.commit("without an owner");
    repository.git(&["branch", "--force", "main"]);
    let ran = validate(&repository, &[]);
    assert_eq!(last_lines(&ran, 1), ["1 error and 3 warnings are already in `main`"]);
    repository.write("flagctl.yaml", &format!("{PROJECT}lint: {{missing-owner: error}}\n"));
    assert_eq!(validate(&repository, &[]).code, Some(1));
}

#[test]
fn a_base_that_cannot_be_resolved_is_an_error() {
    let repository = red();
    repository.git(&["tag", "work", "main"]);
    for (base, expected) in [("nosuch", "`nosuch`"), ("work", "ambiguous")] {
        for command in ["validate", "test"] {
            let ran = repository.flagctl(&[command, "--new-since", base]);
            assert_eq!(ran.code, Some(3), "{ran:?}");
            assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        }
    }
    // The tests of the working tree are valid, and still the base must exist.
    let mut repository = TestRepository::with_sale();
    repository.commit("green");
    assert_eq!(repository.flagctl(&["validate", "--new-since", "nosuch"]).code, Some(3));
}

#[test]
fn every_format_tells_new_findings_from_old_ones() {
    let repository = red();
    repository.write("flags/cart.yaml", &broken(&["shopers", "byers"]));
    let json = |arguments: &[&str]| -> Json { serde_json::from_str(&validate(&repository, arguments).stdout).unwrap() };
    let own = json(&["--format", "json"]);
    assert_eq!((&own["errors"], &own["newErrors"], &own["newWarnings"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!(own["base"], Json::from(repository.git(&["rev-parse", "main"])));
    assert_eq!((&own["findings"][0]["new"], &own["findings"][1]["new"]), (&true.into(), &false.into()));
    let sarif = json(&["--format", "sarif"]);
    let states: Vec<&Json> =
        sarif["runs"][0]["results"].as_array().unwrap().iter().map(|result| &result["baselineState"]).collect();
    assert_eq!(states, ["new", "unchanged"]);
    let github = validate(&repository, &["--format", "github"]).stdout;
    assert!(github.lines().count() == 1 && github.contains("byers"), "{github}");
    assert_eq!(json(&["--format", "gitlab"]).as_array().unwrap().len(), 1);
    let junit = validate(&repository, &["--format", "junit"]).stdout;
    assert!(junit.contains("failures=\"1\"") && junit.contains("`byers` is not a segment\" type"), "{junit}");
    repository.write("flags/cart.yaml", &broken(&["shopers"]));
    let junit = validate(&repository, &["--format", "junit"]).stdout;
    assert!(junit.contains("failures=\"0\"") && junit.contains("`shopers` is not a segment"), "{junit}");
}

/// The tests of a flag that serves `on` to everyone.
const TESTS: &str = "\
contexts:
  dana: {country: DE}
cases:
  - name: not yet
    matrix: {country: [DE, FR, null]}
    expect: {sale: on}
  - name: sold
    context: dana
    expect: {sale: on}
assert:
  - {name: never, never: {sale: off}}
golden:
  cells:
    sale:
      dana: {production: on}
";

#[test]
fn only_new_failures_of_tests_count() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    let sale = |condition: &str| format!("{}rules:\n  - {{if: {{country: {condition}}}, serve: off}}\n", flag("on"));
    repository.write("flags/sale.yaml", &sale("FR"));
    repository.write("tests/sale.yaml", TESTS);
    repository.commit("red");
    let test = |repository: &TestRepository, base: &str, format: &str| {
        repository.flagctl(&["test", "--new-since", base, "--format", format])
    };
    assert_eq!(repository.flagctl(&["test"]).code, Some(1));
    let ran = test(&repository, "HEAD", "human");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, "2 passed, 2 failed\n2 errors are already in `HEAD`\n");
    let junit = test(&repository, "HEAD", "junit").stdout;
    assert!(junit.contains("failures=\"0\" errors=\"0\" skipped=\"2\""), "{junit}");
    let json: Json = serde_json::from_str(&test(&repository, "HEAD", "json").stdout).unwrap();
    assert_eq!(
        (&json["failed"], &json["newErrors"], &json["findings"][0]["new"]),
        (&2.into(), &0.into(), &false.into())
    );
    // More combinations of a failed matrix, another case, and a cell.
    repository.write("flags/sale.yaml", &sale("[FR, DE]"));
    let ran = test(&repository, "HEAD", "human");
    assert_eq!(ran.code, Some(1));
    assert_eq!(last_lines(&ran, 2), ["0 passed, 4 failed", "1 error is already in `HEAD`"]);
    assert!(ran.stdout.contains("2 of 3 combinations fail"), "{}", ran.stdout);
    // A flag that cannot be decided any more.
    repository.write("flags/sale.yaml", "variants: {on: true, off: false}\noff: off\n");
    let ran = test(&repository, "HEAD", "human");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("error[missing-key]"), "{}", ran.stdout);
    // A second test that fails in the same way is new.
    repository.write("flags/sale.yaml", &sale("FR"));
    let doubled = TESTS.replace(
        "  - name: sold",
        "  - name: not yet\n    context: {country: FR}\n    expect: {sale: on}\n  - name: sold",
    );
    repository.write("tests/sale.yaml", &doubled);
    assert_eq!(test(&repository, "HEAD", "human").code, Some(1));
    // Before the first test, nothing had failed.
    repository.commit("more");
    fs::remove_dir_all(repository.root().join("tests")).unwrap();
    repository.commit("no tests");
    repository.git(&["checkout", "--quiet", "HEAD~1", "--", "tests"]);
    assert_eq!(test(&repository, "HEAD", "human").code, Some(1));
}
