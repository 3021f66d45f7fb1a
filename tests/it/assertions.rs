//! Assertions of `flagctl test`: proofs, counterexamples and undecided cases.

use crate::git_bench::{Ran, TestRepository, flag};

const RULES: &str = "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {on: true, off: false}\n\
    off: off\nrules:\n  - {if: {country: DE}, rollout: 20%, serve: on}\ndefault: off\n";

fn tested(repository: &TestRepository, test: &str) -> Ran {
    repository.write("tests/promises.yaml", test);
    repository.flagctl(&["test"])
}

#[test]
fn monotone_since_finds_a_context_that_lost_its_variant() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/sale.yaml", RULES);
    repository.commit("sale: a fifth of Germany");
    let since = |revision: &str| format!("assert:\n  - serve: {{sale: on}}\n    monotone_since: {revision}\n");
    repository.write("flags/sale.yaml", &RULES.replace("20%", "30%"));
    let grown = tested(&repository, &since("HEAD"));
    assert_eq!((grown.code, grown.stdout.as_str()), (Some(0), "1 passed\n"), "{}", grown.stderr);
    let early = tested(&repository, &since("2026-01-01"));
    assert!(early.code == Some(1) && early.stdout.starts_with("error[unknown-revision]"), "{}", early.stdout);
    repository.write("flags/sale.yaml", &RULES.replace("20%", "10%"));
    let shrunk = tested(&repository, &since("HEAD"));
    let broken = "error[failed-assertion]: `sale` in production must serve `on` to every context that got it at HEAD: broken by \
                  {\"country\":\"DE\",\"targetingKey\":\"";
    assert!(shrunk.code == Some(1) && shrunk.stdout.starts_with(broken), "{}", shrunk.stdout);
    // At the first commit, the flag was off for all contexts.
    assert_eq!(tested(&repository, &since("HEAD~2")).code, Some(0));
    let elsewhere = tested(&repository, &(since("HEAD") + "    when: {country: {ne: DE}}\n"));
    assert_eq!((elsewhere.code, elsewhere.stdout.as_str()), (Some(0), "1 passed\n"));
}

#[test]
fn a_missing_or_broken_baseline_is_reported() {
    let mut repository = TestRepository::with_sale();
    repository.write("flags/sale.yaml", "variants: {on: true}\noff: of\ndefault: on\n");
    repository.commit("sale: a mistake");
    repository.write("flags/sale.yaml", &flag("on"));
    let since = |revision: &str| format!("assert:\n  - serve: {{sale: on}}\n    monotone_since: {revision}\n");
    let broken = tested(&repository, &since("HEAD"));
    let why = "error[unknown-revision]: `sale` has errors at `HEAD`, so it is not known what it served";
    assert!(broken.code == Some(1) && broken.stdout.starts_with(why), "{}", broken.stdout);
    let missing = tested(&repository, &since("mian"));
    let why = "error[unknown-revision]: `mian` is not a revision";
    assert!(missing.code == Some(1) && missing.stdout.starts_with(why), "{}", missing.stdout);
    assert!(missing.stdout.contains("did you mean `main`?"), "{}", missing.stdout);
}

#[test]
fn an_unknown_result_exits_with_3() {
    let repository = TestRepository::with_sale();
    let pattern = |letter: char| format!("{{country: {{matches: '^[ab]*{letter}[ab]{{19}}$'}}}}");
    let flag = flag("off").replace(
        "default:",
        &format!("rules:\n  - {{if: {{all: [{}, {}]}}, serve: on}}\ndefault:", pattern('a'), pattern('b')),
    );
    repository.write("flags/sale.yaml", &flag);
    let unknown = tested(&repository, "assert:\n  - never: {sale: on}\n");
    assert_eq!(unknown.code, Some(3), "{}{}", unknown.stdout, unknown.stderr);
    assert!(unknown.stdout.starts_with("error[undecided-assertion]: `sale` in production must never serve `on`:"));
    assert!(unknown.stdout.ends_with("0 passed, 1 unknown\n"), "{}", unknown.stdout);
    let junit = repository.flagctl(&["test", "--format", "junit"]).stdout;
    assert!(junit.contains("tests=\"1\" failures=\"0\" errors=\"1\""), "{junit}");
    // If a test in the same run fails, the failure decides the exit code.
    let both = tested(&repository, "assert:\n  - never: {sale: on}\n  - always: {sale: on}\n");
    assert!(both.code == Some(1) && both.stdout.ends_with("1 failed, 1 unknown\n"), "{}", both.stdout);
}

