//! The shadow of a flag: the flag that it becomes, and that it never changes what is served.

use flagctl::analyze::{Budget, Definition, changes};
use flagctl::bundle::Bundle;
use flagctl::compile::compile;
use flagctl::load;
use flagctl::source::{Folder, Source};
use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;

const PROJECT: &str = "version: 1\nenvironments: [staging, production]\nattributes:\n  country: string\n  plan: string\n\
    lint: {missing-description: off, missing-expiry: off, missing-owner: off}\n";
const SEARCH: &str = "variants: {old: 1, new: 2, third: 3}\noff: old\ndefault: old\n";
const SHADOW: &str = "shadow:\n  candidate: new\n  environments: [production]\n  if: {country: {ne: CN}}\n  \
    rollout: 40%\n  noise-control: 25%\n  side-effects: none\n  max-added-latency: 20ms\n  \
    report: {compare: [status, body], ignore-paths: [$.ts]}\n";

/// A repository whose second commit adds the shadow.
fn repository(rest: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    repository.write("flags/search.yaml", &format!("{SEARCH}{rest}"));
    repository.commit("search");
    repository.write("flags/search.yaml", &format!("{SEARCH}{rest}{SHADOW}"));
    repository.commit("search: the new engine runs in the dark");
    repository
}

fn bundle(repository: &TestRepository, environment: &str) -> Bundle {
    let source = Source::Folder(Folder::find(repository.root()).unwrap());
    let (bundle, diagnostics) = compile(&load::all(&source).unwrap().project, environment);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    bundle
}

