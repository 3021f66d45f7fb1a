//! `flagctl` in `flagctl.yaml`: which versions of the program can read the repository.

use crate::git_bench::{PROJECT, TestRepository};

#[test]
fn an_older_program_refuses_before_it_reports_unknown_keys() {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", &format!("{PROJECT}unheard-of: [1]\nflagctl: \">=99.1\"\n"));
    repository.commit("a newer format");
    let expected = "flagctl.yaml:6:10: the repository requires flagctl >=99.1, and this is flagctl ";
    let commands: [&[&str]; 9] = [
        &["validate"],
        &["test"],
        &["list"],
        &["show", "sale"],
        &["eval", "sale", "-e", "production"],
        &["diff", "HEAD~1"],
        &["export", "bundle", "-e", "production"],
        &["kill", "sale", "-e", "production", "--reason", "x", "--yes"],
        &["validate", "--at", "HEAD"],
    ];
    for command in commands {
        let ran = repository.flagctl(command);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{command:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{command:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("unheard-of"), "{command:?}: {}", ran.stderr);
    }
    // An earlier revision has no such requirement.
    assert_eq!(repository.flagctl(&["list", "--at", "HEAD~1"]).code, Some(0));
}

#[test]
fn a_program_that_satisfies_the_requirement_reads_the_repository() {
    let repository = TestRepository::with_sale();
    for requirement in [">=0.0.1", concat!("=", env!("CARGO_PKG_VERSION")), "*", ">0.0, <99"] {
        repository.write("flagctl.yaml", &format!("{PROJECT}flagctl: \"{requirement}\"\n"));
        let ran = repository.flagctl(&["validate"]);
        assert_eq!(ran.code, Some(0), "{requirement}: {ran:?}");
    }
}

#[test]
fn a_broken_requirement_is_a_diagnostic() {
    let repository = TestRepository::with_sale();
    let rows = [
        ("\"new\"", "error[invalid-value]: `new` is not a requirement on a version: "),
        ("\">=0.2 || <0.1\"", "error[invalid-value]: `>=0.2 || <0.1` is not a requirement on a version: "),
        ("0.2", "error[wrong-type]: "),
        ("\"\"", "error["),
    ];
    for (requirement, expected) in rows {
        repository.write("flagctl.yaml", &format!("{PROJECT}flagctl: {requirement}\n"));
        let ran = repository.flagctl(&["validate"]);
        assert_eq!(ran.code, Some(1), "{requirement}: {ran:?}");
        assert!(ran.stdout.contains(expected) && ran.stdout.contains("flagctl.yaml:5:10"), "{}", ran.stdout);
    }
}
