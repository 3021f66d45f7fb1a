//! `verify-kill` accepts only changes that turn flags off and do nothing else.

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n";

fn flag(more: &str) -> String {
    format!(
        "variants: {{on: true, off: false}}\noff: off\ndefault: off\nrules:\n  - {{if: {{country: DE}}, serve: on}}\n{more}"
    )
}

/// Makes a repository in which `checkout` requires `cart`, and `banner` has a condition on a segment.
fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/cart.yaml", &flag(""));
    repository.write("flags/checkout.yaml", &flag("requires: {cart: on}\n"));
    repository.write("flags/banner.yaml", &flag("  - {if: {segment: nearby}, serve: on}\n"));
    repository.write("segments/nearby.yaml", "if: {country: [AT, CH]}\n");
    repository.write("README.md", "A shop.\n");
    repository.commit("a shop");
    repository.git(&["tag", "base"]);
    repository
}

fn verify(repository: &TestRepository, flags: &[&str]) -> Ran {
    repository.flagctl(&[&["verify-kill", "base..HEAD"], flags].concat())
}

fn objections(repository: &TestRepository, flags: &[&str]) -> Vec<String> {
    let ran = verify(repository, flags);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{}", ran.stdout);
    ran.stdout.lines().filter_map(|line| line.strip_prefix("not a kill: ").map(str::to_owned)).collect()
}

fn kill(repository: &TestRepository, flag: &str) {
    let ran = repository.flagctl(&["kill", flag, "-e", "production", "--reason", "INC-1", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_kill_is_proven_together_with_its_dependants() {
    let repository = shop();
    kill(&repository, "cart");
    let ran = verify(&repository, &[]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            Some(0),
            "cart in production: everyone where country eq \"DE\": on → off\n\
             checkout in production: everyone where flag cart serves on: on → off\n\
             proven: turns off cart, and changes nothing else for any context\n"
        )
    );
    assert_eq!(verify(&repository, &["cart"]).code, Some(0));
    assert_eq!(objections(&repository, &["banner"]), ["`cart` changes, which is not one of the flags to turn off"]);
}

#[test]
fn a_flag_turned_off_by_hand_is_proven_too() {
    let mut repository = shop();
    repository.write("flags/banner.yaml", &flag("enabled: false\n"));
    repository.commit("banner: off");
    assert_eq!(verify(&repository, &["banner"]).code, Some(0));
    assert_eq!(objections(&repository, &[]), ["`banner` changes, which is not one of the flags to turn off"]);
}

#[test]
fn a_kill_that_turns_a_flag_on_is_not_proven() {
    let mut repository = shop();
    let text = flag("").replace("{country: DE}", "{flag: {cart: off}}");
    repository.write("flags/fallback.yaml", &text);
    repository.commit("fallback: where the cart is off");
    repository.git(&["tag", "--force", "base"]);
    kill(&repository, "cart");
    let turned_on = "`fallback` in production: everyone where not (flag cart serves off): off → on";
    assert_eq!(objections(&repository, &[]), [turned_on]);
}

#[test]
fn verify_kill_names_every_other_change() {
    let mut repository = shop();
    kill(&repository, "cart");
    repository.write("README.md", "A better shop.\n");
    repository.write("flags/banner.yaml", &flag("  - {if: {country: FR}, serve: on}\n"));
    repository.commit("while at it");
    assert_eq!(
        objections(&repository, &[]),
        [
            "`README.md` changes, which does not define a flag",
            "`banner` changes, which is not one of the flags to turn off",
            "`banner` in staging: everyone where country eq \"FR\": off → on",
            "`banner` in production: everyone where country eq \"FR\": off → on",
        ]
    );
}

#[test]
fn a_revive_a_new_flag_and_a_broken_kill_file_are_not_proven() {
    let mut repository = shop();
    kill(&repository, "cart");
    repository.git(&["tag", "--force", "base"]);
    repository.flagctl(&["revive", "cart", "-e", "production", "--yes"]);
    assert_eq!(objections(&repository, &[]).len(), 2);
    repository.git(&["tag", "--force", "base"]);
    repository.write("kills/production/cart.yaml", "why: not\n");
    repository.commit("cart: killed by hand");
    assert!(!objections(&repository, &[]).is_empty());
    repository.remove("kills/production/cart.yaml");
    repository.write("kills/production/no-such.yaml", "reason: INC-1\n");
    repository.commit("no-such: killed");
    assert!(!objections(&repository, &[]).is_empty());
}

#[test]
fn diff_ignores_commits_that_the_base_got_meanwhile() {
    let mut repository = shop();
    repository.git(&["checkout", "--quiet", "-b", "stop"]);
    kill(&repository, "cart");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("flags/banner.yaml", &flag(""));
    repository.commit("banner: fewer");
    let ran = repository.flagctl(&["verify-kill", "main..stop"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}
