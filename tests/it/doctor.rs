//! `flagctl doctor`: a new repository is in order, and each planted fault is found with the command that mends it.

use std::fs::{create_dir, remove_file};

use serde_json::Value as Json;

use crate::git_bench::{TestRepository, flag};

/// Returns the checks as `STATE CHECK: REASON | COMMAND`.
fn checks(repository: &TestRepository, code: i32) -> Vec<String> {
    let ran = repository.flagctl(&["doctor", "--now", "2026-11-22", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{ran:?}");
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let text = |check: &Json| {
        let field = |name: &str| check[name].as_str().unwrap_or("-").to_owned();
        format!("{} {}: {} | {}", field("state"), field("check"), field("reason"), field("command"))
    };
    json["checks"].as_array().unwrap().iter().map(text).collect()
}

#[test]
fn a_new_repository_is_in_order() {
    let mut repository = TestRepository::new();
    repository.flagctl(&["init"]);
    repository.commit("begin");
    let expected = [
        "ok git: the branch main is checked out | -",
        "ok history: complete | -",
        "ok published branch: this repository has no remote, so it is its own | -",
        "ok committer: Dana <dana@example.com> | -",
        "ok CI: .github/workflows/flagctl.yml | -",
        "ok owners of kills: CODEOWNERS | -",
        "ok editor: .vscode/settings.json | -",
        "ok definitions: errors: 0, warnings: 0 | -",
        "ok bucketing: siphash fits the declared targets | -",
        "ok target main: can be read, and nothing is published yet | -",
    ];
    assert_eq!(checks(&repository, 0), expected);
    assert_eq!(repository.flagctl(&["publish", "main"]).code, Some(0));
    let last = checks(&repository, 0).pop().unwrap();
    assert_eq!(last, "ok target main: production is number 1, staging is number 1 | -");
}

#[test]
fn every_planted_fault_among_a_thousand_flags_is_found() {
    let mut repository = TestRepository::new();
    let project = "version: 1\nenvironments: [production]\npublish:\n  web: {to: ./dist/, format: flagd, clients: [python-0.6]}\n  \
                   safe: {to: ./safe/, sign: true}\n";
    repository.write("flagctl.yaml", project);
    for index in 0..1000 {
        repository.write(&format!("flags/flag-{index}.yaml"), &flag("on"));
    }
    repository.write("flags/flag-7.yaml", &flag("onn"));
    repository.write("flags/flag-8.yaml", &flag("on").replace("owner: tests\n", ""));
    repository.write("CODEOWNERS", "/flags/ @acme/all\n");
    repository.write(".github/workflows/build.yml", "jobs: {}\n");
    repository.write(".vscode/settings.json", "{\"yaml.schemas\": {\"./gone/flag.schema.json\": [\"flags/**\"]}}\n");
    repository.write("dist/production/manifest.json", "no manifest");
    repository.commit("faults");
    repository.commit("more");
    let expected = [
        "ok git: the branch main is checked out | -",
        "ok history: complete | -",
        "ok published branch: this repository has no remote, so it is its own | -",
        "ok committer: Dana <dana@example.com> | -",
        "problem CI: no file of a CI service runs flagctl | flagctl init",
        "problem owners of kills: CODEOWNERS has no line for /kills/ | flagctl init",
        "problem editor: .vscode/settings.json names gone/flag.schema.json, which does not exist | flagctl init",
        "problem definitions: errors: 2, warnings: 1 | flagctl validate --errors-only",
        "problem bucketing: `python-0.6` has the buckets of `flagd-v3`, and `bucketing` is `siphash` | flagctl explain \
         unfit-bucketing",
    ];
    let found = checks(&repository, 1);
    assert_eq!(found[..expected.len()], expected);
    let rest = &found[expected.len()..];
    assert!(rest[0].starts_with("problem target web: ") && rest[0].ends_with(" | flagctl status web"), "{rest:?}");
    assert_eq!(rest[1], "ok target safe: can be read, and nothing is published yet | -");
    assert!(rest[2].starts_with("problem signing for safe: "), "{rest:?}");
    assert!(rest[2].ends_with(" | git config user.signingkey FILE"), "{rest:?}");
    // A clone with one commit.
    let clone = repository.clone_to("clone", &["--depth=1"]);
    let ran = repository.flagctl_in(&clone, &["doctor", "--offline"]);
    for line in
        ["problem      history: the clone is shallow", "git fetch --unshallow\n", "not checked  targets: --offline"]
    {
        assert!(ran.code == Some(1) && ran.stdout.contains(line), "{line}: {ran:?}");
    }
}

#[test]
fn a_folder_without_git_and_a_file_that_is_missing_are_problems() {
    let repository = TestRepository::new();
    let folder = repository.beside("plain");
    create_dir(&folder).unwrap();
    repository.flagctl_in(&folder, &["init"]);
    let ran = repository.flagctl_in(&folder, &["doctor", "--offline"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("             git init\n"), "{ran:?}");
    remove_file(folder.join(".flagctl/schemas/flag.schema.json")).unwrap();
    assert_eq!(repository.flagctl_in(&folder, &["init"]).code, Some(0));
    let ran = repository.flagctl_in(&folder, &["doctor", "--offline"]);
    assert!(ran.stdout.contains("ok           editor: .vscode/settings.json\n"), "{ran:?}");
}
