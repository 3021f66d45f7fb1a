//! `policy`: what the policy of a base allows and refuses.

use std::fs;

use serde_json::{Value as Json, json};

use crate::git_bench::{Ran, TestRepository};
use crate::publish::key;

const SETTINGS: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: {type: string, weights: {CA: 10%, DE: 60%}}\n  \
                        plan: string\n";

/// A flag whose rule `canada` has a rollout in each environment.
fn sale(staging: &str, production: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\noff: off\n\
         default: off\nrules:\n  - name: canada\n    if: {{country: [CA]}}\n    rollout: {production}\n    serve: on\n    \
         environments:\n      staging: {{rollout: {staging}}}\n"
    )
}

/// Makes a repository with a policy of production, a flag `sale`, and a branch `work` that is checked out.
fn repository(policy: &str, flag: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", &format!("{SETTINGS}policy:\n  production: {policy}\n"));
    repository.write("flags/sale.yaml", flag);
    repository.commit("first");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    repository
}

/// Judges the branch a day after its last commit.
fn judge(repository: &TestRepository, more: &[&str]) -> Ran {
    let now = if more.contains(&"--now") { &[][..] } else { &["--now", "2026-11-20T00:00:00Z"] };
    repository.flagctl(&[&["policy", "main...work"], now, more].concat())
}

fn verdict(repository: &TestRepository, more: &[&str]) -> Json {
    let ran = judge(repository, &[&["--format", "json"], more].concat());
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.stderr);
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["allowed"], (ran.code == Some(0)));
    json
}

