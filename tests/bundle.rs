//! A bundle is the same bytes everywhere, survives them, and costs nothing to decide from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may end in a panic and reads what it likes"
)]

#[path = "../benches/workload/mod.rs"]
mod workload;

use std::fs;
use std::path::Path;

use flagctl::bundle::{Bundle, BundleError};
use flagctl::compile::compile;
use flagctl::eval::{Context, Decision, decide, nearest, trace};
use flagctl::load;
use flagctl::model::Project;
use flagctl::source::{Folder, Source};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "production"];

fn examples() -> Project {
    load::all(&Source::Folder(Folder::find(Path::new("examples")).unwrap())).unwrap().project
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn contexts() -> Vec<Json> {
    let text = fs::read_to_string("examples/contexts/users.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn summary(decision: &Decision<'_>) -> String {
    format!("{} {:?} {:?}", decision.variant.name, decision.reason, decision.rule)
}

#[test]
fn the_order_of_reading_does_not_show() {
    for environment in ENVIRONMENTS {
        let (bundle, diagnostics) = compile(&examples(), environment);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let mut project = examples();
        project.flags.reverse();
        project.segments.reverse();
        project.kills.reverse();
        project.settings.attributes.reverse();
        assert_eq!(compile(&project, environment).0.to_json().unwrap(), bundle.to_json().unwrap());
    }
}

#[test]
fn a_bundle_read_back_decides_the_same() {
    for environment in ENVIRONMENTS {
        let bundle = compile(&examples(), environment).0;
        let bytes = bundle.to_json().unwrap();
        let again = Bundle::from_json(&bytes).unwrap();
        assert_eq!(again.to_json().unwrap(), bytes);
        for json in contexts() {
            let (context, _) = Context::from_json(&bundle.attributes, &json).unwrap();
            for (flag, same) in bundle.flags.iter().zip(&again.flags) {
                let (one, two) = (decide(&bundle, flag, &context, now()), decide(&again, same, &context, now()));
                assert_eq!(summary(&one), summary(&two));
            }
        }
    }
}

#[test]
fn the_trace_ends_in_the_decision_and_the_nearest_change_alters_it() {
    let bundle = compile(&examples(), "production").0;
    let mut altered = 0;
    for json in contexts() {
        let (context, _) = Context::from_json(&bundle.attributes, &json).unwrap();
        for flag in &bundle.flags {
            let decision = decide(&bundle, flag, &context, now());
            assert_eq!(summary(&trace(&bundle, flag, &context, now()).decision), summary(&decision));
            if let Some(nearest) = nearest(&bundle, flag, &context, now()) {
                assert_ne!(nearest.decision.variant.name, decision.variant.name);
                altered += 1;
            }
        }
    }
    assert!(altered > 50, "{altered}");
}

#[test]
fn deciding_allocates_nothing() {
    let bundle = compile(&examples(), "production").0;
    let contexts = contexts();
    let contexts: Vec<_> =
        contexts.iter().map(|json| Context::from_json(&bundle.attributes, json).unwrap().0).collect();
    let all = || {
        for context in &contexts {
            for flag in &bundle.flags {
                std::hint::black_box(decide(&bundle, flag, context, now()));
            }
        }
    };
    // A regular expression sets its scratch space up when it is first used by a thread.
    all();
    assert_eq!(allocation_counter::measure(all).count_total, 0);
}

#[test]
fn deciding_what_the_benches_decide_allocates_nothing() {
    let people = workload::people(workload::PEOPLE);
    let bundle = workload::decided(&people);
    let ids = workload::Ids::of(&bundle);
    let contexts: Vec<_> = people.iter().map(|person| workload::context(&bundle, &ids, person)).collect();
    for work in workload::Work::ALL {
        let first = |at: usize| {
            let value = workload::value(&bundle, work, &contexts[at], now());
            value == true || value == "red"
        };
        let allocations = allocation_counter::measure(|| assert!((0..contexts.len()).any(first)));
        assert_eq!(allocations.count_total, 0, "{}", work.key());
        workload::check("flagctl", work, first);
    }
}

#[test]
fn a_bundle_that_contradicts_itself_is_refused() {
    let base = json!({
        "format": 1, "environment": "production", "bucketing": "siphash",
        "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
        "segments": [],
        "flags": [{
            "key": "a", "off": 0, "default": 0, "state": "enabled", "unit": 0, "salt": "a",
            "variants": [{"name": "on", "value": true}],
        }],
    });
    assert!(Bundle::from_json(base.to_string().as_bytes()).is_ok());
    let itself = json!([{"flag": {"key": 0, "variants": [0]}}]);
    let segment = json!([{"name": "s", "condition": {"segment": 0}}]);
    let cases = [
        ("/format", json!(2)),
        ("/attributes/0/name", json!("other")),
        ("/segments", segment),
        ("/flags/0/off", json!(1)),
        ("/flags/0/unit", json!(9)),
        ("/flags/0/variants", json!([])),
        ("/flags/0/prerequisites", itself),
        ("/flags/0/prerequisites", json!([{"flag": {"key": 0, "variants": [7]}}])),
        ("/flags/0/rules", json!([{"if": {"segment": 3}, "rollout": 100_000, "serve": {"variant": 0}}])),
        ("/flags/0/rules", json!([{"rollout": 100_001, "serve": {"variant": 0}}])),
        ("/flags/0/rules", json!([{"rollout": 100_000, "serve": {"split": [[50_000, 0]]}}])),
        ("/flags/0/rules", json!([{"rollout": 100_000, "serve": {"split": []}}])),
    ];
    for (place, value) in cases {
        let mut wrong = base.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
        let error = Bundle::from_json(wrong.to_string().as_bytes()).expect_err(place);
        assert!(!matches!(error, BundleError::Shape(_)) || place.ends_with("rules"), "{place}: {error}");
    }
}
