//! Rollout steps: each commit changes only one number.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n";
/// All environments, which share one rollout in the file.
const BOTH: &[&str] = &["-e", "staging", "-e", "production"];
const BANNER: &str = "# Begun in spring.\ndescription: A banner.\nowner: web\nexpires: 2027-01-01\n\
variants: {on: true, off: false}\noff: off\ndefault: off\nrules:\n  - name:  nearby\n    if: {country: DE}\n    \
rollout:   '5%'   # careful\n    steps: [5%, 25%, 100%]\n    serve: on\n  - serve: on\n    rollout: 0%\n";

fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/web/banner.yaml", BANNER);
    repository.write("flags/hint.yaml", &BANNER.replace("rollout:   '5%'", "rollout: 5%"));
    repository.commit("a shop");
    repository
}

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

fn rollout(repository: &TestRepository, arguments: &[&str]) -> Ran {
    repository.flagctl(&[&["rollout", "banner", "--rule", "nearby", "--yes"], BOTH, arguments].concat())
}

fn banner(repository: &TestRepository) -> String {
    fs::read_to_string(repository.root().join("flags/web/banner.yaml")).unwrap()
}

#[test]
fn a_rollout_step_changes_only_the_number() {
    let repository = shop();
    fine(rollout(&repository, &["next", "--reason", "no complaints"]));
    assert_eq!(banner(&repository), BANNER.replace("'5%'", "'25%'"));
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    let message = repository.git(&["log", "-1", "--format=%B"]);
    assert_eq!(
        message,
        "rollout banner in staging, production: nearby 5% → 25%\n\nFlag: banner\nEnvironment: staging\n\
         Environment: production\nReason: no complaints\nFlagctl-Action: rollout"
    );
    fine(rollout(&repository, &["--to", "31.25%"]));
    assert_eq!(banner(&repository), BANNER.replace("'5%'", "'31.25%'"));
    fine(rollout(&repository, &["back"]));
    assert_eq!(banner(&repository), BANNER.replace("'5%'", "'25%'"));
    let head = repository.git(&["rev-parse", "HEAD"]);
    let again = fine(rollout(&repository, &["--to", "25%"]));
    assert!(again.contains("is already at 25%"), "{again}");
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
}

