//! `--pr`: a branch from the default one, its push, and the pull request. The forges are stand-ins: a bare repository, and
//! a program `gh` that records its arguments.

use std::fs;
use std::path::PathBuf;

use flagctl::forge::{Forge, RemoteRepository};
use serde_json::Value as Json;

use crate::git_bench::{Ran, TestRepository, executable};

const KILL: &str = "kill sale -e production --reason 'INC-1: it is broken' --yes";

/// A clone whose `origin` has the address of a forge, and is a bare repository beside the clone.
struct Shop {
    repository: TestRepository,
    remote: PathBuf,
}

impl Shop {
    fn at(address: &str) -> Self {
        let repository = TestRepository::with_sale();
        let remote = repository.beside("origin.git");
        repository.git(&["clone", "--quiet", "--bare", ".", remote.to_str().unwrap()]);
        repository.git(&["remote", "add", "origin", address]);
        repository.git(&["config", &format!("url.{}.insteadOf", remote.display()), address]);
        Self { repository, remote }
    }

    /// Installs a hook of the remote.
    fn hook(&self, name: &str, script: &str) {
        executable(&self.remote.join("hooks").join(name), script);
    }

    /// Installs `gh`, which writes its arguments to a file, and returns the folder.
    fn gh(&self, script: &str) -> PathBuf {
        let folder = self.repository.beside("tools");
        fs::create_dir(&folder).unwrap();
        let log = self.repository.beside("gh.log");
        executable(&folder.join("gh"), &format!("printf '%s\\n' \"$@\" > {}\n{script}", log.display()));
        folder
    }

    fn gh_log(&self) -> Option<String> {
        fs::read_to_string(self.repository.beside("gh.log")).ok()
    }

    fn flagctl(&self, arguments: &str, path: &str) -> Ran {
        self.repository.shell(&format!("PATH={path}$PATH; flagctl {arguments}"))
    }

    fn branches(&self) -> Vec<String> {
        let branches = self.repository.git_in(&self.remote, &["branch", "--format=%(refname:short)"]);
        branches.lines().map(str::to_owned).collect()
    }
}

/// Returns the only branch of the remote beside `main`.
fn new_branch(shop: &Shop) -> String {
    let branches = shop.branches();
    assert_eq!(branches.len(), 2, "{branches:?}");
    branches.into_iter().find(|name| name != "main").unwrap()
}

fn last_line(ran: &Ran) -> &str {
    ran.stdout.lines().last().unwrap_or_default()
}

