//! A quarter of the life of one flag, as a team has it on a remote whose branch `main` is protected.
//!
//! The flag begins off for everyone, is on in dev, is promoted to staging, goes through four steps in production, is
//! killed by a pull request, is revived, reaches everyone and is removed. Each change is a branch with a plan, and its
//! checks pass before it is merged, also while the definition of another flag on `main` is broken. The file of the flag is
//! written once by hand. All later changes come from commands.
//!
//! **Invariant:** `tests/flag_life/transcript.txt` has every command with its complete output.

use std::path::PathBuf;

use snapbox::{assert_data_eq, file};

use crate::git_bench::{TestRepository, executable};

const PROJECT: &str = "\
version: 1
environments: [dev, staging, production]
attributes:
  targetingKey: {type: string, required: true}
  country: string
bucketing: siphash
publish:
  main: {to: ../fleet/}
";

const FAST_PAY: &str = "\
description: Pay with one click.
owner: team-payments
expires: 2027-06-30
variants: {on: true, off: false}
off: off
rules:
  - name: at-home
    if: {country: [AT, DE]}   # the bank is ready there
    rollout: 0%
    steps: [1%, 10%, 25%, 50%, 100%]
    serve: on
default: off
";

const RECEIPTS: &str = "\
description: Receipts by mail.
owner: team-payments
expires: 2027-06-30
variants: {on: true, off: false}
off: off
default: on
";

const TESTS: &str = "\
description: Who pays with one click.
cases:
  - name: no one outside of the two countries
    context: {targetingKey: u1, country: FR}
    expect: {fast-pay: off}
  - name: everyone at home in dev
    environments: dev
    context: {targetingKey: u1, country: DE}
    expect: {fast-pay: on}
";

/// What a pull request changes.
#[derive(Clone, Copy)]
enum Change {
    Definition,
    /// The definition of a flag that is invalid on `main`.
    Repair,
    Kill,
}

/// A developer's clone, the forge with the protected branch, and what was done so far.
struct Life {
    shop: TestRepository,
    forge: PathBuf,
    transcript: String,
}

impl Life {
    fn begin() -> Self {
        let mut shop = TestRepository::new();
        shop.write("flagctl.yaml", PROJECT);
        shop.write("flags/receipts.yaml", RECEIPTS);
        shop.commit("the shop");
        let forge = shop.clone_to("forge.git", &["--bare"]);
        shop.git(&["remote", "add", "origin", forge.to_str().unwrap()]);
        shop.git(&["fetch", "--quiet", "origin"]);
        shop.git(&["remote", "set-head", "origin", "main"]);
        let refuse_main = "while read old new ref; do\n  [ $ref != refs/heads/main ] || \
                           { echo 'main takes pull requests only' >&2; exit 1; }\ndone";
        executable(&forge.join("hooks/pre-receive"), refuse_main);
        Self { shop, forge, transcript: String::new() }
    }

    /// Adds a heading to the transcript.
    fn chapter(&mut self, title: &str) {
        self.transcript.push_str(&format!("{}# {title}\n", if self.transcript.is_empty() { "" } else { "\n" }));
    }

    /// Runs a command in the developer's clone, and asserts its exit code.
    fn run(&mut self, line: &str, code: i32) {
        let ran = self.shop.shell(line);
        let shown = if code == 0 { String::new() } else { format!("? {code}\n") };
        self.transcript.push_str(&format!("\n$ {line}\n{shown}{}{}", ran.stdout, ran.stderr));
        assert_eq!(ran.code, Some(code), "{}", self.transcript);
    }

    /// Commits to a new branch what a person changed by hand, and pushes the branch.
    fn push_by_hand(&mut self, branch: &str, message: &str, change: impl FnOnce(&TestRepository)) {
        self.shop.git(&["checkout", "--quiet", "-b", branch, "origin/main"]);
        change(&self.shop);
        self.shop.commit(message);
        self.shop.git(&["push", "--quiet", "origin", branch]);
        self.shop.git(&["checkout", "--quiet", "main"]);
    }

    /// Runs the checks of a pull request in a checkout of its branch.
    fn check(&mut self, branch: &str, change: Change) {
        self.shop.git(&["fetch", "--quiet", "origin"]);
        self.shop.git(&["checkout", "--quiet", "--detach", &format!("origin/{branch}")]);
        self.run("flagctl validate --new-since origin/main", 0);
        self.run("flagctl test --new-since origin/main", 0);
        match change {
            Change::Kill => self.run("flagctl verify-kill origin/main..HEAD fast-pay -e production", 0),
            Change::Definition => self.run("flagctl diff origin/main...HEAD", 0),
            // What an invalid flag decides is not known, so the effect of its repair is not known either.
            Change::Repair => self.run("flagctl diff origin/main...HEAD", 3),
        }
        self.shop.git(&["checkout", "--quiet", "main"]);
    }

