//! `rollout due` and `rollout advance`: steps that go by themselves.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;

const SETTINGS: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\npolicy:\n  \
                        production: {min-soak: 24h, max-step: 50%}\n";

fn flag(rollout: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\noff: off\n\
         default: off\nrules:\n  - name: all\n    rollout: {rollout}\n    steps: [1%, 5%, 25%, 50%, 100%]\n    serve: on\n"
    )
}

fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", SETTINGS);
    repository.write("flags/sale.yaml", &flag("1%"));
    repository.write("flags/later.yaml", &flag("0%"));
    repository.commit("first");
    repository
}

fn json(repository: &TestRepository, arguments: &[&str]) -> Json {
    let ran = repository.flagctl(&[&["rollout"], arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn due_lists_what_each_step_waits_for() {
    let repository = repository();
    let found = json(&repository, &["due", "--now", "2026-11-01T23:00:00Z"]);
    let steps = found["steps"].as_array().unwrap();
    let shown: Vec<_> = steps
        .iter()
        .map(|step| {
            let reasons: Vec<_> = step["waits"].as_array().unwrap().iter().map(|wait| &wait["reason"]).collect();
            json!([step["flag"], step["environment"], step["to"], reasons])
        })
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            ["later", "staging", "1%", ["not-begun", "no-soak"]],
            ["later", "production", "1%", ["not-begun"]],
            ["sale", "staging", "5%", ["no-soak"]],
            ["sale", "production", "5%", ["min-soak"]],
        ])
    );
    assert_eq!(steps[3]["waits"][0]["until"], "2026-11-02T00:00:00Z");
    let ran = repository.flagctl(&["rollout", "due", "sale", "-e", "production", "--now", "2026-11-02T00:00:00Z"]);
    assert_eq!(ran.stdout, "due: sale in production: all 1% → 5%\n");
}

#[test]
fn a_rollout_goes_to_its_end_and_no_further_than_policy_allows() {
    let mut repository = repository();
    let mut made = Vec::new();
    for day in 2..8 {
        repository.commit("a day");
        // The commit of a step is as old as the next commit.
        let now = format!("2026-11-{:02}T01:00:00Z", day + 1);
        let found = json(&repository, &["advance", "-e", "production", "--now", &now]);
        made.push(found["steps"][0]["to"].clone());
    }
    assert_eq!(json!(made), json!(["5%", "25%", "50%", "100%", null, null]));
    let log = repository.git(&["log", "--format=%s", "--grep=rollout"]);
    assert_eq!(log.lines().next(), Some("rollout sale in production: all 50% → 100%"));
    // A kill stops it, and a dry run writes nothing.
    repository.write("flags/sale.yaml", &flag("1%"));
    repository.commit("again");
    let head = repository.git(&["rev-parse", "HEAD"]);
    let found = json(&repository, &["advance", "--dry-run", "--now", "2026-11-20T00:00:00Z"]);
    assert_eq!((&found["steps"][0]["to"], &found["steps"][0]["written"]), (&json!("5%"), &Json::Null));
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
    repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
    repository.commit("kill");
    let found = json(&repository, &["advance", "--now", "2026-11-20T00:00:00Z"]);
    assert_eq!(found["steps"], json!([]));
}

/// Runs jobs at once in clones of one bare repository, and returns the ids of the commits that they made. Two jobs can make
/// one commit: with the same parent, author and second, it has the same id.
fn race(jobs: usize, more: &[&str]) -> (TestRepository, BTreeSet<String>) {
    let repository = repository();
    let remote = repository.beside("remote.git");
    repository.git(&["clone", "--quiet", "--bare", ".", remote.to_str().unwrap()]);
    let clones: Vec<PathBuf> = (0..jobs)
        .map(|job| {
            let clone = repository.beside(&format!("job{job}"));
            repository.git(&["clone", "--quiet", remote.to_str().unwrap(), clone.to_str().unwrap()]);
            clone
        })
        .collect();
    let children: Vec<_> = clones
        .iter()
        .map(|clone| {
            let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
            command.current_dir(clone).env("GIT_COMMITTER_DATE", "1794268800 +0000");
            command.args(["rollout", "advance", "--now", "2026-11-10T00:00:00Z", "--format", "json"]).args(more);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut made = BTreeSet::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let found: Json = serde_json::from_slice(&output.stdout).unwrap();
        let steps = found["steps"].as_array().unwrap();
        made.extend(steps.iter().filter_map(|step| step["written"]["commit"].as_str()).map(str::to_owned));
    }
    (repository, made)
}

#[test]
fn jobs_at_once_make_each_step_once() {
    for jobs in [2, 10] {
        let (repository, made) = race(jobs, &["--push"]);
        assert_eq!(made.len(), 1, "{made:?}");
        let remote = repository.beside("remote.git");
        let log = repository.git_in(&remote, &["log", "--format=%s", "main"]);
        assert_eq!(log, "rollout sale in production: all 1% → 5%\nfirst");
    }
}

#[test]
fn jobs_at_once_propose_each_step_once() {
    let (repository, made) = race(3, &["--pr"]);
    assert_eq!(made.len(), 1, "{made:?}");
    let remote = repository.beside("remote.git");
    let branches = repository.git_in(&remote, &["branch", "--format=%(refname:short)"]);
    assert_eq!(branches, "main\nrollout-sale-production-all-5");
    assert_eq!(repository.git_in(&remote, &["rev-list", "--count", "main..rollout-sale-production-all-5"]), "1");
}