#[test]
fn gh_opens_the_pull_request_of_a_kill() {
    let shop = Shop::at("https://dana:secret@github.com/acme/flags.git");
    let tools = shop.gh("echo https://github.com/acme/flags/pull/7");
    let main = shop.repository.git_in(&shop.remote, &["rev-parse", "main"]);
    let ran = shop.flagctl(&format!("{KILL} --pr"), &format!("{}:", tools.display()));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let branch = new_branch(&shop);
    assert!(branch.starts_with("kill-sale-20"), "{branch}");
    assert_eq!(last_line(&ran), "pull request: https://github.com/acme/flags/pull/7");
    assert!(ran.stdout.contains(&format!("{branch} is a new branch, made from main\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains("undo: flagctl revive sale -e production --pr\n"), "{}", ran.stdout);
    let expected = format!(
        "pr\ncreate\n--repo=github.com/acme/flags\n--base=main\n--head={branch}\n--title=kill sale in production\n\
         --body=INC-1: it is broken\n\nUndo: `flagctl revive sale -e production --pr`\n\n"
    );
    assert_eq!(shop.gh_log().unwrap(), expected);
    // Only the new branch has the kill.
    assert_eq!(
        shop.repository.git_in(&shop.remote, &["rev-parse", "main", &format!("{branch}~1")]),
        format!("{main}\n{main}")
    );
}

#[test]
fn without_gh_the_address_is_shown() {
    let shop = Shop::at("git@github.com:acme/flags.git");
    let ran = shop.flagctl(&format!("{KILL} --pr --branch 'stop #1'"), "");
    assert_eq!(ran.code, Some(3), "git refuses the name: {ran:?}");
    let ran = shop.flagctl(&format!("{KILL} --pr --branch stop/it#1 --format json"), "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let expected = "https://github.com/acme/flags/compare/main...stop/it%231?expand=1";
    assert_eq!(json["written"]["pullRequest"]["address"], Json::from(expected));
    assert_eq!(json["written"]["pullRequest"]["opened"], Json::from("person"));
}

#[test]
fn a_gh_that_fails_leaves_the_address() {
    let shop = Shop::at("https://github.com/acme/flags");
    let tools = shop.gh("echo 'gh: not logged in' >&2; exit 4");
    let ran = shop.flagctl(&format!("{KILL} --pr --branch stop"), &format!("{}:", tools.display()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stderr, "note: `gh` did not open a pull request: gh: not logged in\n");
    assert_eq!(
        last_line(&ran),
        "open a pull request for it: https://github.com/acme/flags/compare/main...stop?expand=1"
    );
}

#[test]
fn a_gh_of_the_repository_or_of_a_relative_folder_is_not_run() {
    let shop = Shop::at("https://github.com/acme/flags");
    let trap = shop.repository.beside("trapped");
    let bin = shop.repository.root().join("bin");
    fs::create_dir(&bin).unwrap();
    for folder in [shop.repository.root(), &bin] {
        executable(&folder.join("gh"), &format!("touch {}", trap.display()));
    }
    let path = format!(":.:bin:{}:", bin.display());
    let ran = shop.flagctl(&format!("{KILL} --pr --branch stop"), &path);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(last_line(&ran).starts_with("open a pull request for it: "), "{}", ran.stdout);
    assert!(!trap.exists());
}

#[test]
fn a_push_to_gitlab_asks_for_a_merge_request() {
    let shop = Shop::at("https://gitlab.com/acme/shop/flags.git");
    shop.repository.git_in(&shop.remote, &["config", "receive.advertisePushOptions", "true"]);
    shop.hook("pre-receive", "echo \"$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0\" > options");
    let ran = shop.flagctl(&format!("{KILL} --pr --branch stop"), "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(fs::read_to_string(shop.remote.join("options")).unwrap(), "1 merge_request.create\n");
    let address = "https://gitlab.com/acme/shop/flags/-/merge_requests/new?merge_request%5Bsource_branch%5D=stop";
    assert_eq!(last_line(&ran), format!("GitLab was asked to open a merge request; if it did not: {address}"));

    // A server that accepts no options gets the push without them.
    let shop = Shop::at("https://gitlab.com/acme/shop/flags.git");
    shop.repository.git_in(&shop.remote, &["config", "receive.advertisePushOptions", "false"]);
    let ran = shop.flagctl(&format!("{KILL} --pr --branch stop"), "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(shop.branches(), ["main", "stop"]);
    // Without `--pr`, a push asks for nothing.
    shop.repository.git_in(&shop.remote, &["config", "receive.advertisePushOptions", "true"]);
    shop.hook("pre-receive", "echo \"$GIT_PUSH_OPTION_COUNT\" > options");
    let ran = shop.flagctl(&format!("{KILL} --push --branch other"), "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fs::read_to_string(shop.remote.join("options")).unwrap().trim(), "0");
}

#[test]
fn a_refused_push_shows_the_command_that_opens_a_pull_request() {
    let shop = Shop::at("https://github.com/acme/flags");
    shop.hook("pre-receive", "grep -q refs/heads/main && { echo 'main takes pull requests only'; exit 1; } || exit 0");
    let ran = shop.flagctl(&format!("{KILL} --push"), "");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("main takes pull requests only"), "{}", ran.stderr);
    let command = "flagctl kill sale -e production --reason 'INC-1: it is broken' --yes --pr";
    assert_eq!(ran.stderr.lines().last().unwrap().trim(), command);
    assert_eq!(shop.branches(), ["main"]);
    let ran = shop.flagctl(command.strip_prefix("flagctl ").unwrap(), "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let branch = new_branch(&shop);
    assert!(last_line(&ran).ends_with(&format!("/compare/main...{branch}?expand=1")), "{}", ran.stdout);
}

#[test]
fn the_default_branch_is_not_the_branch_of_a_pull_request() {
    let shop = Shop::at("https://github.com/acme/flags");
    let ran = shop.flagctl(&format!("{KILL} --pr --branch main"), "");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let expected = "error: `main` is the default branch of `origin`, into which a pull request is merged; leave out \
                    `--branch`, or name another branch\n";
    assert_eq!(ran.stderr, expected);
    let ran = shop.flagctl(&format!("{KILL} --remote origin"), "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), "error: `--remote` needs `--push` or `--pr`\n"));
}

#[test]
fn revive_and_rollout_have_the_same_options() {
    let shop = Shop::at("https://codeberg.org/acme/flags.git");
    let sale = fs::read_to_string(shop.repository.root().join("flags/sale.yaml")).unwrap();
    let rule = "rules:\n  - {name: nearby, if: {country: DE}, rollout: 25%, serve: on}\n";
    shop.repository
        .write("flags/sale.yaml", &format!("{}tags: [money]\n{rule}", sale.replace("default: on", "default: off")));
    shop.repository.write("flags/cart.yaml", &format!("{sale}tags: [money]\n"));
    shop.repository.git(&["add", "."]);
    shop.repository.git(&["commit", "--quiet", "-m", "a rule"]);
    shop.repository.git(&["push", "--quiet", "origin", "main"]);
    let ran = shop.flagctl("rollout sale --to 50% --yes --pr --branch half", "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(last_line(&ran), "open a pull request for it: https://codeberg.org/acme/flags/compare/main...half");
    assert_eq!(shop.flagctl("kill --tag money -e production --reason x --yes --push", "").code, Some(0));
    assert_eq!(shop.flagctl("revive cart -e production --yes --push", "").code, Some(0));
    // Only the flag of the tag that is still killed.
    let ran = shop.flagctl("revive --tag money -e production --yes --pr --branch back", "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with("sale in production\n") && !ran.stdout.contains("cart in"), "{}", ran.stdout);
    assert_eq!(last_line(&ran), "open a pull request for it: https://codeberg.org/acme/flags/compare/main...back");
    let ran = shop.flagctl("revive --tag mony -e production --yes", "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), "error: no flag has the tag `mony`\n"));
}

#[test]
fn addresses_are_derived_from_the_remote_and_escaped() {
    let rows = [
        ("https://github.com/acme/flags.git", Some("https://github.com/acme/flags/compare/main...a%26b?expand=1")),
        ("git@github.com:acme/flags.git", Some("https://github.com/acme/flags/compare/main...a%26b?expand=1")),
        (
            "ssh://git@github.acme.com:2222/acme/flags",
            Some("https://github.acme.com/acme/flags/compare/main...a%26b?expand=1"),
        ),
        (
            "https://oauth2:token@gitlab.acme.com:8443/a/b/c.git/",
            Some("https://gitlab.acme.com:8443/a/b/c/-/merge_requests/new?merge_request%5Bsource_branch%5D=a%26b"),
        ),
        ("git@codeberg.org:acme/flags.git", Some("https://codeberg.org/acme/flags/compare/main...a%26b")),
        ("http://gitea.local.lan:3000/acme/flags", Some("http://gitea.local.lan:3000/acme/flags/compare/main...a%26b")),
        ("git@bitbucket.org:acme/flags.git", Some("https://bitbucket.org/acme/flags/pull-requests/new?source=a%26b")),
        ("https://git.acme.com/acme/flags", Some("https://git.acme.com/acme/flags")),
        (
            "https://github.com/a b/\u{1b}[31m`x`",
            Some("https://github.com/a%20b/%1B%5B31m%60x%60/compare/main...a%26b?expand=1"),
        ),
        ("https://github.com/../flags", None),
        ("https://github.com/flags", None),
        ("https://git hub.com/acme/flags", None),
        ("https://github.com:80x/acme/flags", None),
        ("file:///srv/flags.git", None),
        ("/srv/acme/flags.git", None),
        ("../flags.git", None),
        ("C:\\flags\\a", None),
        ("-oProxyCommand=x:a/b", None),
    ];
    for (remote, expected) in rows {
        let repository = RemoteRepository::parse(remote);
        let address = repository.map(|repository| repository.new_request(Some("main"), "a&b"));
        assert_eq!(address.as_deref(), expected, "{remote}");
    }
    let evil = RemoteRepository::parse("https://github.com.evil.example/acme/flags").unwrap();
    assert_eq!((evil.forge, evil.full_name().as_str()), (Forge::Github, "github.com.evil.example/acme/flags"));
}