/// Decides flags for 2,000 units, and returns the variants of each flag.
fn variants(repository: &TestRepository, environment: &str, flags: &[&str]) -> Vec<Vec<String>> {
    let contexts: String = (0..2_000)
        .map(|unit| json!({"targetingKey": format!("u{unit}"), "country": "DE"}))
        .fold(String::new(), |text, context| text + &context.to_string() + "\n");
    repository.write("../contexts.jsonl", &contexts);
    let arguments = [&["eval", "-e", environment, "--contexts", "../contexts.jsonl"], flags].concat();
    let ran = repository.flagctl(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let decisions: Vec<Json> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |flag: &&str| {
        let variants = decisions.iter().map(|line| line["decisions"][*flag]["variant"].as_str().unwrap().to_owned());
        variants.collect()
    };
    flags.iter().map(of).collect()
}

fn count(variants: &[String], variant: &str) -> usize {
    variants.iter().filter(|name| *name == variant).count()
}

#[test]
fn a_shadow_is_a_flag_of_its_own_with_exact_shares() {
    let repository = repository("");
    let all = variants(&repository, "production", &["search", "search.shadow"]);
    assert_eq!(count(&all[0], "old"), 2_000);
    let [none, candidate, control] = ["none", "candidate", "control"].map(|variant| count(&all[1], variant));
    assert_eq!(none + candidate + control, 2_000);
    // Four standard deviations around 60%, 30% and 10%.
    assert!((1_112..1_288).contains(&none), "{none}");
    assert!((518..682).contains(&candidate), "{candidate}");
    assert!((146..254).contains(&control), "{control}");
    let staging = variants(&repository, "staging", &["search.shadow"]);
    assert_eq!(count(&staging[0], "none"), 2_000);
    let ran =
        repository.flagctl(&["eval", "search.shadow", "-e", "production", "-c", "country=CN", "--format", "json"]);
    assert!(ran.stdout.contains("\"none\""), "{ran:?}");
}

#[test]
fn applications_get_what_they_need_as_metadata() {
    let repository = repository("");
    let flag = bundle(&repository, "production");
    let metadata = &flag.flag("search.shadow").unwrap().metadata;
    let expected = json!({
        "shadowOf": "search", "candidate": "new", "sideEffects": "none", "maxAddedLatencyMs": 20,
        "compare": "status body", "ignorePaths": "$.ts",
    });
    assert_eq!(Json::Object(metadata.clone()), expected);
}

#[test]
fn a_shadow_changes_no_served_variant() {
    let rules = [
        "",
        "rules:\n  - {rollout: 30%, serve: new}\n",
        "rules:\n  - {if: {country: DE}, serve: {old: 20%, new: 30%, third: 50%}}\n  - {rollout: 5%, serve: third}\n",
        "enabled: false\n",
        "unit: plan\nsalt: s\nenvironments: {production: {default: new}}\n",
    ];
    for rest in rules {
        let mut repository = repository(rest);
        let other = "variants: {on: true, off: false}\noff: off\ndefault: on\nrequires: {search: [old, third]}\n";
        repository.write("flags/other.yaml", other);
        repository.commit("a flag that depends on search");
        let with = ["staging", "production"].map(|environment| bundle(&repository, environment));
        repository.write("flags/search.yaml", &format!("{SEARCH}{rest}"));
        let without = ["staging", "production"].map(|environment| bundle(&repository, environment));
        for (before, after) in without.iter().zip(&with) {
            assert_eq!(after.flags().len(), before.flags().len() + 1);
            for key in before.flags().keys() {
                let [before, after] = [before, after].map(|bundle| Definition::find(bundle, key).unwrap());
                assert!(changes(before, after, &Budget::default()).unwrap().is_empty(), "{key}: {rest}");
            }
        }
        let ran = repository.flagctl(&["diff", "HEAD~2..HEAD~1"]);
        assert!(ran.stdout.contains("none: search in staging, production serves everyone"), "{ran:?}");
    }
}

#[test]
fn a_request_that_gets_the_candidate_is_not_shadowed() {
    let repository = repository("rules:\n  - {rollout: 50%, serve: new}\n");
    let all = variants(&repository, "production", &["search", "search.shadow"]);
    let both = all[0].iter().zip(&all[1]);
    let pairs = |served: &str, shadow: &str| {
        both.clone().filter(|pair| *pair == (&served.to_owned(), &shadow.to_owned())).count()
    };
    assert_eq!((pairs("new", "candidate"), pairs("new", "control")), (0, 0));
    // The shadow admits the same share of the other requests, because its buckets are independent.
    let shadowed = pairs("old", "candidate") + pairs("old", "control");
    assert!((330..470).contains(&shadowed), "{shadowed}");
}

#[test]
fn a_shadow_is_off_whenever_its_flag_is() {
    let required = "variants: {on: true, off: false}\noff: off\ndefault: off\n";
    for (rest, kill) in [
        ("enabled: false\n", None),
        ("requires: {other: on}\n", None),
        ("", Some("reason: INC-1\n")),
        ("", Some("reason: INC-1\nadmit: 50%\n")),
    ] {
        let repository = repository(rest);
        repository.write("flags/other.yaml", required);
        if let Some(kill) = kill {
            repository.write("kills/production/search.yaml", kill);
        }
        let all = variants(&repository, "production", &["search.shadow"]);
        assert_eq!(count(&all[0], "none"), 2_000, "{rest} {kill:?}");
    }
}

#[test]
fn a_kill_of_a_flag_with_a_shadow_is_a_proven_kill() {
    let mut repository = repository("rules:\n  - {rollout: 50%, serve: new}\n");
    repository.git(&["tag", "base"]);
    repository.write("kills/production/search.yaml", "reason: INC-1\nby: Dana\nat: 2026-11-01T00:00:00Z\n");
    repository.commit("search: killed");
    let ran = repository.flagctl(&["verify-kill", "base..HEAD"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("search.shadow in production: "), "{ran:?}");
    let kill = repository.flagctl(&["kill", "search", "-e", "staging", "--reason", "INC-2", "--dry-run"]);
    assert!(kill.code == Some(0) && !kill.stdout.contains("search.shadow"), "{kill:?}");
    // A kill file of the shadow itself is not a kill, and the message says what to do instead.
    repository.write("kills/production/search.shadow.yaml", "reason: INC-3\n");
    let ran = repository.flagctl(&["validate"]);
    assert!(ran.stdout.contains("kill `search`, or set `rollout: 0%` in its `shadow`"), "{ran:?}");
    let ran = repository.flagctl(&["kill", "search.shadow", "-e", "staging", "--reason", "INC-3", "--yes"]);
    assert!(ran.code == Some(3) && ran.stderr.contains("it is the shadow of `search`, which has a file"), "{ran:?}");
}

#[test]
fn no_decision_can_depend_on_a_shadow() {
    let mistakes = [
        (
            "flags/a.yaml",
            format!("{SEARCH}requires: {{search.shadow: candidate}}\n"),
            "on which no decision may depend",
        ),
        (
            "flags/a.yaml",
            format!("{SEARCH}rules: [{{if: {{flag: {{search.shadow: none}}}}, serve: new}}]\n"),
            "on which no decision may depend",
        ),
        ("segments/s.yaml", "if: {flag: {search.shadow: none}}\n".to_owned(), "on which no decision may depend"),
        (
            "flags/search.shadow.yaml",
            SEARCH.to_owned(),
            "the shadow is the flag `search.shadow`, and a file defines this flag",
        ),
    ];
    for (path, text, message) in mistakes {
        let repository = repository("");
        repository.write(path, &text);
        let ran = repository.flagctl(&["validate"]);
        assert_eq!(ran.code, Some(1), "{path}: {ran:?}");
        assert!(ran.stdout.contains(message) && ran.stdout.contains("unfit-shadow"), "{path}: {ran:?}");
    }
    let repository = repository("");
    let key = "k".repeat(125);
    repository.write(&format!("flags/{key}.yaml"), &format!("{SEARCH}{SHADOW}"));
    let ran = repository.flagctl(&["validate"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("is too long for a key"), "{ran:?}");
}

#[test]
fn a_plan_and_a_log_show_the_shadow_and_its_fields() {
    let mut repository = repository("");
    let text = format!("{SEARCH}{SHADOW}");
    repository.write("flags/search.yaml", &text.replace("rollout: 40%", "rollout: 60%"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.contains("expand: search.shadow in production"), "{ran:?}");
    assert!(ran.stdout.contains("flags/search.yaml:8: rule shadow 40% → 60%"), "{ran:?}");
    // A shadow is not a flag that changes what people get.
    let summary = "HEAD → working tree: 1 flag changes no decision, 1 shadow changes for whom it runs\n";
    assert!(ran.stdout.ends_with(summary), "{ran:?}");
    let json = repository.flagctl(&["diff", "HEAD", "--format", "json"]).stdout;
    let json: Json = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["flags"][1]["shadowOf"], &json["flags"][0]["shadowOf"]), (&json!("search"), &Json::Null));
    repository.write("flags/search.yaml", SEARCH);
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.ends_with("1 flag changes no decision, 1 shadow changes for whom it runs\n"), "{ran:?}");
    repository.write("flags/search.yaml", &format!("{text}  criteria: {{min-pairs: 500}}\n"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(ran.stdout.contains("metadata: search.shadow") && ran.stdout.contains("min-pairs: 500"), "{ran:?}");
    repository.commit("search: fewer pairs");
    let ran = repository.flagctl(&["log"]);
    assert!(ran.stdout.contains("search.shadow\n") && ran.stdout.contains("min-pairs: 500"), "{ran:?}");
    let ran = repository.flagctl(&["log", "search.shadow"]);
    assert_eq!(ran.stdout.matches("search: the new engine runs in the dark").count(), 1, "{ran:?}");
    // A change of the flag that does not touch the shadow is not a change of the shadow.
    repository.write("flags/search.yaml", &format!("owner: search\n{text}  criteria: {{min-pairs: 500}}\n"));
    let ran = repository.flagctl(&["diff", "HEAD"]);
    assert!(!ran.stdout.contains("search.shadow"), "{ran:?}");
}

#[test]
fn the_export_for_flagd_has_the_shadow() {
    let repository = repository("rules:\n  - {rollout: 50%, serve: new}\n");
    repository.write("flagctl.yaml", &PROJECT.replace("attributes:", "bucketing: flagd-v3\nattributes:"));
    let ran = repository.flagctl(&["export", "flagd", "-e", "production"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json: Json = serde_json::from_str(&ran.stdout).unwrap();
    let shadow = &json["flags"]["search.shadow"];
    assert_eq!(shadow["defaultVariant"], "none");
    assert_eq!(shadow["variants"], json!({"candidate": "candidate", "control": "control", "none": "none"}));
    assert_eq!(shadow["metadata"]["shadowOf"], "search");
    assert!(shadow["targeting"].to_string().contains("search:shadow"), "{shadow}");
}

#[test]
fn a_bundle_without_the_repository_has_the_shadow() {
    let repository = repository("");
    let ran = repository.flagctl(&["export", "bundle", "-e", "production"]);
    repository.write("../bundle.json", &ran.stdout);
    let arguments =
        ["eval", "search.shadow", "--bundle", "../bundle.json", "-c", "targetingKey=u1", "-c", "country=DE"];
    let from_bundle = repository.flagctl(&arguments);
    let from_files =
        repository.flagctl(&["eval", "search.shadow", "-e", "production", "-c", "targetingKey=u1", "-c", "country=DE"]);
    assert_eq!((from_bundle.code, &from_bundle.stdout), (Some(0), &from_files.stdout));
    let killed = repository.flagctl(&[&arguments[..], &["--kill", "search"]].concat());
    assert!(killed.stdout.contains("none") && killed.stdout.contains("killed"), "{killed:?}");
}

#[test]
fn a_policy_counts_no_step_of_a_shadow_but_a_freeze_is_for_everything() {
    let mut repository = repository("");
    let policy = |rules: &str| format!("{PROJECT}policy: {{production: {{{rules}}}}}\n");
    repository.write(
        "flagctl.yaml",
        &policy("max-step: 5%, min-soak: 7d, after: [staging], tests: required, acknowledge: [expand]"),
    );
    repository.commit("a policy");
    repository.write("flags/search.yaml", &format!("{SEARCH}{SHADOW}").replace("rollout: 40%", "rollout: 90%"));
    repository.commit("search: more requests in the dark");
    let ran = repository.flagctl(&["policy", "HEAD~1..HEAD", "--now", "2026-11-05T00:00:00Z"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("allowed: search.shadow in production"), "{ran:?}");
    repository.write(
        "flagctl.yaml",
        &policy("freeze: [{from: '2026-11-01T00:00:00Z', until: '2026-12-01T00:00:00Z', reason: holidays}]"),
    );
    repository.commit("a freeze");
    repository.write("flags/search.yaml", &format!("{SEARCH}{SHADOW}"));
    repository.commit("search: fewer requests in the dark");
    repository.write("flags/search.yaml", &format!("{SEARCH}{SHADOW}").replace("rollout: 40%", "rollout: 50%"));
    repository.commit("search: more requests in the dark");
    let ran = repository.flagctl(&["policy", "HEAD~1..HEAD", "--now", "2026-11-05T00:00:00Z"]);
    assert!(ran.code == Some(1) && ran.stdout.contains("refused: search.shadow in production (freeze)"), "{ran:?}");
    let ran = repository.flagctl(&["policy", "HEAD~2..HEAD~1", "--now", "2026-11-05T00:00:00Z"]);
    assert_eq!(ran.code, Some(0), "a shrink is always allowed: {ran:?}");
}
