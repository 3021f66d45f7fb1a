//! `flagctl doctor`: a new repository is in order, and each problem is found with the command that mends it.
//!
//! `planted_facts.rs` has the faults of a large repository.

use std::fs::{create_dir, remove_file};

use serde_json::Value as Json;

use crate::git_bench::TestRepository;

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
fn a_shallow_clone_and_targets_that_are_not_read_are_named() {
    let mut repository = TestRepository::with_sale();
    repository.commit("more");
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
