//! `status`: what is merged, and what is live.

use std::fs;

use serde_json::Value as Json;

use crate::git_bench::{PROJECT, Ran, TestRepository, flag};
use crate::publish::{fine, key, manifest, place};

/// Makes a repository that declares the target `main`, and publishes it.
fn published() -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository
        .write("flagctl.yaml", &format!("{PROJECT}publish:\n  main: {{to: ../fleet, environments: [production]}}\n"));
    repository.write("flags/cart.yaml", &flag("on"));
    repository.commit("target");
    fine(repository.flagctl(&["publish", "main"]));
    repository
}

fn status(repository: &TestRepository, more: &[&str]) -> Ran {
    repository.flagctl(&[&["status", "--now", "2026-11-10T00:00:00Z"], more].concat())
}

fn environment(repository: &TestRepository) -> Json {
    let ran = status(repository, &["--format", "json"]);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    json["targets"][0]["environments"][0].clone()
}

#[test]
fn what_is_merged_and_what_is_live_are_compared() {
    let mut repository = published();
    let first = repository.git(&["rev-parse", "HEAD"]);
    let short = &first[..10];
    let ran = status(&repository, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        format!(
            "merged: {short} of HEAD, 7 days old\nmain production: number 1, {short}, 7 days old: what is merged is live\n"
        )
    );
    repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
    let kill = repository.commit("kill");
    let merged = repository.commit("another");
    let ran = status(&repository, &["main"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("2 commits behind\n  sale: is killed, and the kill is not live"), "{}", ran.stdout);
    let found = environment(&repository);
    assert_eq!(
        (&found["state"], &found["behind"], &found["kills"]["waiting"]),
        (&"behind".into(), &2.into(), &serde_json::json!(["sale"]))
    );

    repository.write("flags/broken.yaml", "variants: 7\n");
    repository.commit("broken");
    assert_eq!(repository.flagctl(&["publish", "main"]).code, Some(1));
    let ran = status(&repository, &["main"]);
    assert!(
        ran.stdout.contains("with the kills of") && ran.stdout.contains("kills that are live: sale"),
        "{}",
        ran.stdout
    );
    repository.remove("kills/production/sale.yaml");
    repository.remove("flags/broken.yaml");
    repository.commit("revive");
    assert!(status(&repository, &[]).stdout.contains("sale: was revived, and the kill is still live"));
    fine(repository.flagctl(&["publish", "main"]));
    assert_eq!(status(&repository, &[]).code, Some(0));

    // An older branch is not what is live.
    let ran = status(&repository, &["main", "--base", &merged]);
    assert!(ran.code == Some(1) && ran.stdout.contains("newer than what this clone knows"), "{}", ran.stdout);
    repository.git(&["checkout", "--quiet", "-b", "other", &kill]);
    repository.commit("diverged");
    let ran = status(&repository, &["main", "--base", "HEAD"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("not a part of what is merged"), "{}", ran.stdout);
}

#[test]
fn a_target_that_cannot_be_read_is_not_up_to_date() {
    let repository = published();
    let path = place(&repository, "manifest.json");
    let current = fs::read_to_string(&path).unwrap();
    let commit = manifest(&repository)["commit"].as_str().unwrap().to_owned();
    let other = current.replace(&commit, &"1".repeat(40));
    let _ = fs::remove_file(&path);
    fs::write(&path, other).unwrap();
    let ran = status(&repository, &[]);
    assert!(
        ran.code == Some(1) && ran.stdout.contains("this clone does not have all published commits"),
        "{}",
        ran.stdout
    );

    // A signature is checked as `verify` checks it.
    let signers = key(&repository, "dana");
    let ran = status(&repository, &["--allowed-signers", signers.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("has no valid signature"), "{}", ran.stdout);

    let _ = fs::remove_file(&path);
    fs::write(&path, "{}").unwrap();
    let ran = status(&repository, &[]);
    assert!(ran.code == Some(1) && ran.stdout.contains("is not a manifest"), "{}", ran.stdout);
    fs::remove_file(&path).unwrap();
    let ran = status(&repository, &[]);
    assert!(ran.code == Some(1) && ran.stdout.contains("nothing is published for `production`"), "{}", ran.stdout);
    // A target that cannot be reached is not an answer.
    let ran = status(&repository, &["./flagctl.yaml"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_error_of_a_target_is_shown_once() {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", &format!("{PROJECT}publish:\n  main: {{to: ../fleet}}\n"));
    repository.commit("target");
    let ran = status(&repository, &[]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stdout.contains("\nmain: nothing is published to "), "{}", ran.stdout);
    assert!(!ran.stderr.contains("nothing is published"), "{}", ran.stderr);
}
