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

#[test]
fn files_of_signers_are_checked() {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    let mut repository = TestRepository::new();
    repository.write(
        "flagctl.yaml",
        "version: 1\nenvironments: [production]\npublish:\n  safe: {to: ./safe/, sign: true}\n\
         policy:\n  production: {signed-by: signers}\n",
    );
    repository.commit("begin");
    let check = |text: Option<&str>| {
        text.iter().for_each(|text| {
            repository.write("signers", text);
            repository.write("trusted", text);
        });
        let found = checks(&repository, 1);
        ["signers of safe", "signers of the policy"].map(|name| {
            let name = format!(" {name}: ");
            found.iter().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("{name}: {found:?}")).clone()
        })
    };
    let add = "echo \"NAME $(cat KEY.pub)\" >>signers";
    let [target, policy] = check(None);
    assert_eq!(
        target,
        "problem signers of safe: git has no file of allowed signers, so signatures cannot be checked here | git config \
         gpg.ssh.allowedSignersFile FILE"
    );
    assert_eq!(policy, format!("problem signers of the policy: signers: does not exist | {add}"));
    repository.git(&["config", "gpg.ssh.allowedSignersFile", "trusted"]);
    let [target, _] = check(None);
    assert!(target.starts_with("problem signers of safe: ") && target.contains("trusted: "), "{target}");
    let cases = [
        ("# none\n".to_owned(), "signers has no signer", add),
        (format!("dana {KEY}\neve ssh-ed25519 AAAA\n"), "signers, line 2: expected a public key", "sed -i 2d signers"),
        (
            format!("dana valid-before=20261121 {KEY}\n"),
            "signers, line 1: the entry of `dana` expired at 2026-11-21T00:00:00Z",
            "sed -i 1d signers",
        ),
    ];
    for (text, reason, command) in cases {
        let [target, policy] = check(Some(&text));
        let start = format!("problem signers of the policy: {reason}");
        assert!(policy.starts_with(&start) && policy.ends_with(&format!(" | {command}")), "{policy}");
        let reason = reason.replacen("signers", "trusted", 1);
        assert!(target.starts_with("problem signers of safe: ") && target.contains(&reason), "{target}");
        // The command mends the file.
        let line = repository.shell(&command.replace("NAME $(cat KEY.pub)", &format!("dana {KEY}")));
        assert_eq!(line.code, Some(0), "{line:?}");
    }
    let [target, policy] = check(Some(&format!("dana valid-before=\"20270101Z\" {KEY}\n")));
    assert_eq!(policy, "ok signers of the policy: signers | -");
    assert!(target.starts_with("ok signers of safe: "), "{target}");
}