#[test]
fn rollout_shows_which_contexts_enter_and_leave() {
    let mut repository = shop();
    let ran = fine(rollout(&repository, &["next"]));
    let enter = "  20% of units where country eq \"DE\": off → on\n  no unit leaves\n";
    assert!(ran.contains(enter), "{ran}");
    let text = BANNER.replace("{on: true, off: false}", "{on: blue, other: green, off: none}");
    repository.write("flags/web/banner.yaml", &text.replace("default: off", "default: other"));
    repository.commit("banner: in two colours");
    let head = repository.git(&["rev-parse", "HEAD"]);
    let ran = rollout(&repository, &["next"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stdout.contains("  20% of units where country eq \"DE\": other → on\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`--allow-reassign`"), "{}", ran.stderr);
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
    fine(rollout(&repository, &["next", "--allow-reassign"]));
}

#[test]
fn a_rule_without_a_rollout_gets_one() {
    let repository = shop();
    let text =
        "variants: {on: true, off: false}\noff: off\ndefault: off\nrules:\n- if:\n    country: DE\n  serve: on # all\n";
    repository.write("flags/web/banner.yaml", text);
    repository.git(&["commit", "--quiet", "--all", "--message", "banner: for all"]);
    let arguments = ["rollout", "banner", "--rule", "#1", "--to", "50%", "--yes"];
    fine(repository.flagctl(&[&arguments, BOTH].concat()));
    assert_eq!(banner(&repository), text.replace("  serve: on", "  rollout: 50%\n  serve: on"));
}

#[test]
fn environments_with_separate_rules_have_separate_rollouts() {
    let repository = shop();
    let own = "environments:\n  production:\n    rules: [{name: nearby, rollout: 1%, steps: [1%, 2%], serve: on}]\n";
    repository.write("flags/web/banner.yaml", &format!("{BANNER}{own}"));
    repository.git(&["commit", "--quiet", "--all", "--message", "banner: its own rules"]);
    let status = fine(repository.flagctl(&["rollout", "banner", "status"]));
    assert_eq!(
        status,
        "ENVIRONMENT  RULE    ROLLOUT  STEPS\n\
         staging      nearby  5%       [5%] 25% 100%\n\
         staging      #2      0%\n\
         production   nearby  1%       [1%] 2%\n"
    );
    assert_eq!(
        rollout(&repository, &["next"]).stderr,
        "error: the rules of staging and of production are not the same: name one with `-e`\n"
    );
    let next = ["rollout", "banner", "next", "--yes", "-e", "production"];
    fine(repository.flagctl(&next));
    assert_eq!(banner(&repository), format!("{BANNER}{}", own.replace("rollout: 1%", "rollout: 2%")));
    assert_eq!(
        repository.flagctl(&next).stderr,
        "error: rule `nearby` is at 2%, and it has no further step: pass a percentage with `--to`\n"
    );
}

#[test]
fn an_ambiguous_rollout_is_refused() {
    let repository = shop();
    let head = repository.git(&["rev-parse", "HEAD"]);
    let refused = |arguments: &[&str]| {
        let environments = if arguments.contains(&"-e") { &[] } else { BOTH };
        let ran = repository.flagctl(&[&["rollout"], arguments, environments, &["--yes"]].concat());
        (ran.code, ran.stderr.lines().next().unwrap_or_default().to_owned())
    };
    assert_eq!(
        refused(&["banner", "next"]),
        (Some(2), "error: several rules have a rollout: name one with `--rule`: nearby, #2".to_owned())
    );
    assert_eq!(
        refused(&["banner", "next", "--rule", "nearbi"]),
        (Some(3), "error: `nearbi` is not a rule of `banner`; did you mean `nearby`?".to_owned())
    );
    assert_eq!(
        refused(&["banner", "next", "--rule", "#2"]),
        (Some(3), "error: rule `#2` has no `steps`: pass a percentage with `--to`".to_owned())
    );
    assert_eq!(refused(&["banner", "--rule", "nearby", "--to", "1000%"]).0, Some(2));
    assert_eq!(refused(&["baner", "next"]).1, "error: `baner` is not a flag on main; did you mean `banner`?");
    repository.write("flags/web/banner.yaml", "mine\n");
    assert_eq!(
        refused(&["banner", "next", "--rule", "nearby"]).1,
        "error: `flags/web/banner.yaml` has uncommitted changes; commit them or put them away with `git stash push --all -- flags/web/banner.yaml`, \
         then try again"
    );
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(banner(&repository), "mine\n");
}

#[test]
fn concurrent_rollouts_to_one_percentage_succeed_with_one_commit() {
    let repository = shop();
    let spawn = |to: &str| {
        let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
        let arguments = ["rollout", "banner", "--rule", "nearby", "--to", to, "--yes"];
        command.current_dir(repository.root()).args(arguments).args(BOTH).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..20).map(|_| spawn("25%")).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(repository.git(&["rev-list", "--count", "main"]), "2");
    // Processes with different percentages either commit one after another or fail.
    let children: Vec<_> = ["50%", "75%", "80%", "90%"].map(spawn).into_iter().collect();
    let mut succeeded = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || said.contains("was changed in the meantime"), "{said}");
        succeeded += usize::from(output.status.success());
    }
    assert_eq!(repository.git(&["rev-list", "--count", "main"]), (2 + succeeded).to_string());
    assert!(succeeded > 0);
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    assert_eq!(repository.git(&["fsck", "--strict", "--no-dangling"]), "");
}

#[test]
fn an_interrupted_rollout_is_complete_or_absent() {
    const ROUNDS: u32 = 120;
    let repository = shop();
    let whole = Instant::now();
    fine(rollout(&repository, &["--to", "6%"]));
    let whole = whole.elapsed();
    repository.write("flags/hint.yaml", "mine\n");
    for round in 0..ROUNDS {
        let to = format!("{}%", round % 90 + 7);
        let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
        let arguments = ["rollout", "banner", "--rule", "nearby", "--to", &to, "--yes"];
        command.current_dir(repository.root()).args(arguments).args(BOTH);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * (round * 7 % ROUNDS) / ROUNDS + Duration::from_micros(u64::from(round) * 13));
        child.kill().unwrap();
        child.wait().unwrap();
        repository.git(&["status", "--porcelain"]);
        if round % 4 == 0 {
            fine(rollout(&repository, &["--to", if round % 8 == 0 { "99%" } else { "98%" }]));
            assert_eq!(repository.git(&["status", "--porcelain"]), " M flags/hint.yaml");
            assert_eq!(banner(&repository), repository.git(&["show", "main:flags/web/banner.yaml"]) + "\n");
            assert_eq!(repository.git(&["fsck", "--strict", "--no-dangling"]), "");
        }
    }
}

/// Runs `rollout` for the rule `nearby` in one environment or group, and returns the text of the flag after it.
fn rolled_out(before: &str, arguments: &[&str]) -> String {
    let repository = shop();
    repository.write(
        "flagctl.yaml",
        &PROJECT.replace("production]", "production, canary]\ngroups: {live: [production, canary]}"),
    );
    repository.write("flags/web/banner.yaml", before);
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--allow-empty", "--message", "banner: another layout"]);
    fine(repository.flagctl(&[&["rollout", "banner", "--rule", "nearby", "--yes"], arguments].concat()));
    fine(repository.flagctl(&["validate", "--format", "json"]));
    banner(&repository)
}

