//! `kill --wait`: ends when the kill is live, or says how far it got.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::git_bench::{PROJECT, TestRepository};
use crate::publish::{fine, key};

const KILL: [&str; 7] = ["kill", "sale", "-e", "production", "--reason", "it answers 500", "--yes"];

fn published(target: &str) -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", &format!("{PROJECT}publish:\n  main: {{to: ../fleet{target}}}\n"));
    repository.commit("target");
    let signers = key(&repository, "dana");
    repository.git(&["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
    fine(repository.flagctl(&["publish", "main"]));
    repository
}

#[test]
fn a_kill_that_is_published_meanwhile_ends_the_wait() {
    for target in ["", ", format: flagd, sign: true"] {
        let repository = published(target);
        let before = repository.git(&["rev-parse", "HEAD"]);
        let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
        command.current_dir(repository.root()).args(KILL).arg("--wait").stdout(Stdio::piped()).stderr(Stdio::piped());
        let waiting = command.spawn().unwrap();
        while repository.git(&["rev-parse", "HEAD"]) == before {
            thread::sleep(Duration::from_millis(20));
        }
        fine(repository.flagctl(&["publish", "main"]));
        let ended = waiting.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{said}");
        let kill = repository.git(&["rev-parse", "HEAD"]);
        let line = format!("the kill is live at main production: number 2 has the kills of {}", &kill[..10]);
        assert!(said.contains(&line), "{said}");
        // The flag is killed already, so nothing is committed, and the wait ends at once.
        let ran = repository.flagctl(&[&KILL[..], &["--wait=main"]].concat());
        assert!(ran.code == Some(0) && ran.stderr.contains(&line), "{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_kill_that_is_not_published_says_how_far_it_got() {
    let repository = published("");
    let first = repository.git(&["rev-parse", "HEAD"]);
    let ran = repository.flagctl(&[&KILL[..], &["--wait", "--wait-limit", "0s"]].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let line = format!("not live at main production: number 1 is {}, in which `sale` is not killed", &first[..10]);
    assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    assert!(ran.stderr.contains("`HEAD` has the kill: the job that publishes it has not run"), "{}", ran.stderr);

    // The published branch does not have the kill yet.
    let origin = repository.clone_to("origin.git", &["--bare"]);
    repository.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
    repository.git(&["push", "--quiet", "origin", "+HEAD~1:main"]);
    repository.git(&["fetch", "--quiet", "origin"]);
    repository.git(&["remote", "set-head", "origin", "main"]);
    let ran = repository.flagctl(&[&KILL[..], &["--wait", "--wait-limit", "0s"]].concat());
    assert!(ran.code == Some(1) && ran.stderr.contains("does not have the kill of `sale`"), "{}", ran.stderr);

    let ran = repository.flagctl(&[&KILL[..], &["--wait=nowhere"]].concat());
    assert!(ran.code == Some(3) && ran.stderr.contains("`nowhere` is not a target"), "{}", ran.stderr);
}

#[test]
fn a_kill_without_the_signature_that_the_target_requires_is_not_live() {
    let repository = published(", sign: true");
    let kill = repository.flagctl(&KILL);
    assert_eq!(kill.code, Some(0));
    let location = repository.beside("fleet");
    let ran = repository.flagctl(&["publish", location.to_str().unwrap(), "--target", "main"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = repository.flagctl(&[&KILL[..], &["--wait", "--wait-limit", "0s"]].concat());
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("has no valid signature"), "{}", ran.stderr);
}
