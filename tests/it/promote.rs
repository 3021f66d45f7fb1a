//! Promotions: the definition of a flag in one environment becomes that of another, and nothing else changes.

use std::fs;

use crate::git_bench::{Ran, TestRepository};

const PROJECT: &str = "version: 1\nenvironments: [dev, staging, production]\nattributes:\n  country: string\n  plan: string\n\
lint: {missing-owner: off, missing-expiry: off, missing-description: off}\n";
const HEAD: &str = "# Begun in spring.\nvariants: {on: true, off: false}\noff: off\n";

fn fine(ran: Ran) -> String {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

fn shop(text: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/beta.yaml", text);
    repository.commit("a shop");
    repository
}

const PROMOTE: [&str; 7] = ["promote", "beta", "--from", "staging", "--to", "production", "--yes"];

/// Promotes `beta` from staging to production. Returns the plan and the text of the file after it, without its head.
fn promoted(body: &str, arguments: &[&str]) -> (String, String) {
    let repository = shop(&format!("{HEAD}{body}"));
    assert!(fine(repository.flagctl(&["validate"])).contains("no problems"));
    let plan = fine(repository.flagctl(&[&PROMOTE, arguments].concat()));
    fine(repository.flagctl(&["validate"]));
    let text = fs::read_to_string(repository.root().join("flags/beta.yaml")).unwrap();
    // A second promotion has nothing to do.
    let again = fine(repository.flagctl(&[&PROMOTE, arguments].concat()));
    assert!(again.contains("is already as in staging"), "{again}");
    (plan, text.strip_prefix(HEAD).unwrap().to_owned())
}

#[test]
fn a_field_of_the_flag_is_carried_to_the_entry_of_the_environment() {
    let (plan, text) = promoted("default: off\nenvironments:\n  staging: {default: on} # try it\n", &[]);
    assert_eq!(text, "default: off\nenvironments:\n  staging: {default: on} # try it\n  production: {default: on}\n");
    assert!(
        plan.starts_with("beta in production\n  now\n    default: off\n  then\n    default: on\n  default off → on\n"),
        "{plan}"
    );
    assert!(plan.contains("undo: git revert --no-edit HEAD\n"), "{plan}");
}

#[test]
fn a_field_that_the_flag_has_for_all_environments_is_removed_from_the_entry() {
    let (_, text) =
        promoted("default: on\nenvironments:\n  dev: {default: off}\n  production:\n    default: off\n", &[]);
    assert_eq!(text, "default: on\nenvironments:\n  dev: {default: off}\n");
    let (_, text) = promoted("default: on\nenvironments:\n  production: {default: off}\n", &[]);
    assert_eq!(text, "default: on\n");
}

#[test]
fn structure_of_a_rule_is_carried_and_its_share_stays() {
    let rule = "rules:\n  - name: a # first\n    if: {country: DE}\n    rollout: 5%\n    serve: on\n";
    let before =
        format!("{rule}    environments:\n      staging: {{if: {{plan: pro}}, rollout: 100%}}\ndefault: off\n");
    let (plan, text) = promoted(&before, &[]);
    let entry = "      production:\n        if: {plan: pro}\n";
    assert_eq!(text, before.replace("default: off", &format!("{}default: off", entry)));
    assert!(plan.contains("not carried: rule a keeps its share of 5%, which is 100% in staging"), "{plan}");
    let (plan, text) = promoted(&before, &["--shares"]);
    let entry = "      production:\n        if: {plan: pro}\n        rollout: 100%\n";
    assert_eq!(text, before.replace("default: off", &format!("{entry}default: off")));
    assert!(!plan.contains("not carried"), "{plan}");
}

#[test]
fn a_rule_that_is_new_in_the_environment_begins_at_zero() {
    let before = "rules:\n  - name: a\n    enabled: false\n    rollout: 10%\n    serve: on\n    environments:\n      staging: {enabled: true}\ndefault: off\n";
    let (plan, text) = promoted(before, &[]);
    assert_eq!(
        text,
        before
            .replace(
                "staging: {enabled: true}\n",
                "staging: {enabled: true}\n      production:\n        enabled: true\n        rollout: 0%\n"
            )
            .replace("      production:\n        enabled: true\n        rollout: 0%\n", PRODUCTION)
    );
    assert!(plan.contains("not carried: rule a begins at 0%"), "{plan}");
    assert!(plan.contains("proven: no context gets another variant"), "{plan}");
}

const PRODUCTION: &str = "      production: {enabled: true, rollout: 0%}\n";

#[test]
fn a_list_of_rules_is_copied_without_shares() {
    let own = "  staging:\n    rules:\n      - {name: a, description: Germans, if: {country: [DE, AT]}, rollout: 50%, steps: [1%, 100%], serve: on}\n      - {name: b, serve: {on: 10%, off: 90%}}\n";
    let before = format!(
        "rules:\n  - name: a\n    rollout: 7%\n    serve: off\n    environments: {{production: {{rollout: 8%}}}}\ndefault: off\nenvironments:\n{own}"
    );
    let (plan, text) = promoted(&before, &[]);
    let copied = "  production:\n    rules:\n      - name: a\n        description: Germans\n        if:\n          country: [DE, AT]\n        rollout: 8%\n        steps: [1%, 100%]\n        serve: on\n      - name: b\n        serve: {on: 10%, off: 90%}\n";
    assert_eq!(text, format!("{}{copied}", before.replace("    environments: {production: {rollout: 8%}}\n", "")));
    assert!(plan.contains("not carried: rule a keeps its share of 8%, which is 50% in staging"), "{plan}");
    assert!(plan.contains("the split of rule b is new in production, so it has the shares of staging"), "{plan}");
}

#[test]
fn an_own_list_is_replaced_by_the_rules_of_all_environments_with_the_shares_that_it_had() {
    let rules = "rules:\n  - name: a\n    if: {plan: pro}\n    serve: on\n    rollout: 90%\n  - {name: staff, if: {country: DE}, serve: on}\n";
    let before = format!(
        "{rules}default: off\nenvironments:\n  production:\n    rules: [{{name: a, serve: on, rollout: 3%}}]\n"
    );
    let (_, text) = promoted(&before, &[]);
    assert_eq!(
        text,
        format!(
            "{}default: off\n",
            rules.replace("rollout: 90%\n", "rollout: 90%\n    environments:\n      production: {rollout: 3%}\n")
        )
    );
}

#[test]
fn a_promotion_keeps_every_other_byte_and_environment() {
    let body =
        "default: off # not yet\nenvironments: {staging: {default: on, requires: {}}, dev: {default: on}}   # all\n";
    let windows = format!("\u{feff}{HEAD}{body}").replace('\n', "\r\n");
    let repository = shop(&windows);
    fine(repository.flagctl(&PROMOTE));
    let text = fs::read_to_string(repository.root().join("flags/beta.yaml")).unwrap();
    assert_eq!(text, windows.replace("dev: {default: on}}", "dev: {default: on}, production: {default: on}}"));
    assert_eq!(
        repository.git(&["log", "-1", "--format=%B"]),
        "promote beta from staging to production\n\nFlag: beta\nEnvironment: production\nFlagctl-Action: promote"
    );
}

#[test]
fn several_flags_are_promoted_in_one_commit_and_a_dry_run_writes_nothing() {
    let repository = shop(&format!("{HEAD}default: off\nenvironments: {{staging: {{default: on}}}}\n"));
    repository
        .write("flags/gamma.yaml", &format!("{HEAD}default: off\nenvironments: {{staging: {{enabled: false}}}}\n"));
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--message", "gamma"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    let flags = ["promote", "beta", "gamma", "--from", "staging", "--to", "production"];
    let plan = fine(repository.flagctl(&[&flags[..], &["--dry-run"]].concat()));
    assert!(plan.contains("beta in production") && plan.contains("gamma in production"), "{plan}");
    assert_eq!(repository.git(&["rev-parse", "HEAD"]), head);
    fine(repository.flagctl(&[&flags[..], &["--yes"]].concat()));
    assert_eq!(repository.git(&["log", "-1", "--format=%s"]), "promote 2 flags from staging to production");
    let drift = fine(repository.flagctl(&["list", "--drift"]));
    assert_eq!(
        drift,
        "beta\n  dev → staging, production: default off → on\ngamma\n  dev → staging, production: disabled\n\n\
         2 flags\n"
    );
}

#[test]
fn a_wrong_promotion_is_refused() {
    let repository = shop(&format!("{HEAD}default: off\n"));
    let refused = |arguments: &[&str]| {
        let ran = repository.flagctl(&[&["promote"], arguments, &["--yes"]].concat());
        (ran.code, ran.stderr)
    };
    assert_eq!(
        refused(&["beta", "--from", "staging", "--to", "staging"]),
        (Some(2), "error: expected two environments, found `staging` twice\n".to_owned())
    );
    assert_eq!(
        refused(&["beta", "--from", "stagin", "--to", "production"]),
        (Some(3), "error: `stagin` is not an environment; did you mean `staging`?\n".to_owned())
    );
    assert_eq!(
        refused(&["bet", "--from", "staging", "--to", "production"]).1,
        "error: `bet` is not a flag on main; did you mean `beta`?\n"
    );
}

#[test]
fn drift_is_about_structure_and_not_about_shares() {
    let body = "rules:\n  - name: a\n    serve: {on: 50%, off: 50%}\n    environments:\n      production: {rollout: 5%, serve: {on: 1%, off: 99%}}\ndefault: off\n";
    let repository = shop(&format!("{HEAD}{body}"));
    assert_eq!(fine(repository.flagctl(&["list", "--drift"])), "no environments differ in more than shares\n");
    repository.write("flags/beta.yaml", &format!("{HEAD}{}", body.replace("serve: {on: 1%, off: 99%}", "serve: on")));
    let drift = fine(repository.flagctl(&["list", "--drift", "--format", "json"]));
    let drift: serde_json::Value = serde_json::from_str(&drift).unwrap();
    assert_eq!(
        drift["flags"][0]["drift"],
        serde_json::json!([{
            "from": ["dev", "staging"], "to": ["production"], "changes": ["rule a serves on 50%, off 50% → on"],
        }])
    );
}
