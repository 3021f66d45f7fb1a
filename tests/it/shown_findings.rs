//! Which findings `validate` and `test` show, in which order, and with which paths.

use std::path::Path;

use serde_json::Value as Json;
use snapbox::{assert_data_eq, str};

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [production]\n";
/// A flag without an owner and an expiry date.
const LOOSE: &str = "description: A test's.\nvariants: {on: true, off: false}\noff: off\ndefault: off\n";

/// Returns a flag with an error after the two warnings of [`LOOSE`].
fn wrong() -> String {
    LOOSE.replace("default: off", "default: none")
}

/// Makes a repository with two warnings in each of `flags` flags, and an error in the last one.
fn repository(flags: usize) -> TestRepository {
    let repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for index in 0..flags {
        repository.write(&format!("flags/f{index:02}.yaml"), LOOSE);
    }
    repository.write("flags/z.yaml", &wrong());
    repository
}

fn json(ran: &Ran) -> Json {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn codes(json: &Json) -> Vec<&str> {
    json["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn errors_come_before_warnings() {
    let ran = repository(1).flagctl(&["validate"]);
    assert_eq!(ran.code, Some(1));
    assert_data_eq!(
        ran.stdout,
        str![[r#"
error[unknown-variant]: `none` is not a variant of `z`
 --> flags/z.yaml:4:10
  |
4 | default: none
  |          ^^^^
  |
  = help: its variants are `on`, `off`

warning[missing-expiry]: `f00` has the kind `release`, but no expiry date
 --> flags/f00.yaml:1:1
  |
1 | description: A test's.
  | ^^^^^^^^^^^
  |
  = help: add a date, such as `expires: 2027-03-31`, or change the kind if the flag is permanent: `kind: ops`

warning[missing-owner]: `f00` has no owner
 --> flags/f00.yaml:1:1
  |
1 | description: A test's.
  | ^^^^^^^^^^^
  |
  = help: name the team or person that is responsible: `owner: team-payments`

warning[missing-expiry]: `z` has the kind `release`, but no expiry date
 --> flags/z.yaml:1:1
  |
1 | description: A test's.
  | ^^^^^^^^^^^
  |
  = help: add a date, such as `expires: 2027-03-31`, or change the kind if the flag is permanent: `kind: ops`

warning[missing-owner]: `z` has no owner
 --> flags/z.yaml:1:1
  |
1 | description: A test's.
  | ^^^^^^^^^^^
  |
  = help: name the team or person that is responsible: `owner: team-payments`

2 flags in 1 environment: 1 error, 4 warnings

"#]]
    );
}

#[test]
fn options_choose_what_is_shown_and_never_the_counts_or_the_exit_code() {
    let repository = repository(1);
    for (options, shown, omitted) in [
        (&["--errors-only"][..], &["unknown-variant"][..], "4 warnings are not shown"),
        (&["--code", "missing-owner"], &["missing-owner", "missing-owner"], "1 error and 2 warnings are not shown"),
        (&["--limit", "2"], &["unknown-variant", "missing-expiry"], "3 warnings are not shown"),
        (
            &["--code", "missing-owner", "--code", "missing-expiry", "--errors-only"],
            &[],
            "1 error and 4 warnings are not shown",
        ),
        (
            &["--limit", "4", "--code", "missing-owner"],
            &["missing-owner", "missing-owner"],
            "1 error and 2 warnings are not shown",
        ),
        (&["--limit", "0"], &[], "1 error and 4 warnings are not shown"),
    ] {
        let ran = repository.flagctl(&[&["validate"], options].concat());
        assert_eq!(ran.code, Some(1), "{options:?}");
        let end = format!("2 flags in 1 environment: 1 error, 4 warnings\n{omitted}\n");
        assert!(ran.stdout.ends_with(&end), "{options:?}: {}", ran.stdout);
        let ran = repository.flagctl(&[&["validate", "--format", "json"], options].concat());
        assert_eq!(ran.code, Some(1), "{options:?}");
        let report = json(&ran);
        assert_eq!(codes(&report), shown, "{options:?}");
        assert_eq!((&report["errors"], &report["warnings"]), (&Json::from(1), &Json::from(4)), "{options:?}");
        assert_eq!(report["omitted"], 5 - shown.len(), "{options:?}");
        for format in ["github", "gitlab"] {
            let ran = repository.flagctl(&[&["validate", "--format", format], options].concat());
            assert_eq!(
                (ran.code, ran.stderr.as_str()),
                (Some(1), format!("note: {omitted}\n").as_str()),
                "{options:?}"
            );
            assert_eq!(ran.stdout.matches("flags/").count(), shown.len(), "{options:?}: {}", ran.stdout);
        }
        let sarif = json(&repository.flagctl(&[&["validate", "--format", "sarif"], options].concat()));
        assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(shown.len()), "{options:?}");
        let note = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert_eq!(note, omitted, "{options:?}");
        // The test case of a file with an error fails, whether or not the error is shown.
        let junit = repository.flagctl(&[&["validate", "--format", "junit"], options].concat()).stdout;
        assert_eq!(junit.matches("<failure ").count(), 1, "{options:?}: {junit}");
        assert!(junit.contains("name=\"findings-left-out\""), "{options:?}: {junit}");
    }
    assert_eq!(json(&repository.flagctl(&["validate", "--format", "json"]))["omitted"], Json::Null);
}

#[test]
fn a_quiet_run_has_only_an_exit_code() {
    let repository = repository(1);
    let quiet = |command: &str| {
        let ran = repository.flagctl(&[command, "--quiet"]);
        (ran.code, ran.stdout + &ran.stderr)
    };
    assert_eq!(quiet("validate"), (Some(1), String::new()));
    repository.write("flags/z.yaml", LOOSE);
    assert_eq!(quiet("validate"), (Some(0), String::new()));
    repository.write("tests/z.yaml", "cases:\n  - expect: {z: on}\n");
    assert_eq!(quiet("test"), (Some(1), String::new()));
}

#[test]
fn a_code_that_does_not_exist_is_a_mistake_on_the_command_line() {
    let ran = repository(0).flagctl(&["validate", "--code", "missing-ownr"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`missing-ownr` is not a code; did you mean `missing-owner`?"), "{}", ran.stderr);
}

#[test]
fn many_findings_have_a_summary() {
    let ran = repository(12).flagctl(&["validate", "--limit", "0"]);
    assert_data_eq!(
        ran.stdout,
        str![[r#"
ERRORS  WARNINGS  CODE
1       -         unknown-variant
-       13        missing-expiry
-       13        missing-owner

ERRORS  WARNINGS  FILE
1       2         flags/z.yaml
-       2         flags/f00.yaml
-       2         flags/f01.yaml
-       2         flags/f02.yaml
-       2         flags/f03.yaml
-       2         flags/f04.yaml
-       2         flags/f05.yaml
-       2         flags/f06.yaml
-       2         flags/f07.yaml
-       2         flags/f08.yaml
and 3 other files

13 flags in 1 environment: 1 error, 26 warnings
1 error and 26 warnings are not shown

"#]]
    );
    // The summary is about the chosen findings, and ten codes or files need none.
    let ran = repository(12).flagctl(&["validate", "--limit", "0", "--errors-only"]);
    assert_eq!(ran.stdout, "13 flags in 1 environment: 1 error, 26 warnings\n1 error and 26 warnings are not shown\n");
}

#[test]
fn a_test_run_can_be_limited() {
    let repository = repository(0);
    repository.write("flags/z.yaml", LOOSE);
    repository.write("tests/z.yaml", "cases:\n  - expect: {z: on}\n  - expect: {z: on}\n  - expect: {z: on}\n");
    let ran = repository.flagctl(&["test", "--limit", "1"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout.matches("error[failed-expectation]").count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.ends_with("0 passed, 3 failed\n2 errors are not shown\n"), "{}", ran.stdout);
    let report = json(&repository.flagctl(&["test", "--limit", "1", "--format", "json"]));
    assert_eq!((report["omitted"].as_u64(), report["failed"].as_u64()), (Some(2), Some(3)));
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(3));
}

/// Runs a command with a format in every way of naming the flag repository `config/flags`, and asserts that its output
/// has this path.
fn assert_path(repository: &TestRepository, command: &[&str], format: &str, expected: &str) {
    let flags = repository.root().join("config/flags");
    let elsewhere = repository.beside("");
    let absolute = flags.to_str().unwrap();
    let outputs = [
        repository.flagctl_in(&flags, &[command, &["--format", format]].concat()),
        repository.flagctl_in(&flags.join("flags"), &[command, &["--format", format]].concat()),
        repository.flagctl_in(repository.root(), &[&["-C", "config/flags"], command, &["--format", format]].concat()),
        repository.flagctl_in(repository.root(), &[command, &["--format", format, "config/flags"]].concat()),
        repository.flagctl_in(Path::new(&elsewhere), &[&["-C", absolute], command, &["--format", format]].concat()),
        repository.flagctl_in(&flags, &[command, &["--format", format, "--at", "HEAD"]].concat()),
    ];
    for (index, ran) in outputs.iter().enumerate() {
        assert_eq!(ran.code, Some(1), "{command:?} {format} {index}: {}", ran.stderr);
        assert!(ran.stdout.contains(expected), "{command:?} {format} {index}: {}", ran.stdout);
    }
}

#[test]
fn programs_get_paths_from_the_root_of_the_git_repository() {
    let mut repository = TestRepository::new();
    repository.write("config/flags/flagctl.yaml", PROJECT);
    repository.write("config/flags/flags/z.yaml", &wrong());
    repository.write("config/flags/flags/y.yaml", LOOSE);
    repository.write("config/flags/tests/y.yaml", "cases:\n  - expect: {y: on}\n");
    repository.commit("flags in a folder");
    for (command, file) in [("validate", "flags/z.yaml"), ("test", "tests/y.yaml")] {
        let file = format!("config/flags/{file}");
        for (format, expected) in [
            ("json", format!("\"path\": \"{file}\"")),
            ("sarif", format!("\"uri\": \"{file}\"")),
            ("github", format!("::error file={file},")),
            ("gitlab", format!("\"path\": \"{file}\"")),
            ("junit", format!("name=\"{file}\"")),
            ("junit", format!("\n{file}:")),
        ] {
            assert_path(&repository, &[command], format, &expected);
        }
    }
    // A person gets a path that can be opened in the working folder.
    let shown = |folder: &str| {
        let ran =
            repository.flagctl_in(&repository.root().join(folder), &["validate", "--errors-only", "--limit", "1"]);
        ran.stdout.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(shown("config/flags"), " --> flags/z.yaml:4:10");
    let ran = repository.flagctl_in(repository.root(), &["validate", "config/flags", "--errors-only"]);
    assert!(ran.stdout.contains(" --> config/flags/flags/z.yaml:4:10\n"), "{}", ran.stdout);
}