/// Returns the names of the rules that refuse the branch.
fn refused(repository: &TestRepository, more: &[&str]) -> Vec<String> {
    let verdict = verdict(repository, more);
    let refusals = verdict["refusals"].as_array().unwrap();
    refusals.iter().map(|refusal| refusal["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_step_is_the_growth_of_a_share_within_an_unchanged_condition() {
    let mut repository = repository("{max-step: 25%}", &sale("10%", "10%"));
    repository.write("flags/sale.yaml", &sale("100%", "35%"));
    repository.commit("a step");
    let found = verdict(&repository, &[]);
    assert_eq!((&found["changes"][0]["step"], &found["allowed"]), (&json!(0.25), &json!(true)), "{found}");
    repository.write("flags/sale.yaml", &sale("100%", "36%"));
    repository.commit("too far");
    let ran = judge(&repository, &[]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stdout.lines().take(2).collect::<Vec<_>>(),
        [
            "refused: sale in production (max-step): a share grows by 26 points, and `max-step` is 25%",
            "  allowed from 2026-11-20T00:00:00Z: growth by at most 25 points in one change",
        ]
    );
    // A split counts, too.
    let split = "rules:\n  - {name: all, serve: {on: 40%, off: 60%}}\n";
    let with = |rules: &str| sale("1%", "1%").split("rules:").next().unwrap().to_owned() + rules;
    repository.git(&["checkout", "--quiet", "-B", "main"]);
    repository.write("flags/sale.yaml", &with(split));
    repository.commit("a split");
    repository.git(&["checkout", "--quiet", "-B", "work"]);
    repository.write("flags/sale.yaml", &with(&split.replace("40%", "66%").replace("60%", "34%")));
    repository.commit("more of it");
    assert_eq!(refused(&repository, &[]), ["max-step"]);
}

#[test]
fn shrinks_and_kills_are_free_also_in_a_freeze() {
    let policy = "{max-step: 1%, min-soak: 7d, freeze: [{from: \"2026-11-19T20:00[Asia/Tokyo]\", until: \
                  \"2026-12-24T00:00[Europe/Berlin]\", reason: a sale}]}";
    let mut repository = repository(policy, &sale("50%", "50%"));
    repository.write("flags/sale.yaml", &sale("50%", "10%"));
    repository.commit("less");
    assert_eq!(judge(&repository, &[]).code, Some(0));
    repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
    repository.commit("kill");
    let found = verdict(&repository, &[]);
    assert_eq!((&found["allowed"], &found["changes"][0]["free"]), (&json!(true), &json!(true)));
    repository.remove("kills/production/sale.yaml");
    repository.write("flags/sale.yaml", &sale("50%", "50.5%"));
    repository.commit("more");
    let found = verdict(&repository, &["--now", "2026-11-19T11:00:00Z"]);
    assert_eq!(found["refusals"][0]["rule"], "freeze", "{found}");
    assert_eq!(found["refusals"][0]["from"], "2026-12-23T23:00:00Z");
    assert!(!refused(&repository, &["--now", "2026-11-19T10:59:59Z"]).contains(&"freeze".to_owned()));
}

#[test]
fn a_change_cannot_lift_its_own_limits() {
    let mut repository = repository("{max-step: 5%, kinds: {ops: {max-step: 100%}}}", &sale("10%", "10%"));
    repository.write("flagctl.yaml", SETTINGS);
    repository.write("flags/sale.yaml", &(sale("10%", "50%") + "kind: ops\n"));
    repository.commit("without a policy, and of another kind");
    assert_eq!(refused(&repository, &[]), ["max-step"]);
    // A rename keeps the identity, by the salt and by git.
    repository.write(
        "flagctl.yaml",
        &format!("{SETTINGS}policy:\n  production: {{max-step: 5%, kinds: {{ops: {{max-step: 100%}}}}}}\n"),
    );
    repository.remove("flags/sale.yaml");
    repository.write("flags/bargain.yaml", &(sale("10%", "50%") + "salt: sale\nkind: ops\n"));
    repository.commit("renamed");
    let found = verdict(&repository, &[]);
    assert_eq!(
        (&found["changes"][0]["formerKey"], &found["refusals"][0]["rule"]),
        (&json!("sale"), &json!("max-step"))
    );
    repository.write("flags/bargain.yaml", &(sale("10%", "50%") + "kind: ops\n"));
    repository.commit("with another salt");
    assert_eq!(refused(&repository, &[]), ["max-step"]);
    // The policy of the kind applies to a flag that had the kind before.
    repository.git(&["checkout", "--quiet", "-B", "main", "main"]);
    repository.write("flags/sale.yaml", &(sale("10%", "10%") + "kind: ops\n"));
    repository.commit("ops");
    repository.git(&["checkout", "--quiet", "-B", "work"]);
    repository.write("flags/sale.yaml", &(sale("10%", "50%") + "kind: ops\n"));
    repository.commit("more");
    assert_eq!(judge(&repository, &[]).code, Some(0));
}

#[test]
fn the_size_of_a_new_condition_needs_weights_or_a_population() {
    let mut repository = repository("{max-step: 25%}", &sale("10%", "10%"));
    let rule = |condition: &str| sale("10%", "10%") + &format!("  - {{name: more, if: {condition}, serve: on}}\n");
    repository.write("flags/sale.yaml", &rule("{plan: [pro]}"));
    repository.commit("a condition without weights");
    assert_eq!(refused(&repository, &[]), ["new-conditions"]);
    repository.git(&["commit", "--quiet", "--allow-empty", "--message", "yes\n\nAcknowledge: new-condition sale"]);
    assert_eq!(judge(&repository, &[]).code, Some(0));
    // 60 % of the contexts are German, and 30 % could be anything.
    repository.write("flags/sale.yaml", &rule("{country: [DE]}"));
    repository.commit("a condition with weights");
    let found = verdict(&repository, &[]);
    assert_eq!(found["changes"][0]["sizeSource"], "weights", "{found}");
    assert_eq!(found["refusals"][0]["rule"], "new-conditions");
    let people: String = (0..10)
        .map(|person| {
            format!("{{\"targetingKey\": \"u{person}\", \"country\": \"{}\"}}\n", if person < 2 { "DE" } else { "FR" })
        })
        .collect();
    fs::write(repository.beside("people"), people).unwrap();
    let people = repository.beside("people");
    let found = verdict(&repository, &["--population", people.to_str().unwrap()]);
    assert_eq!((&found["changes"][0]["newConditionSize"], &found["allowed"]), (&json!(0.2), &json!(true)), "{found}");
}

#[test]
fn a_flag_soaks_before_it_grows_again() {
    let mut repository = repository("{min-soak: 7d}", &sale("10%", "10%"));
    repository.write("flags/sale.yaml", &sale("10%", "20%"));
    repository.commit("more");
    let found = verdict(&repository, &["--now", "2026-11-04T00:00:00Z"]);
    assert_eq!(
        (&found["refusals"][0]["rule"], &found["refusals"][0]["from"]),
        (&json!("min-soak"), &json!("2026-11-08T00:00:00Z"))
    );
    assert_eq!(judge(&repository, &["--now", "2026-11-08T00:00:00Z"]).code, Some(0));
    // A target that is away is never replaced by the dates of commits.
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write(
        "flagctl.yaml",
        &format!("{SETTINGS}policy:\n  production: {{min-soak: 7d}}\npublish:\n  main: {{to: ../fleet}}\n"),
    );
    repository.commit("a target");
    repository.git(&["checkout", "--quiet", "work"]);
    let ran = judge(&repository, &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.stdout);
    assert!(ran.stderr.contains("nothing is published"), "{}", ran.stderr);
}

#[test]
fn an_environment_goes_not_further_than_another_one() {
    let mut repository = repository("{after: [staging]}", &sale("20%", "10%"));
    repository.write("flags/sale.yaml", &sale("20%", "20%"));
    repository.commit("as far");
    assert_eq!(judge(&repository, &[]).code, Some(0));
    repository.write("flags/sale.yaml", &sale("20%", "21%"));
    repository.commit("further");
    let found = verdict(&repository, &[]);
    assert!(found["refusals"][0]["problem"].as_str().unwrap().contains("it goes further than staging"), "{found}");
    repository.write("flags/sale.yaml", &(sale("20%", "15%") + "environments:\n  staging: {salt: other}\n"));
    repository.commit("another salt");
    let found = verdict(&repository, &[]);
    assert!(found["refusals"][0]["problem"].as_str().unwrap().contains("the salt differs"), "{found}");
}

#[test]
fn a_revival_that_restores_is_exempt_from_the_greatest_step() {
    let mut repository = repository("{max-step: 5%}", &sale("50%", "50%"));
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
    repository.commit("kill");
    repository.git(&["checkout", "--quiet", "-B", "work"]);
    repository.remove("kills/production/sale.yaml");
    repository.commit("revive");
    let found = verdict(&repository, &[]);
    assert_eq!((&found["allowed"], &found["changes"][0]["restores"]), (&json!(true), &json!(true)), "{found}");
    repository.write("flags/sale.yaml", &sale("50%", "60%"));
    repository.commit("and more");
    assert_eq!(refused(&repository, &[]), ["max-step"]);
}

#[test]
fn classes_are_acknowledged_and_tests_must_exist() {
    let mut repository = repository("{acknowledge: [reshuffle, removed], tests: required}", &sale("50%", "50%"));
    repository.write("flags/sale.yaml", &(sale("50%", "50%") + "salt: other\n"));
    repository.commit("another salt");
    assert_eq!(refused(&repository, &[]), ["acknowledge", "tests"]);
    repository.write("tests/sale.yaml", "cases:\n  - context: {country: FR}\n    expect: {sale: off}\n");
    repository.commit("yes\n\nAcknowledge: reshuffle other, sale");
    assert_eq!(refused(&repository, &[]), [""; 0]);
    repository.remove("tests/sale.yaml");
    repository.remove("flags/sale.yaml");
    repository.commit("removed");
    assert_eq!(refused(&repository, &[]), ["acknowledge"]);
}

#[test]
fn refusals_by_one_rule_are_different_issues_for_gitlab() {
    let mut repository = repository("{acknowledge: [reshuffle, expand]}", &sale("50%", "50%"));
    repository.write("flags/sale.yaml", &(sale("50%", "50%") + "  - {if: {plan: pro}, serve: on}\nsalt: other\n"));
    repository.commit("another salt and more people");
    assert_eq!(refused(&repository, &[]), ["acknowledge", "acknowledge"]);
    let issues: Json = serde_json::from_str(&judge(&repository, &["--format", "gitlab"]).stdout).unwrap();
    let fingerprints = [0, 1].map(|index| issues[index]["fingerprint"].as_str().unwrap());
    assert_ne!(fingerprints[0], fingerprints[1], "GitLab drops an issue with a known fingerprint");
}

#[test]
fn commits_are_signed_by_a_signer_of_the_base() {
    let mut repository = repository("{signed-by: signers}", &sale("50%", "50%"));
    let ran_without = {
        repository.write("flags/sale.yaml", &sale("50%", "60%"));
        repository.commit("not signed");
        judge(&repository, &[])
    };
    assert!(ran_without.code == Some(3) && ran_without.stderr.contains("is not a file of"), "{}", ran_without.stderr);
    repository.git(&["config", "gpg.format", "ssh"]);
    let signers = key(&repository, "dana");
    let text = fs::read_to_string(&signers).unwrap();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("signers", &text.replace("namespaces=\"flagctl\" ", ""));
    repository.commit("signers");
    repository.git(&["checkout", "--quiet", "-B", "work"]);
    repository.write("flags/sale.yaml", &sale("50%", "60%"));
    repository.commit("not signed");
    let found = verdict(&repository, &[]);
    assert!(found["refusals"][0]["problem"].as_str().unwrap().contains("it has no signature"), "{found}");
    repository.git(&["commit", "--quiet", "--amend", "--no-edit", "--gpg-sign"]);
    let ran = judge(&repository, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    // The branch cannot add a signer.
    let other = key(&repository, "erin");
    repository.write("signers", &fs::read_to_string(other).unwrap());
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--message", "another signer", "--gpg-sign"]);
    assert_eq!(refused(&repository, &[]), ["signed-by"]);
}

#[test]
fn every_format_shows_the_refusal() {
    let mut repository = repository("{max-step: 5%}", &sale("10%", "10%"));
    repository.write("flags/sale.yaml", &sale("10%", "50%"));
    repository.commit("more");
    for (format, expected) in [
        ("github", "::error file=flags/sale.yaml,line="),
        ("gitlab", "\"check_name\": \"policy/max-step\""),
        ("sarif", "\"ruleId\": \"policy/max-step\""),
        ("junit", "<failure message="),
        ("markdown", "**Policy:**"),
    ] {
        let ran = judge(&repository, &["--format", format]);
        assert!(ran.code == Some(1) && ran.stdout.contains(expected), "{}", ran.stdout);
    }
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("flagctl.yaml", SETTINGS);
    repository.commit("no policy");
    assert!(judge(&repository, &[]).stdout.contains("has no policy"));
}

#[test]
fn a_flag_whose_kill_needs_a_review_has_no_fast_lane() {
    let mut repository = repository("{}", &(sale("50%", "50%") + "kills: review\n"));
    repository.write("kills/production/sale.yaml", "reason: it answers 500\n");
    repository.write("flags/other.yaml", &sale("50%", "50%"));
    repository.commit("kill");
    let ran = repository.flagctl(&["verify-kill", "main..work"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("`kills: review`"), "{}", ran.stdout);
    assert_eq!(judge(&repository, &[]).code, Some(0));
}