    /// Checks and merges a branch that changes a definition.
    fn land(&mut self, branch: &str) {
        self.check(branch, Change::Definition);
        self.merge(branch, 0);
    }

    /// Merges a branch on the forge, and publishes the new `main`.
    fn merge(&mut self, branch: &str, published: i32) {
        let git = |arguments: &[&str]| self.shop.git_in(&self.forge, arguments);
        let tree = git(&["merge-tree", "--write-tree", "main", branch]);
        let message = format!("Merge {branch}");
        let commit = git(&["commit-tree", &tree, "-p", "main", "-p", branch, "-m", &message]);
        git(&["update-ref", "refs/heads/main", &commit]);
        self.shop.git(&["fetch", "--quiet", "origin"]);
        self.shop.git(&["merge", "--quiet", "--ff-only", "origin/main"]);
        self.run("flagctl publish main", published);
    }
}

#[test]
fn a_quarter_of_the_life_of_a_flag_needs_no_copied_yaml() {
    let mut life = Life::begin();

    life.chapter("The flag begins off for everyone");
    life.push_by_hand("fast-pay", "fast-pay: begins off for everyone", |shop| {
        shop.write("flags/fast-pay.yaml", FAST_PAY);
    });
    life.land("fast-pay");

    life.chapter("On in dev");
    life.run("flagctl rollout fast-pay -e dev --to 100% --branch fast-pay-dev --pr --yes", 0);
    life.land("fast-pay-dev");
    life.push_by_hand("fast-pay-tests", "fast-pay: tests", |shop| shop.write("tests/fast-pay.yaml", TESTS));
    life.land("fast-pay-tests");

    life.chapter("Promoted to staging");
    life.run("flagctl list --drift", 0);
    life.run("flagctl promote fast-pay --from dev --to staging --shares --branch fast-pay-staging --pr --yes", 0);
    life.land("fast-pay-staging");

    life.chapter("Four steps in production");
    for step in ["1", "10", "25", "50"] {
        let branch = format!("fast-pay-{step}");
        life.run(&format!("flagctl rollout fast-pay next -e production --branch {branch} --pr --yes"), 0);
        life.land(&branch);
    }

    life.chapter("Another flag is broken on main");
    life.push_by_hand("receipts", "receipts: a hasty change", |shop| {
        shop.write("flags/receipts.yaml", &RECEIPTS.replace("default: on", "default: always"));
    });
    life.merge("receipts", 1);

    life.chapter("A kill on a protected branch, while another flag is broken");
    let kill = "flagctl kill fast-pay -e production --reason 'INC-4213: payments are booked twice' --yes";
    life.run(&format!("{kill} --push"), 3);
    life.run(&format!("{kill} --branch kill-fast-pay --pr"), 0);
    life.check("kill-fast-pay", Change::Kill);
    life.merge("kill-fast-pay", 1);
    life.run("flagctl status main --now 2027-03-31T12:00:00Z", 1);

    life.chapter("Both are mended");
    life.push_by_hand("receipts-again", "receipts: mended", |shop| shop.write("flags/receipts.yaml", RECEIPTS));
    life.check("receipts-again", Change::Repair);
    life.merge("receipts-again", 0);
    life.run("flagctl revive fast-pay -e production --reason 'fixed by 8c1f20' --branch revive-fast-pay --pr --yes", 0);
    life.land("revive-fast-pay");

    life.chapter("Everyone has it");
    life.run("flagctl rollout fast-pay next -e production --branch fast-pay-100 --pr --yes", 0);
    life.land("fast-pay-100");
    life.run("flagctl log fast-pay", 0);

    life.chapter("Removed");
    life.push_by_hand("remove-fast-pay", "fast-pay: is part of the shop now", |shop| {
        shop.remove("flags/fast-pay.yaml");
        shop.remove("tests/fast-pay.yaml");
    });
    life.land("remove-fast-pay");
    life.run("flagctl status main --now 2027-03-31T12:00:00Z", 0);

    assert_data_eq!(life.transcript, file!["../flag_life/transcript.txt"]);
}
