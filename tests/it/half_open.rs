//! Kills that admit a share of units: who keeps a decision, in random flags, and the commands that meet such a kill.

use flagctl::bundle::{Bundle, Percent};
use flagctl::eval::{Cause, Context, Reason, decide, trace};
use serde_json::{Value as Json, json};

use crate::analyze::{bundle_json, context_json, killed};
#[cfg(unix)]
use crate::git_bench::{PROJECT, TestRepository, flag};
use crate::random::Random;

/// Shares of units, in rising order, as numbers of buckets.
const SHARES: [u32; 6] = [1, 1_000, 10_000, 45_000, 90_000, 99_999];

/// Returns the bundle with this state of its flag `main`.
fn with_state(json: &Json, state: Json) -> Bundle {
    let mut json = json.clone();
    json["flags"][1]["state"] = state;
    Bundle::from_json(&serde_json::to_vec(&json).unwrap()).unwrap()
}

#[test]
fn the_units_that_a_kill_admits_are_a_growing_subset_of_those_that_had_the_flag() {
    let mut random = Random(0x2026_1129);
    let (mut kept, mut stopped, mut without_unit) = (0, 0, 0);
    for _ in 0..400 {
        let (json, _) = bundle_json(&mut random);
        let enabled = with_state(&json, json!("enabled"));
        let bundles: Vec<Bundle> = SHARES.iter().map(|share| with_state(&json, killed(*share))).collect();
        for _ in 0..25 {
            let (mut values, now) = context_json(&mut random);
            if random.below(2) == 0 {
                values["targetingKey"] = json!(format!("user-{}", random.below(100_000)));
            }
            let context = Context::from_json(enabled.attributes(), &values).unwrap().context;
            let flag = enabled.flag("main").unwrap();
            let off = &flag.variant(flag.off).name;
            let before = decide(&enabled, flag, &context, now);
            let mut was_kept = false;
            for bundle in &bundles {
                let flag = bundle.flag("main").unwrap();
                let after = decide(bundle, flag, &context, now);
                if after.variant.name == before.variant.name && after.reason != Reason::Disabled(Cause::Kill) {
                    let is_on = after.variant.name != *off;
                    assert!(is_on || !was_kept, "{json} {values}");
                    was_kept |= is_on;
                    assert_ne!(after.reason, Reason::Static, "{json} {values}");
                    assert_eq!((after.rule, after.reason.error_code()), (before.rule, before.reason.error_code()));
                    kept += usize::from(is_on);
                } else {
                    assert!(!was_kept, "a larger share stops a unit: {json} {values}");
                    assert_eq!(after.variant.name, *off, "{json} {values}");
                    assert_eq!((after.reason, after.rule), (Reason::Disabled(Cause::Kill), None), "{json} {values}");
                    let admission = trace(bundle, flag, &context, now).admission.unwrap();
                    without_unit += usize::from(admission.bucket.is_none());
                    stopped += 1;
                }
            }
        }
    }
    assert!(kept > 1_000 && stopped > 1_000 && without_unit > 100, "{kept} {stopped} {without_unit}");
}

#[test]
fn a_kill_that_admits_one_percent_keeps_one_percent() {
    let (json, _) = bundle_json(&mut Random(1));
    let mut json = json;
    json["flags"][1] = json!({
        "key": "main", "off": 1, "default": 0, "state": killed(1_000), "unit": 0, "salt": "main",
        "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
    });
    let bundle = Bundle::from_json(&serde_json::to_vec(&json).unwrap()).unwrap();
    let flag = bundle.flag("main").unwrap();
    assert_eq!(flag.state.admits(), "1%".parse::<Percent>().unwrap());
    let on = (0..100_000)
        .filter(|number| {
            let values = json!({"targetingKey": format!("user-{number}")});
            let context = Context::from_json(bundle.attributes(), &values).unwrap().context;
            decide(&bundle, flag, &context, "2026-11-22T11:02:00Z".parse().unwrap()).variant.name.as_ref() == "on"
        })
        .count();
    // Three standard deviations of a binomial distribution around 1,000.
    assert!((905..=1_095).contains(&on), "{on}");
}

#[test]
fn a_bundle_whose_kill_admits_everyone_is_refused() {
    let (mut json, _) = bundle_json(&mut Random(1));
    json["flags"][1]["state"] = killed(100_000);
    let error = Bundle::from_json(&serde_json::to_vec(&json).unwrap()).unwrap_err().to_string();
    assert!(error.contains("has a kill that admits every unit"), "{error}");
}