#[test]
fn a_broken_assertion_shows_its_time_whatever_depends_on_it() {
    let mut repository = TestRepository::with_sale();
    let day = "{now: {gte: 2027-01-01T00:00:00Z, lt: 2027-01-02T00:00:00Z}}";
    let by_condition = tested(&repository, &format!("assert:\n  - always: {{sale: off}}\n    when: {day}\n"));
    assert!(by_condition.stdout.contains("broken by {} at 2027-01-01T"), "{}", by_condition.stdout);
    let timed = flag("off").replace("default:", &format!("rules: [{{if: {day}, serve: on}}]\ndefault:"));
    repository.write("flags/sale.yaml", &timed);
    let by_flag = tested(&repository, "assert:\n  - always: {sale: off}\n");
    assert!(by_flag.stdout.contains("broken by {} at 2027-01-01T"), "{}", by_flag.stdout);
    repository.write("flags/later.yaml", &flag("off").replace("off: off\n", "off: off\nrequires: {sale: on}\n"));
    let by_prerequisite = tested(&repository, "assert:\n  - never: {later: off}\n    when: {flag: {sale: on}}\n");
    assert!(by_prerequisite.stdout.contains("broken by {} at 2027-01-01T"), "{}", by_prerequisite.stdout);
    repository.commit("sale: on new year's day");
    repository.write("flags/sale.yaml", &flag("off"));
    let since = "assert:\n  - serve: {sale: on}\n    monotone_since: HEAD\n";
    let by_baseline = tested(&repository, since);
    assert!(by_baseline.stdout.contains("broken by {} at 2027-01-01T"), "{}", by_baseline.stdout);
    repository.write("flags/sale.yaml", &flag("on"));
    let without_time = tested(&repository, "assert:\n  - always: {sale: off}\n");
    assert!(without_time.stdout.contains("broken by {}\n"), "{}", without_time.stdout);
}

#[test]
fn at_most_is_about_the_units_for_which_the_condition_holds() {
    let repository = TestRepository::with_sale();
    let rollout = |share: &str| {
        flag("off")
            .replace("off: off\n", "off: off\nsalt: s\n")
            .replace("default:", &format!("rules: [{{rollout: {share}, serve: on}}]\ndefault:"))
    };
    repository.write("flags/cart.yaml", &rollout("30%"));
    repository.write("flags/sale.yaml", &rollout("40%"));
    let claim = |claim: &str| format!("  - {{{claim}, when: {{flag: {{cart: on}}}}}}\n");
    let claims = ["always: {sale: on}", "at_most: 100%, serve: {sale: on}", "at_most: 99.999%, serve: {sale: on}"];
    let ran = tested(&repository, &format!("assert:\n{}", claims.map(claim).concat()));
    assert!(ran.stdout.contains("\n2 passed, 1 failed\n"), "{}", ran.stdout);
    let must =
        "`sale` in production must serve `on` to at most 99.999% of the units for which `when` holds: broken by {";
    assert!(ran.stdout.contains(must), "{}", ran.stdout);
    assert!(ran.stdout.contains(", where the share is 100%\n"), "{}", ran.stdout);
}

#[test]
fn a_broken_at_most_shows_the_share_that_it_found() {
    let repository = TestRepository::with_sale();
    let rules = "rules: [{if: {country: DE}, rollout: 12.5%, serve: on}]\ndefault:";
    repository.write("flags/sale.yaml", &flag("off").replace("default:", rules));
    let ran = tested(&repository, "assert:\n  - {at_most: 10%, serve: {sale: on}}\n");
    assert!(ran.stdout.contains("to at most 10% of units: broken by {\"country\":\"DE\""), "{}", ran.stdout);
    assert!(ran.stdout.contains("\"}, where the share is 12.5%\n"), "{}", ran.stdout);
    let ran = repository.flagctl(&["test", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["checks"][0]["share"], 0.125, "{json:#}");
}
