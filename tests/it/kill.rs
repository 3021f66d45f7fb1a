//! `kill` and `revive`: one process, many processes at the same time, and interrupted processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n";

/// Returns the YAML of a flag with a rule and comments.
fn flag(more: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\noff: off\n\
         default: off\nrules:\n  - {{name: nearby, if: {{country: DE}}, rollout: 25%, serve: on}}   # careful\n{more}"
    )
}

/// Makes a repository in which `wallet` requires `checkout`, and `checkout` requires `cart`. A rule of `hint` has a
/// condition on `cart`.
fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/cart.yaml", &flag("tags: [money]\n"));
    repository.write("flags/checkout.yaml", &flag("requires: {cart: on}\ntags: [money]\n"));
    repository.write("flags/wallet.yaml", &flag("requires: {checkout: on}\n"));
    let asking = "  - {name: asks, if: {segment: shoppers}, serve: on}\n";
    repository.write("flags/hint.yaml", &flag(asking));
    repository.write("segments/shoppers.yaml", "description: Of the cart.\nif: {flag: {cart: on}}\n");
    repository.commit("a shop");
    repository
}

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

fn is_sound(repository: &TestRepository, folder: &Path) {
    assert_eq!(repository.git_in(folder, &["fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn kill_lists_dependants_and_revive_restores_the_exact_state() {
    let repository = shop();
    let before = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let ran = repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1: it's empty", "--yes"]);
    let commit = repository.git(&["rev-parse", "--short=10", "HEAD"]);
    assert_eq!(
        fine(ran),
        format!(
            "cart in production\n  now\n    rule nearby: 25% → on\n    default: off\n  then\n    serves off = false to everyone\n  \
             checkout requires cart and turns off too: serves off = false\n  \
             wallet requires checkout and turns off too: serves off = false\n  \
             hint depends on it: 18.75% of units where country eq \"DE\": on → off\n\
             undo: flagctl revive cart -e production\n\
             committed {commit} to main; publish it with `git push origin main`\n"
        )
    );
    assert_eq!(
        repository.git(&["log", "-1", "--format=%an <%ae>%n%B"]),
        "Dana <dana@example.com>\nkill cart in production\n\nFlag: cart\nEnvironment: production\n\
         Reason: INC-1: it's empty\nFlagctl-Action: kill\n"
            .trim_end()
    );
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    let file = fs::read_to_string(repository.root().join("kills/production/cart.yaml")).unwrap();
    assert_eq!(file, "reason: 'INC-1: it''s empty'\nby: Dana <dana@example.com>\nat: 2026-11-02T00:00:00Z\n");
    assert_eq!(fine(repository.flagctl(&["validate"])), "4 flags, 1 segment, 1 kill in 2 environments: no problems\n");

    let revived = fine(repository.flagctl(&["revive", "cart", "-e", "production", "--yes"]));
    assert!(revived.contains("undo: flagctl kill cart -e production --reason 'INC-1: it'\\''s empty'\n"), "{revived}");
    assert_eq!(repository.git(&["rev-parse", "HEAD^{tree}"]), before);
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

/// Returns the notes that a kill of `sale` in production prints.
fn notes(repository: &TestRepository, folder: &Path) -> Vec<String> {
    let kill = ["kill", "sale", "-e", "production", "--dry-run"];
    let shown = fine(repository.flagctl_in(folder, &kill));
    let json = fine(repository.flagctl_in(folder, &[&kill[..], &["--format", "json"]].concat()));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let notes: Vec<String> = serde_json::from_value(json["effects"][0]["notes"].clone()).unwrap();
    assert!(notes.iter().all(|note| shown.contains(&format!("\n  {note}\n"))), "{shown}");
    notes
}

/// Returns the short id and the day of a commit.
fn dated(repository: &TestRepository, revision: &str) -> String {
    repository.git(&["log", "-1", "--abbrev=10", "--date=format:%Y-%m-%d", "--format=%h (%cd)", revision])
}

#[test]
fn kill_warns_about_an_off_variant_that_was_never_served() {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.commit("no flags");
    repository.write("flags/sale.yaml", &crate::git_bench::flag("on"));
    repository.commit("sale: for everyone");
    let first = dated(&repository, "HEAD");
    repository.remove("flags/sale.yaml");
    let behind = "rules:\n  - {serve: on}\n  - {if: {country: DE}, serve: off}\n";
    repository.write("flags/shop/sale.yaml", &format!("{}{behind}", crate::git_bench::flag("off")));
    repository.commit("sale: moved, and off for no one");
    let never = |first: &str| {
        format!(
            "no rule, default or kill has served `off` in this environment since the flag's first commit {first}: the \
             variant has never been live"
        )
    };
    assert_eq!(notes(&repository, repository.root()), [never(&first)]);
    let clone = repository.clone_to("shallow", &["--depth", "1"]);
    let known = dated(&repository, "HEAD");
    assert_eq!(
        notes(&repository, &clone),
        [format!(
            "no rule, default or kill has served `off` in this environment since {known}, where the history of this \
             shallow clone ends"
        )]
    );
}

#[test]
fn kill_names_the_commit_that_last_served_the_off_variant() {
    let mut repository = TestRepository::with_sale();
    let until = |repository: &TestRepository| {
        format!("`off` was last served in this environment until {}", dated(repository, "HEAD"))
    };
    assert_eq!(notes(&repository, repository.root()), [until(&repository)]);
    fine(repository.flagctl(&["kill", "sale", "--reason", "x", "--yes"]));
    fine(repository.flagctl(&["revive", "sale", "--yes"]));
    let revived = until(&repository);
    repository.write("flags/sale.yaml", &format!("# Ask first.\n{}", crate::git_bench::flag("on")));
    repository.commit("sale: a word of warning");
    assert_eq!(notes(&repository, repository.root()), [revived]);
    let split = "rules:\n  - {name: few, if: {country: DE}, serve: {on: 99%, off: 1%}}\n";
    repository.write("flags/sale.yaml", &format!("{}{split}", crate::git_bench::flag("on")));
    repository.commit("sale: off for a few");
    assert_eq!(notes(&repository, repository.root()), Vec::<String>::new());
}

#[test]
fn repeated_kill_and_revive_change_nothing() {
    let repository = shop();
    let kill = ["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"];
    fine(repository.flagctl(&kill));
    let head = repository.git(&["rev-parse", "HEAD"]);
    assert_eq!(fine(repository.flagctl(&kill)), "cart in production\n  already killed: INC-1\n");
    let revived = fine(repository.flagctl(&["revive", "cart", "-e", "staging", "--yes"]));
    assert_eq!(revived, "cart in staging\n  is not killed\n");
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
}

#[test]
fn the_undo_of_a_kill_keeps_older_kills() {
    let repository = shop();
    fine(repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]));
    let before = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let both = ["-e", "production", "-e", "staging", "--reason", "INC-2", "--yes"];
    let printed = fine(repository.flagctl(&[&["kill", "cart", "checkout"], &both[..]].concat()));
    let undo = printed.lines().find_map(|line| line.strip_prefix("undo: ")).unwrap();
    assert_eq!(undo, "flagctl revive cart checkout -e staging && flagctl revive checkout -e production");
    fine(repository.shell(&undo.replace("flagctl revive", "flagctl revive --yes")));
    assert_eq!(repository.git(&["rev-parse", "HEAD^{tree}"]), before);
}

#[test]
fn a_kill_by_tag_in_several_environments_is_one_commit() {
    let repository = shop();
    let kill = ["kill", "--tag", "money", "-e", "production", "-e", "staging", "--reason", "all of it", "--yes"];
    fine(repository.flagctl(&kill));
    let names = repository.git(&["show", "--name-only", "--format=%s", "HEAD"]);
    assert_eq!(
        names.lines().collect::<Vec<_>>(),
        [
            "kill 2 flags in staging, production",
            "",
            "kills/production/cart.yaml",
            "kills/production/checkout.yaml",
            "kills/staging/cart.yaml",
            "kills/staging/checkout.yaml"
        ]
    );
    let undo = ["revive", "cart", "checkout", "-e", "staging", "-e", "production", "--yes"];
    fine(repository.flagctl(&undo));
    assert_eq!(repository.git(&["rev-parse", "HEAD^{tree}"]), repository.git(&["rev-parse", "HEAD~2^{tree}"]));
}

#[test]
fn revive_after_a_change_needs_an_option() {
    let mut repository = shop();
    fine(repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]));
    repository.write("flags/cart.yaml", &flag("tags: [money]\n").replace("25%", "100%"));
    repository.commit("cart: for all of them");
    let revive = ["revive", "cart", "-e", "production", "--yes"];
    let ran = repository.flagctl(&revive);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stdout.contains("  changed since the kill: 75% of units where country eq \"DE\": off → on\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("`--allow-changed`"), "{}", ran.stderr);
    fine(repository.flagctl(&[&revive[..], &["--allow-changed"]].concat()));
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_written() {
    let repository = shop();
    let head = repository.git(&["rev-parse", "HEAD"]);
    let refused = |arguments: &[&str]| {
        let ran = repository.flagctl(arguments);
        (ran.code, ran.stderr.lines().next().unwrap_or_default().to_owned())
    };
    let reason = ["--reason", "x", "--yes"];
    let with = |arguments: &[&'static str]| refused(&[arguments, &reason[..]].concat());
    assert_eq!(
        with(&["kill", "crat", "-e", "production"]),
        (Some(3), "error: `crat` is not a flag on main; did you mean `cart`?".to_owned())
    );
    assert_eq!(
        with(&["kill", "cart"]),
        (Some(2), "error: expected an environment: pass `-e` with one of `staging`, `production`".to_owned())
    );
    assert_eq!(
        with(&["kill", "cart", "-e", "prod"]),
        (Some(3), "error: `prod` is not an environment; did you mean `production`?".to_owned())
    );
    assert_eq!(with(&["kill", "--tag", "nobody", "-e", "staging"]).1, "error: no flag has the tag `nobody`");
    assert_eq!(
        refused(&["kill", "cart", "-e", "production", "--yes"]),
        (Some(2), "error: expected a reason for the kill: pass it with `--reason TEXT`".to_owned())
    );
    assert_eq!(
        refused(&["kill", "cart", "-e", "production", "--reason", "x"]).1,
        "error: expected a terminal to ask for confirmation: pass `--yes`, or `--dry-run` to show the plan only"
    );
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_flag_with_errors_can_be_killed() {
    let mut repository = shop();
    repository.write("flags/cart.yaml", "variants: {on: true\n");
    repository.commit("cart: broken");
    let ran = fine(repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "x", "--yes"]));
    assert!(ran.contains("its definition has errors"), "{ran}");
}

#[test]
fn a_kill_is_written_in_a_bare_repository_a_folder_and_another_branch() {
    let mut repository = TestRepository::new();
    repository.write("shop/flagctl.yaml", PROJECT);
    repository.write("shop/flags/cart.yaml", &flag(""));
    repository.commit("a shop");
    repository.git(&["branch", "release"]);
    let arguments = ["kill", "cart", "-e", "production", "--reason", "x", "--yes"];
    let shop = repository.root().join("shop");
    fine(repository.flagctl_in(&shop, &arguments));
    let ran = fine(repository.flagctl_in(&shop, &[&arguments[..], &["--branch", "release"]].concat()));
    assert!(ran.contains("undo: flagctl revive cart -e production --branch release\n"), "{ran}");
    let bare = repository.clone_to("bare.git", &["--bare"]);
    repository.git_in(&bare, &["branch", "-f", "main", "main~1"]);
    fine(repository.flagctl_in(&bare, &arguments));
    for (folder, branch) in [(repository.root(), "main"), (repository.root(), "release"), (&bare, "main")] {
        let listed = repository.git_in(folder, &["show", "--name-only", "--format=", branch]);
        assert_eq!(listed, "shop/kills/production/cart.yaml");
    }
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_kill_for_a_pull_request_makes_its_branch() {
    let repository = shop();
    let bare = repository.clone_to("bare.git", &["--bare"]);
    let clone = repository.beside("clone");
    repository.git(&["clone", "--quiet", bare.to_str().unwrap(), clone.to_str().unwrap()]);
    let kill = ["kill", "cart", "-e", "production", "--reason", "x", "--branch", "kill-cart", "--push", "--yes"];
    let ran = fine(repository.flagctl_in(&clone, &kill));
    assert!(ran.contains("\nundo: flagctl revive cart -e production --branch kill-cart --push\n"), "{ran}");
    assert!(ran.ends_with("kill-cart is a new branch, made from main: open a pull request for it\n"), "{ran}");
    let changed = repository.git_in(&bare, &["diff", "--name-only", "main..kill-cart"]);
    assert_eq!(changed, "kills/production/cart.yaml");
    // The undo is on top of the same branch.
    fine(
        repository
            .flagctl_in(&clone, &["revive", "cart", "-e", "production", "--branch", "kill-cart", "--push", "--yes"]),
    );
    assert_eq!(repository.git_in(&bare, &["rev-list", "--count", "main..kill-cart"]), "2");
}

/// The number of flags that are killed by one process each, and the number of processes that kill the same flag.
const OWN: usize = 50;
const SAME: usize = 20;

/// Makes a repository with many flags.
fn many() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for at in 0..OWN {
        repository.write(&format!("flags/own-{at}.yaml"), &flag(""));
    }
    repository.write("flags/same.yaml", &flag(""));
    repository.commit("many flags");
    repository
}

fn spawn(repository: &TestRepository, folder: &Path, arguments: &[&str]) -> Child {
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Kills 50 flags by one process each and another flag by 20 processes, all at the same time.
fn kill_all(repository: &TestRepository, folder: impl Fn(usize) -> PathBuf, more: &[&str]) {
    let reasons: Vec<(String, String)> = (0..OWN).map(|at| (format!("own-{at}"), format!("own {at}"))).collect();
    let same = (0..SAME).map(|at| ("same".to_owned(), format!("same {at}")));
    let children: Vec<Child> = reasons
        .into_iter()
        .chain(same)
        .enumerate()
        .map(|(at, (flag, reason))| {
            let arguments = ["kill", &flag, "-e", "production", "--reason", &reason, "--yes"];
            spawn(repository, &folder(at), &[&arguments[..], more].concat())
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Asserts that every kill file exists and has one commit.
fn all_are_killed(repository: &TestRepository, folder: &Path) {
    let subjects = repository.git_in(folder, &["log", "--format=%s", "main", "--not", ":/^many flags"]);
    let subjects: Vec<&str> = subjects.lines().collect();
    assert_eq!(subjects.len(), OWN + 1);
    let mut expected: BTreeSet<String> = (0..OWN).map(|at| format!("kill own-{at} in production")).collect();
    expected.insert("kill same in production".to_owned());
    assert_eq!(subjects.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    assert_eq!(repository.git_in(folder, &["rev-list", "--min-parents=2", "main"]), "");
    is_sound(repository, folder);
}

#[test]
fn seventy_concurrent_kills_in_one_repository_all_succeed() {
    let repository = many();
    kill_all(&repository, |_| repository.root().to_owned(), &[]);
    all_are_killed(&repository, repository.root());
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    let listed = fine(repository.flagctl(&["list", "--killed", "--format", "json"]));
    assert_eq!(listed.matches("\"flag\"").count(), OWN + 1);
}

#[test]
fn seventy_concurrent_kills_from_clones_all_succeed() {
    let repository = many();
    let bare = repository.clone_to("bare.git", &["--bare"]);
    let clone = |at: usize| repository.beside(&format!("clone-{at}"));
    for at in 0..OWN + SAME {
        repository.git(&["clone", "--quiet", bare.to_str().unwrap(), clone(at).to_str().unwrap()]);
    }
    kill_all(&repository, clone, &["--push"]);
    all_are_killed(&repository, &bare);
    for at in 0..OWN + SAME {
        assert_eq!(repository.git_in(&clone(at), &["status", "--porcelain"]), "");
    }
}

#[test]
fn an_interrupted_kill_leaves_no_obstacle() {
    const ROUNDS: u32 = 120;
    let repository = many();
    let whole = Instant::now();
    fine(repository.flagctl(&["kill", "same", "-e", "staging", "--reason", "x", "--yes"]));
    let whole = whole.elapsed();
    let actions: [&[&str]; 2] = [
        &["kill", "same", "-e", "production", "--reason", "x", "--yes"],
        &["revive", "same", "-e", "production", "--yes"],
    ];
    repository.write("flags/own-0.yaml", "mine\n");
    for round in 0..ROUNDS {
        for action in actions {
            let mut child = spawn(&repository, repository.root(), action);
            // The delays range from before the first write to after the last write.
            thread::sleep(whole * (round * 7 % ROUNDS) / ROUNDS + Duration::from_micros(u64::from(round) * 13));
            child.kill().unwrap();
            child.wait().unwrap();
            let status = repository.git(&["status", "--porcelain"]);
            assert!(status.contains(" M flags/own-0.yaml"), "{status}");
        }
        if round % 4 == 0 {
            fine(repository.flagctl(actions[0]));
            assert_eq!(repository.git(&["status", "--porcelain"]), " M flags/own-0.yaml");
            fine(repository.flagctl(actions[1]));
            assert_eq!(repository.git(&["status", "--porcelain"]), " M flags/own-0.yaml");
            is_sound(&repository, repository.root());
        }
    }
    assert_eq!(repository.git(&["rev-list", "--min-parents=2", "main"]), "");
}

/// Makes a repository in which `checkout` requires `cart`, and both serve `on` to everyone.
fn stacked() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", &format!("{PROJECT}lint: {{missing-owner: off, missing-expiry: off}}\n"));
    let on = "variants: {on: true, off: false}\noff: off\ndefault: on\n";
    repository.write("flags/cart.yaml", on);
    repository.write("flags/checkout.yaml", &format!("{on}requires: {{cart: on}}\n"));
    repository.commit("two flags");
    repository
}

fn kill_in_production(repository: &TestRepository, flags: &[&str]) {
    fine(repository.flagctl(&[&["kill", "-e", "production", "--reason", "INC-7", "--yes"], flags].concat()));
}

#[test]
fn revive_names_another_kill_that_keeps_the_flag_off() {
    let repository = stacked();
    kill_in_production(&repository, &["checkout"]);
    kill_in_production(&repository, &["cart"]);
    // Nothing but `off` is served, so no option is necessary.
    let ran = fine(repository.flagctl(&["revive", "checkout", "-e", "production", "--yes"]));
    assert!(!ran.contains("proven"), "{ran}");
    assert!(ran.contains("\n  changed since the kill: everyone: on → off\n"), "{ran}");
    assert!(ran.contains("\n    cause: kills/production/cart.yaml:1: flag cart: killed: INC-7\n"), "{ran}");
}

#[test]
fn revive_of_several_flags_ignores_the_order_of_their_kills() {
    let repository = stacked();
    kill_in_production(&repository, &["cart"]);
    kill_in_production(&repository, &["checkout"]);
    let ran = fine(repository.flagctl(&["revive", "checkout", "cart", "-e", "production", "--yes"]));
    assert_eq!(ran.matches("  proven: decides as it did before the kill\n").count(), 2, "{ran}");
}

#[test]
fn revive_needs_an_option_if_a_dependant_would_serve_something_new() {
    let mut repository = stacked();
    kill_in_production(&repository, &["cart"]);
    repository.write(
        "flags/checkout.yaml",
        "variants: {on: 1, off: 2, new: 3}\noff: off\ndefault: new\nrequires: {cart: on}\n",
    );
    repository.commit("checkout: something new while its cart is killed");
    let revive = ["revive", "cart", "-e", "production", "--yes"];
    let ran = repository.flagctl(&revive);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("--allow-changed"), "{ran:?}");
    assert!(ran.stdout.contains("\n  proven: decides as it did before the kill\n"), "{ran:?}");
    assert!(
        ran.stdout.contains("\n  checkout depends on it, and changed since the kill: everyone: on → new\n"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("    cause: flags/checkout.yaml:3: default on → new\n"), "{ran:?}");
    fine(repository.flagctl(&[&revive[..], &["--allow-changed"]].concat()));
}

#[test]
fn revive_needs_an_option_if_the_end_of_another_kill_turns_the_flag_on() {
    let repository = stacked();
    kill_in_production(&repository, &["cart"]);
    kill_in_production(&repository, &["checkout"]);
    fine(repository.flagctl(&["revive", "cart", "-e", "production", "--yes"]));
    // At its kill, `checkout` served `off`, because its cart was killed.
    let ran = repository.flagctl(&["revive", "checkout", "-e", "production", "--yes"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stdout.contains("\n  changed since the kill: everyone: off → on\n"), "{ran:?}");
    assert!(ran.stdout.contains("\n    cause: kills/production/cart.yaml:1: flag cart: revived\n"), "{ran:?}");
}

/// Makes a repository in which something else is at the path of a kill of `cart`, and returns it after a kill.
fn killed_over(plant: impl Fn(&TestRepository, &Path)) -> TestRepository {
    let mut repository = shop();
    let path = repository.root().join("kills/production/cart.yaml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    plant(&repository, &path);
    repository.git(&["add", "--all"]);
    repository.commit("planted");
    let ran = repository.flagctl(&["validate", "--at", "HEAD"]);
    assert!(ran.stdout.contains("error[unreadable-file]: `kills/production/cart.yaml`"), "{}", ran.stdout);
    fine(repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]));
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    assert!(repository.git(&["ls-tree", "HEAD", "kills/production/"]).starts_with("100644 blob "));
    assert!(path.symlink_metadata().unwrap().is_file());
    is_sound(&repository, repository.root());
    let ran = repository.flagctl(&["eval", "cart", "-e", "production"]);
    assert!(fine(ran).contains("DISABLED: killed: INC-1"));
    let ran = repository.flagctl(&["verify-kill", "HEAD~1..HEAD", "cart", "-e", "production"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    repository
}

#[test]
fn a_link_in_the_place_of_a_kill_does_not_stop_the_kill() {
    let link = |_: &TestRepository, path: &Path| std::os::unix::fs::symlink("/nonexistent", path).unwrap();
    killed_over(link);
}

#[test]
fn a_submodule_in_the_place_of_a_kill_does_not_stop_the_kill() {
    let plant = |repository: &TestRepository, path: &Path| {
        let head = repository.git(&["rev-parse", "HEAD"]);
        fs::create_dir_all(path).unwrap();
        repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},kills/production/cart.yaml")]);
    };
    let repository = killed_over(plant);
    // In a clone without the folder of the submodule.
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    fs::remove_dir_all(repository.root().join("kills")).unwrap();
    fine(repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]));
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    // A submodule with files is the user's work.
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.write("kills/production/cart.yaml/work", "mine\n");
    let ran = repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]);
    assert_eq!(ran.code, Some(3));
    assert_eq!(fs::read_to_string(repository.root().join("kills/production/cart.yaml/work")).unwrap(), "mine\n");
}

#[test]
fn a_folder_in_the_place_of_a_kill_is_named() {
    let mut repository = shop();
    repository.write("kills/production/cart.yaml/planted", "");
    repository.commit("planted");
    let ran = repository.flagctl(&["kill", "cart", "-e", "production", "--reason", "INC-1", "--yes"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("`git rm -r kills/production/cart.yaml`"), "{}", ran.stderr);
}

#[test]
fn a_file_of_a_kill_with_errors_is_no_kill_that_a_plan_may_promise() {
    let mut repository = TestRepository::with_sale();
    repository.write("kills/production/sale.yaml", "reason: [\n");
    repository.commit("a broken kill");
    let ran = repository.flagctl(&["diff", "HEAD~1..HEAD"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""));
    let error = "sale in production has an unknown effect because of an error: kills/production/sale.yaml:1:9: unclosed \
                 bracket `[`";
    assert!(ran.stdout.contains(error), "{}", ran.stdout);
}
