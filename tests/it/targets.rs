//! Targets that `flagctl.yaml` declares: what they save on the command line, and that a branch under review cannot use
//! or change them.

use std::fs;

use crate::git_bench::{PROJECT, Ran, TestRepository};
use crate::publish::{fine, json, key, names};

const TARGETS: &str = "publish:\n  main: {to: ../fleet/web, format: flagd, environments: [production], sign: true}\n  \
                       other: {to: ../fleet/other}\n";

/// Makes a clone whose remote declares two targets, and returns the repository in which the clone is the root.
fn with_targets() -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write("flagctl.yaml", &format!("{PROJECT}{TARGETS}"));
    repository.commit("targets");
    let signers = key(&repository, "dana");
    repository.git(&["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
    let origin = repository.beside("origin.git");
    repository.git(&["clone", "--quiet", "--bare", ".", origin.to_str().unwrap()]);
    repository.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
    repository.git(&["fetch", "--quiet", "origin"]);
    repository.git(&["remote", "set-head", "origin", "main"]);
    repository
}

fn failed(ran: &Ran, code: i32, why: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
}

fn nothing_is_published(repository: &TestRepository) {
    assert!(names(&repository.beside("fleet")).is_empty());
}

#[test]
fn a_declared_target_needs_no_options() {
    let repository = with_targets();
    assert!(fine(repository.flagctl(&["publish", "main"])).contains("number 1 is"));
    let manifest = json(&repository.beside("fleet/web/production/manifest.json"));
    assert_eq!((&manifest["target"], &manifest["bundle"]["format"]), (&"main".into(), &"flagd".into()));
    let said = fine(repository.flagctl(&["verify", "main"]));
    assert!(said.contains("signed by dana@example.com"), "{said}");
    let file = repository.beside("flags.json");
    assert!(fine(repository.flagctl(&["pull", "main", "--to", file.to_str().unwrap()])).contains("now has number 1"));
    assert_eq!(json(&repository.beside("flags.json.state"))["target"], "main");
    assert!(fine(repository.flagctl(&["publish", "main", "-e", "production"])).contains("nothing to do"));

    failed(&repository.flagctl(&["publish", "mian"]), 3, "did you mean `main`?; a location has a `/` or a `:`");
    failed(&repository.flagctl(&["publish", "x"]), 3, "the targets are `main`, `other`");
    failed(&repository.flagctl(&["publish", "main", "--bundle-format", "flagctl"]), 2, "declares another format");
    let ran = repository.flagctl(&["verify", "main", "-e", "staging"]);
    failed(&ran, 3, "the target `main` is not for the environment `staging`; its environments are `production`");
    failed(&repository.flagctl(&["pull", "other", "--to", file.to_str().unwrap()]), 2, "pass `-e`");
}

#[test]
fn the_files_of_another_target_are_refused() {
    let repository = with_targets();
    fine(repository.flagctl(&["publish", "other", "--sign"]));
    let other = repository.beside("fleet/other");
    let web = repository.beside("fleet/web");
    let file = repository.beside("flags.json");
    let location = web.to_str().unwrap().to_owned();
    // A store shows the files of one target in the place of another one. The same key has signed both.
    assert!(repository.command("cp").arg("-r").args([&other, &web]).status().unwrap().success());
    let pull = |target: &str, more: &[&str]| {
        repository.flagctl(&[&["pull", target, "-e", "production", "--to", file.to_str().unwrap()], more].concat())
    };
    let why = "belongs to the target `other`, not to the target `main`";
    failed(&pull("main", &[]), 1, why);
    failed(&pull(&location, &["--signed", "--target", "main"]), 1, why);
    assert!(repository.flagctl(&["verify", "main"]).stdout.contains(why));
    assert!(!file.exists());
    // The state keeps the name, so later pulls need no option.
    fine(pull(&location, &["--signed", "--target", "other"]));
    fs::remove_dir_all(&web).unwrap();
    fine(repository.flagctl(&["publish", "main"]));
    failed(&pull(&location, &["--signed"]), 1, "belongs to the target `main`, not to the target `other`");
    // A publisher does not mix them either.
    let ran = repository.flagctl(&["publish", &location, "--bundle-format", "flagd"]);
    failed(&ran, 1, "belong to the target `main`: publish with `flagctl publish main`");
}

#[test]
fn files_get_the_name_of_a_target_once() {
    let mut repository = with_targets();
    let location = repository.beside("fleet/other").to_str().unwrap().to_owned();
    let file = repository.beside("flags.json");
    let pull = |more: &[&str]| {
        let arguments = ["pull", &location, "-e", "production", "--signed", "--to", file.to_str().unwrap()];
        repository.flagctl(&[&arguments[..], more].concat())
    };
    fine(repository.flagctl(&["publish", &location, "--sign"]));
    failed(&pull(&["--target", "other"]), 1, "belongs to no named target, not to the target `other`");
    fine(pull(&[]));
    assert!(fine(repository.flagctl(&["publish", "other", "--sign"])).contains("number 2 is"));
    fine(pull(&[]));
    assert_eq!(json(&repository.beside("flags.json.state"))["target"], "other");
    fine(repository.flagctl(&["verify", "other", "--signed"]));
    failed(&repository.flagctl(&["publish", &location]), 1, "belong to the target `other`");
    repository.commit("a third");
}

#[test]
fn a_branch_under_review_cannot_choose_where_anything_is_sent() {
    let mut repository = with_targets();
    repository.git(&["checkout", "--quiet", "-b", "review"]);
    let evil = TARGETS.replace("../fleet/web", "../evil").replace("other:", "more: {to: ../evil/more}\n  other:");
    repository.write("flagctl.yaml", &format!("{PROJECT}{evil}"));
    repository.write(".env", "AWS_ENDPOINT=https://evil.example.com\n");
    repository.commit("mine");
    let refusal = "`HEAD` is not part of `origin/main`, the published branch, which declares the target `main`";
    failed(&repository.flagctl(&["publish", "main"]), 1, refusal);
    failed(&repository.flagctl(&["publish", "main", "--at", "review"]), 1, "is not part of `origin/main`");
    failed(&repository.flagctl(&["publish", "main", "--dry-run"]), 1, refusal);
    failed(&repository.flagctl(&["publish", "more"]), 3, "is not a target");
    failed(&repository.flagctl(&["verify", "more"]), 3, "is not a target");
    // A tag or a branch with the name of the published branch changes nothing.
    repository.git(&["tag", "origin/main"]);
    repository.git(&["branch", "origin/HEAD"]);
    failed(&repository.flagctl(&["publish", "main"]), 1, refusal);
    assert!(!repository.beside("evil").exists());
    nothing_is_published(&repository);
    // The same branch publishes what the published branch has.
    fine(repository.flagctl(&["publish", "main", "--at", "refs/remotes/origin/main"]));
    // Once it is merged and fetched, its targets are those of the published branch.
    repository.git(&["tag", "--delete", "origin/main"]);
    repository.git(&["push", "--quiet", "origin", "review:main"]);
    assert!(fine(repository.flagctl(&["publish", "more"])).contains("number 1"));
    assert!(repository.beside("evil/more/production/manifest.json").exists());
}

#[test]
fn a_clone_that_does_not_know_the_published_branch_says_what_to_do() {
    let repository = with_targets();
    repository.git(&["remote", "set-head", "origin", "--delete"]);
    failed(&repository.flagctl(&["publish", "main"]), 3, "`name` is".replace("name", "main").as_str());
    failed(&repository.flagctl(&["publish", "main"]), 3, "run `git remote set-head origin --auto`");
    nothing_is_published(&repository);
    assert!(fine(repository.flagctl(&["publish", "main", "--base", "origin/main"])).contains("number 1"));
    repository.git(&["remote", "remove", "origin"]);
    assert!(fine(repository.flagctl(&["publish", "main"])).contains("nothing to do"));
    let outside = repository.beside("empty");
    fs::create_dir(&outside).unwrap();
    let ran = repository.flagctl_in(&outside, &["verify", "main"]);
    failed(&ran, 3, "`main` is the name of a target; a location has a `/` or a `:`, as in `./main`");
}

#[test]
fn declarations_are_checked() {
    let repository = TestRepository::with_sale();
    for (targets, line) in [
        ("main: {to: dist}", "expected a folder with a `/`"),
        ("main: {to: \"s3://key:secret@acme\"}", "expected a folder with a `/`"),
        ("main: {to: \"https://example.com/\"}", "expected a folder with a `/`"),
        ("\"a/b\": {to: ./dist}", "expected a name"),
        ("main: {to: ./dist, environments: [staging]}", "`staging` is not an environment"),
        ("main: {to: ./dist}\n  other: {to: dist/}", "the targets `main` and `other` have one location"),
        ("main: {format: flagd}", "`to`"),
    ] {
        repository.write("flagctl.yaml", &format!("{PROJECT}publish:\n  {targets}\n"));
        let ran = repository.flagctl(&["validate"]);
        assert_eq!(ran.code, Some(1), "{targets}: {}", ran.stdout);
        assert!(ran.stdout.contains(line) && ran.stdout.contains("flagctl.yaml:"), "{targets}: {}", ran.stdout);
    }
}

#[test]
fn what_a_declared_target_cannot_express_is_found_at_review() {
    let repository = TestRepository::with_sale();
    let beta = |enabled: &str| {
        let rule = "rules:\n  - if: {email: {matches: \"^a.*b$\"}}\n    serve: on\n";
        format!("description: d\nvariants: {{on: true, off: false}}\noff: off\n{enabled}{rule}default: off\n")
    };
    let attributes = format!("{PROJECT}  email: string\n");
    let validate = |target: &str, enabled: &str| {
        repository.write("flagctl.yaml", &format!("{attributes}{target}"));
        repository.write("flags/beta.yaml", &beta(enabled));
        repository.flagctl(&["validate", "--format", "json"])
    };
    let target = "publish:\n  main: {to: ../fleet/web, format: flagd, environments: [production]}\n";
    let found = validate(target, "");
    assert_eq!(found.code, Some(1), "{}{}", found.stdout, found.stderr);
    assert!(found.stdout.contains("inexpressible-flag") && found.stdout.contains("write `starts_with`"));
    // A kill does not hide the problem, because a revival must be possible.
    repository.write("kills/production/beta.yaml", "reason: broken\n");
    assert_eq!(validate(target, "").code, Some(1));
    // `off` can be expressed, and a target of flagctl's format can express every flag.
    assert_eq!(validate(target, "enabled: false\n").code, Some(0));
    assert_eq!(validate(&target.replace("flagd", "flagctl"), "").code, Some(0));
    assert_eq!(validate("", "").code, Some(0));
}