const HALF_OPEN: &str = "reason: INC-1\nby: guard\nat: 2026-11-01T00:00:00Z\nadmit: 1%\nevidence: {log-e: 7.2}\n";

/// Makes a repository with the flag `sale`, which is on, and a commit that kills it except for 1 %.
#[cfg(unix)]
fn half_open() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/sale.yaml", &flag("on"));
    repository.commit("sale");
    repository.write("kills/production/sale.yaml", HALF_OPEN);
    repository.commit("sale: half-open");
    repository
}

/// Returns what a command writes, which must succeed.
#[cfg(unix)]
fn said(repository: &TestRepository, arguments: &[&str]) -> String {
    let ran = repository.flagctl(arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    ran.stdout
}

/// Returns a unit whose decision has this variant.
#[cfg(unix)]
fn unit(repository: &TestRepository, variant: &str) -> String {
    let units = (0..2_000).map(|number| format!("user-{number}"));
    let bundle = Bundle::from_json(said(repository, &["export", "bundle", "-e", "production"]).as_bytes()).unwrap();
    let flag = bundle.flag("sale").unwrap();
    let mut found = units.filter(|unit| {
        let values = json!({"targetingKey": unit});
        let context = Context::from_json(bundle.attributes(), &values).unwrap().context;
        decide(&bundle, flag, &context, "2026-11-22T11:02:00Z".parse().unwrap()).variant.name.as_ref() == variant
    });
    found.next().unwrap()
}

#[cfg(unix)]
#[test]
fn eval_says_whether_the_kill_admits_the_unit() {
    let repository = half_open();
    for (variant, mark) in [("on", "✓ kill admits 1%"), ("off", "✗ kill admits 1%")] {
        let key = format!("targetingKey={}", unit(&repository, variant));
        let text = said(&repository, &["eval", "sale", "-e", "production", "-c", &key, "--explain"]);
        assert!(text.contains(&format!("sale: {variant} = ")), "{text}");
        assert!(text.contains("killed except 1%: INC-1 (guard, 2026-11-01T00:00:00Z)"), "{text}");
        assert!(text.contains(mark), "{text}");
        let json =
            said(&repository, &["eval", "sale", "-e", "production", "-c", &key, "--explain", "--format", "json"]);
        let json: Json = serde_json::from_str(&json).unwrap();
        let decision = &json["decisions"][0];
        let admission = &decision["trace"]["admission"];
        assert_eq!((&admission["admit"], &admission["unit"]), (&json!("1%"), &json!("targetingKey")), "{decision}");
        assert_eq!(admission["bucket"].as_u64().unwrap() < 1_000, variant == "on", "{decision}");
        let (reason, admit) = if variant == "on" { ("DEFAULT", Json::Null) } else { ("DISABLED", json!("1%")) };
        assert_eq!((&decision["reason"], &decision["metadata"]["admit"]), (&json!(reason), &admit), "{decision}");
    }
    let text = said(&repository, &["eval", "sale", "-e", "production", "--explain"]);
    assert!(text.contains("kill admits 1%") && text.contains("no usable targetingKey: off"), "{text}");
}

#[cfg(unix)]
#[test]
fn list_show_log_and_diff_say_that_a_flag_is_half_open() {
    let mut repository = half_open();
    for command in [["list", "--killed"], ["show", "sale"], ["log", "sale"]] {
        let text = said(&repository, &command);
        assert!(text.contains("killed except 1%"), "{text}");
    }
    let text = said(&repository, &["show", "environment", "production"]);
    assert!(text.contains("sale (INC-1; admits 1%)"), "{text}");
    let text = said(&repository, &["diff", "HEAD~1..HEAD"]);
    let expected = "shrink: sale is half-open in production and serves `off` instead of `on` to 2 groups of people\n  \
                    to everyone where no targetingKey\n";
    assert!(text.starts_with(expected) && text.contains("  to 99% of the people\n"), "{text}");
    repository.write("kills/production/sale.yaml", &HALF_OPEN.replace("1%", "5%"));
    repository.commit("sale: 5 %");
    let text = said(&repository, &["diff", "HEAD~1..HEAD"]);
    let expected =
        "expand: sale is half-open in production and serves `on` instead of `off` to another 4% of all people\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("killed except 5%: INC-1"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_kill_with_admit_is_no_kill_for_the_fast_lane_in_any_form() {
    let mut repository = half_open();
    let full = HALF_OPEN.replace("admit: 1%\n", "");
    let objects = |repository: &TestRepository, objection: &str| {
        let ran = repository.flagctl(&["verify-kill", "HEAD~1..HEAD"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.stdout.contains(objection), "{}", ran.stdout);
    };
    objects(&repository, "adds `kills/production/sale.yaml` with `admit: 1%`");
    repository.write("kills/production/sale.yaml", &full);
    repository.commit("sale: open again");
    objects(&repository, "changes or removes `kills/production/sale.yaml`; a kill only adds files");
    repository.write("kills/production/sale.yaml", HALF_OPEN);
    repository.commit("sale: half-open again");
    objects(&repository, "changes or removes `kills/production/sale.yaml`; a kill only adds files");
    repository.remove("kills/production/sale.yaml");
    repository.commit("sale: revived");
    repository.write("kills/production/sale.yaml", &full);
    repository.commit("sale: killed with evidence");
    let ran = repository.flagctl(&["verify-kill", "HEAD~1..HEAD"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn kill_turns_a_half_open_flag_off_for_everyone_and_revive_on() {
    let repository = half_open();
    let text = said(&repository, &["kill", "sale", "-e", "production", "--reason", "INC-2", "--yes"]);
    assert!(text.contains("killed except 1%: INC-1; the new kill admits no unit"), "{text}");
    assert!(text.contains("undo: git revert --no-edit HEAD"), "{text}");
    assert!(!repository.git(&["show", "HEAD:kills/production/sale.yaml"]).contains("admit"));
    let text = said(&repository, &["kill", "sale", "-e", "production", "--reason", "INC-3", "--yes"]);
    assert!(text.contains("already killed: INC-2"), "{text}");

    let repository = half_open();
    let text = said(&repository, &["revive", "sale", "-e", "production", "--yes"]);
    assert!(text.contains("kill: serves off outside of 1% of the units"), "{text}");
    assert!(text.contains("proven: decides as it did before the kill"), "{text}");
    assert!(text.contains("undo: git revert --no-edit HEAD"), "{text}");
    assert!(!repository.root().join("kills/production/sale.yaml").exists());
}

#[cfg(unix)]
#[test]
fn validate_refuses_a_share_of_no_unit_or_of_all_units_and_nested_evidence() {
    let repository = half_open();
    let many: String = (0..17).map(|number| format!("  e{number}: 1\n")).collect();
    for wrong in ["admit: 0%", "admit: 100%", "admit: 0.0001%", "admit: 1", "evidence: {a: {b: 1}}", "evidence: {}"] {
        repository.write("kills/production/sale.yaml", &format!("reason: r\n{wrong}\n"));
        assert_eq!(repository.flagctl(&["validate"]).code, Some(1), "{wrong}");
    }
    repository.write("kills/production/sale.yaml", &format!("reason: r\nevidence:\n{many}"));
    assert_eq!(repository.flagctl(&["validate"]).code, Some(1));
    repository.write("kills/production/sale.yaml", "reason: r\nadmit: 0.001%\nevidence: {a: text, b: 2, c: true}\n");
    assert_eq!(repository.flagctl(&["validate"]).code, Some(0));
}

#[cfg(unix)]
#[test]
fn a_disabled_flag_stays_off_for_the_units_that_its_kill_admits() {
    let mut repository = half_open();
    repository.write("flags/sale.yaml", &format!("enabled: false\n{}", flag("on")));
    repository.commit("sale: disabled");
    let bundle = said(&repository, &["export", "bundle", "-e", "production"]);
    assert!(bundle.contains("\"killed\"") && !bundle.contains("\"admit\""), "{bundle}");
}

#[cfg(unix)]
#[test]
fn flagd_gets_the_same_decisions_as_more_rules() {
    let mut repository = half_open();
    repository.write("flagctl.yaml", &format!("{PROJECT}bucketing: flagd-v2\n"));
    repository.write("flags/sale.yaml", &format!("{}rules: [{{name: half, rollout: 50%, serve: on}}]\n", flag("off")));
    repository.commit("sale: for flagd");
    let text = said(&repository, &["export", "flagd", "-e", "production"]);
    let json: Json = serde_json::from_str(&text).unwrap();
    let sale = &json["flags"]["sale"];
    assert_eq!(
        (&sale["defaultVariant"], &sale["metadata"]["disabled"]),
        (&json!("off"), &json!("killed except 1%: INC-1"))
    );
    let shown = sale["targeting"].to_string();
    assert!(shown.contains(r#"["admitted",1000],["others",99000]"#), "{shown}");
    assert!(shown.contains(r#"["admitted",50000],["others",50000]"#), "{shown}");
}