#[test]
fn a_rollout_in_one_environment_of_a_shared_rule_adds_only_its_field() {
    let production: &[&str] = &["-e", "production", "--to", "50%"];
    assert_eq!(
        rolled_out(BANNER, production),
        BANNER.replacen("    serve: on\n", "    serve: on\n    environments:\n      production: {rollout: 50%}\n", 1)
    );
    let windows = format!("\u{feff}{}", BANNER.replace('\n', "\r\n"));
    assert_eq!(
        rolled_out(&windows, production),
        windows.replacen(
            "    serve: on\r\n",
            "    serve: on\r\n    environments:\r\n      production: {rollout: 50%}\r\n",
            1
        )
    );
    let flow = BANNER.split("rules:").next().unwrap().to_owned()
        + "rules: [{name: nearby, rollout: '5%', serve: on}, {serve: on, rollout: 0%}] # all\n";
    assert_eq!(
        rolled_out(&flow, production),
        flow.replace("serve: on}, ", "serve: on, environments: {production: {rollout: 50%}}}, ")
    );
}

#[test]
fn a_rollout_in_an_environment_with_an_entry_changes_or_completes_the_entry() {
    let with =
        |entry: &str| BANNER.replacen("    serve: on\n", &format!("    serve: on # it\n    environments:\n{entry}"), 1);
    for (before, after) in [
        (
            "      production:\n        # slowly\n        rollout: \"1%\" # now\n",
            "      production:\n        # slowly\n        rollout: \"50%\" # now\n",
        ),
        ("      production: {enabled: true}\n", "      production: {enabled: true, rollout: 50%}\n"),
        (
            "      staging: {rollout: 7%} # fine\n",
            "      staging: {rollout: 7%} # fine\n      production: {rollout: 50%}\n",
        ),
        ("      live: {rollout: 7%}\n", "      live: {rollout: 7%}\n      production: {rollout: 50%}\n"),
    ] {
        assert_eq!(rolled_out(&with(before), &["-e", "production", "--to", "50%"]), with(after));
    }
}

#[test]
fn a_rollout_for_a_group_changes_the_entry_of_the_group() {
    let with =
        |entry: &str| BANNER.replacen("    serve: on\n", &format!("    serve: on\n    environments:\n{entry}"), 1);
    assert_eq!(
        rolled_out(&with("      live: {rollout: 7%}\n"), &["-e", "live", "--to", "50%"]),
        with("      live: {rollout: 50%}\n")
    );
    // Both members are named, so their common field is changed.
    assert_eq!(
        rolled_out(&with("      live: {rollout: 7%}\n"), &["-e", "production", "-e", "canary", "--to", "50%"]),
        with("      live: {rollout: 50%}\n")
    );
    let repository = shop();
    repository.write("flagctl.yaml", &format!("{PROJECT}groups: {{live: [production]}}\n"));
    repository.git(&["commit", "--quiet", "--all", "--message", "a group"]);
    let ran = repository.flagctl(&["rollout", "banner", "--rule", "nearby", "--yes", "-e", "live", "--to", "50%"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (
            Some(3),
            "error: rule `nearby` has no entry for the group `live`: name its environments `production` with `-e`, or add \
             the entry to `environments` of the rule\n"
        )
    );
}

#[test]
fn a_rollout_names_its_environment_and_its_percentage_with_a_sign() {
    let repository = shop();
    let ran = repository.flagctl(&["rollout", "banner", "--rule", "nearby", "next", "--yes"]);
    let missing = "error: expected an environment: pass `-e` with one of `staging`, `production`\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), missing));
    let ran = rollout(&repository, &["--to", "75"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("expected a percentage, found a number: write `75%`"), "{}", ran.stderr);
    fine(repository.flagctl(&["rollout", "banner", "--rule", "nearby", "-e", "production", "--to", "50%", "--yes"]));
    let ran = rollout(&repository, &["--to", "75%"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (
            Some(2),
            "error: rule `nearby` has not the same share in all of them: 5% in staging, 50% in production: name \
             environments with one share with `-e`\n"
        )
    );
    let status = fine(repository.flagctl(&["rollout", "banner", "status"]));
    assert!(status.contains("production   nearby  50%"), "{status}");
}

#[test]
fn a_rule_that_is_not_enabled_has_no_rollout_to_change() {
    let repository = shop();
    repository.write("flags/web/banner.yaml", &BANNER.replace("name:  nearby", "name:  nearby\n    enabled: false"));
    repository.git(&["commit", "--quiet", "--all", "--message", "banner: pause"]);
    let ran = rollout(&repository, &["next"]);
    let problem = "error: rule `nearby` has `enabled: false` in staging: enable it in the file of the flag first\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), problem));
}
