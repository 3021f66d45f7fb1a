//! Bundles have the same bytes on every machine and decide the same after a round trip. A decision allocates no memory.

#[path = "../../benches/workload/mod.rs"]
mod workload;

use std::fs;
use std::path::Path;

use flagctl::bundle::{Bundle, BundleError, LazyBundle, TextSet};
use flagctl::compile::compile;
use flagctl::eval::{Context, ContextError, Decision, decide, nearest, trace};
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
fn the_order_of_reading_changes_no_byte_of_a_bundle() {
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
            let context = Context::from_json(bundle.attributes(), &json).unwrap().context;
            for (flag, same) in bundle.flags().iter().zip(again.flags()) {
                let (one, two) = (decide(&bundle, flag, &context, now()), decide(&again, same, &context, now()));
                assert_eq!(summary(&one), summary(&two));
            }
        }
    }
}

#[test]
fn a_context_parsed_from_bytes_equals_one_parsed_from_json() {
    let bundle = compile(&examples(), "production").0;
    let attributes = bundle.attributes();
    let texts = fs::read_to_string("examples/contexts/users.jsonl").unwrap();
    let odd = [
        r#"{"country": "DE", "app": {"version": "2.4.0", "platform": null, "unknown": [1, {"a": {}}]}, "x": {}, "y": {"z": 1}}"#,
        r#"{"app.version": "2.4", "country": 7, "groups": ["a", 1], "account": {"id": "\u0061\n"}, "signedUp": {"a": [1]}}"#,
        r#"{"groups": ["a", "\u0062"], "recentCategories": [1, 2.5, -3], "beta": "yes", "age": 1e400}"#,
        r#"{"age": 9007199254740993, "recentCategories": [9007199254740993], "ip": "::ffff:192.0.2.1"}"#,
        r#"{"country": "DE", "country": "FR", "app": {"version": "1.0.0"}, "app": {"version": "2.0.0"}}"#,
        r#"{"unknown": [1e999]}"#,
        r#"{"unknown": ["\ud800"]}"#,
        r#"{"app": {"version": "1.0.0"}, "app": {"x": 1}}"#,
        r#"{"app": {"x": 1}, "app": {"version": "1.0.0"}, "unknown": 1, "unknown": 2}"#,
        r#"{"app": {"version": "1.0.0"}, "app.version": "1.0.0"}"#,
        r#"{"now": "2026-11-22T12:00:00Z"}"#,
        r#"["country"]"#,
        "null",
        "{}",
        "{} {}",
        "{",
        "",
        r#"{"country": "D"#,
    ];
    for text in texts.lines().chain(odd) {
        let same = serde_json::from_str(text).map(|json: Json| {
            let parsed = Context::from_json(attributes, &json);
            parsed.map(|parsed| (parsed.context.into_owned(), parsed.undeclared))
        });
        let read = Context::from_slice(attributes, text.as_bytes());
        let read = read.map(|parsed| (parsed.context.into_owned(), parsed.undeclared));
        match same {
            Ok(same) => assert_eq!(read, same, "{text}"),
            Err(error) => assert_eq!(read, Err(ContextError::Syntax(error.to_string())), "{text}"),
        }
    }
    assert!(Context::from_slice(attributes, b"{\"country\": \"\xff\"}").is_err());
    let deep = format!("{}1{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
    assert!(Context::from_slice(attributes, deep.as_bytes()).is_err());
    let deep = format!(r#"{{"a": {}1{}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert!(Context::from_slice(attributes, deep.as_bytes()).is_err());
}

#[test]
fn the_trace_ends_in_the_decision_and_the_nearest_change_changes_it() {
    let bundle = compile(&examples(), "production").0;
    let mut altered = 0;
    for json in contexts() {
        let context = Context::from_json(bundle.attributes(), &json).unwrap().context;
        for flag in bundle.flags() {
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
        contexts.iter().map(|json| Context::from_json(bundle.attributes(), json).unwrap().context).collect();
    let all = || {
        for context in &contexts {
            for flag in bundle.flags() {
                std::hint::black_box(decide(&bundle, flag, context, now()));
            }
        }
    };
    // A regular expression allocates its scratch space when a thread first uses it.
    all();
    assert_eq!(allocation_counter::measure(all).count_total, 0);
}

#[test]
fn deciding_what_the_benches_decide_allocates_nothing() {
    let people = workload::people(workload::PEOPLE);
    let bundle = workload::decided(&people);
    let ids = workload::Ids::new(&bundle);
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
        let lazily =
            LazyBundle::from_json(in_lines(&wrong)).and_then(|bundle| bundle.flag("a").map(|flag| flag.is_some()));
        // The requested flags do not use that segment.
        assert_eq!(lazily.is_ok(), place == "/segments", "{place}: {lazily:?}");
    }
}

/// Formats JSON in the layout of `to_json`.
fn in_lines(bundle: &Json) -> Vec<u8> {
    let mut head = bundle.clone();
    let flags = head["flags"].take();
    head["flags"] = json!([]);
    let flags: Vec<_> = flags.as_array().unwrap().iter().map(|flag| format!("\n{flag}")).collect();
    let head = head.to_string();
    format!("{}{}\n]}}", head.strip_suffix("]}").unwrap(), flags.join(",")).into_bytes()
}

#[test]
fn a_lazily_read_flag_decides_the_same() {
    for environment in ENVIRONMENTS {
        let bundle = compile(&examples(), environment).0;
        let bytes = bundle.to_json().unwrap();
        assert_eq!(in_lines(&serde_json::from_slice(&bytes).unwrap()), bytes);
        let contexts = contexts();
        // `all` loads the flags one after another, in reverse order. `single` and `selected` load only one flag.
        let all = LazyBundle::from_json(bytes.clone()).unwrap();
        assert!(all.keys().eq(bundle.flags().keys()));
        let mut keys: Vec<_> = bundle.flags().keys().collect();
        keys.reverse();
        for key in keys {
            let single = LazyBundle::from_json(bytes.clone()).unwrap();
            let selected = LazyBundle::from_json(bytes.clone()).unwrap().select([key]).unwrap();
            assert!(selected.flags().len() < 6, "{key}");
            for json in &contexts {
                let context = Context::from_json(bundle.attributes(), json).unwrap().context;
                let expected = summary(&bundle.decide(key, &context, now()).unwrap());
                for lazy in [&all, &single] {
                    assert_eq!(summary(&lazy.decide(key, &context, now()).unwrap().unwrap()), expected);
                }
                assert_eq!(summary(&selected.decide(key, &context, now()).unwrap()), expected);
            }
        }
        assert_eq!(all.select(all.keys()).unwrap().to_json().unwrap(), bytes);
    }
}

/// Returns flags that serve `on` and have these conditions as prerequisites.
fn flags(conditions: &[(&str, Json)]) -> Json {
    let flag = |(key, asked): &(&str, Json)| {
        json!({
            "key": key, "off": 0, "default": 0, "state": "enabled", "unit": 0, "salt": key,
            "variants": [{"name": "on", "value": true}], "prerequisites": asked,
        })
    };
    json!({
        "format": 1, "environment": "production", "bucketing": "siphash",
        "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
        "segments": [
            {"name": "first", "condition": {"flag": {"key": 2, "variants": [0]}}},
            {"name": "second", "condition": {"all": [{"segment": 0}, {"segment": 0}]}},
        ],
        "flags": conditions.iter().map(flag).collect::<Vec<_>>(),
    })
}

#[test]
fn attributes_in_another_order_are_refused_because_tests_name_them_by_index() {
    let with = |names: &[&str]| {
        let mut bundle = flags(&[]);
        bundle["segments"] = json!([]);
        bundle["attributes"] = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
        bundle["attributes"][1] = json!({"name": "now", "type": "datetime"});
        Bundle::from_json(bundle.to_string().as_bytes())
    };
    assert!(with(&["targetingKey", "now", "country", "plan"]).is_ok());
    for names in
        [&["targetingKey", "now", "plan", "country"][..], &["targetingKey", "now", "plan", "plan"], &["plan", "now"]]
    {
        let error = with(names).expect_err("another order");
        assert!(matches!(error, BundleError::Inconsistent(_)), "{error}");
    }
}

#[test]
fn errors_in_unrequested_flags_do_not_matter() {
    let on = |key: u32| json!({"flag": {"key": key, "variants": [0]}});
    let wrong = flags(&[
        ("a", json!([])),
        ("b", json!([{"segment": 1}])),
        ("c", json!([on(0)])),
        ("circle", json!([on(4)])),
        ("circle-2", json!([{"any": [on(0), on(3)]}])),
        ("lost", json!([on(9)])),
        ("through", json!([on(3)])),
    ]);
    let mut bytes = in_lines(&wrong);
    let lazy = LazyBundle::from_json(bytes.clone()).unwrap();
    assert!(lazy.flag("none").unwrap().is_none());
    assert!(lazy.flag("b").unwrap().is_some());
    let selected = lazy.select(["b", "none"]).unwrap();
    assert_eq!(selected.flags().keys().collect::<Vec<_>>(), ["a", "b", "c"], "the flags that a segment requires");
    for key in ["circle", "through", "lost", "circle-2", "circle"] {
        let error = lazy.flag(key).expect_err(key);
        assert!(matches!(error, BundleError::Inconsistent(_)), "{key}: {error}");
    }
    assert!(Bundle::from_json(&bytes).is_err());

    let at = bytes.windows(3).position(|three| three == b"\"c\"").unwrap();
    bytes[at + 4] = b'!';
    let lazy = LazyBundle::from_json(bytes.clone()).unwrap();
    assert!(lazy.flag("a").unwrap().is_some());
    assert!(matches!(lazy.flag("c"), Err(BundleError::Shape(_))));
    assert!(matches!(lazy.flag("b"), Err(BundleError::Shape(_))));

    // If the JSON has another layout, the complete bundle is read.
    for whole in [wrong.to_string().into_bytes(), serde_json::to_vec_pretty(&wrong).unwrap(), b"[".to_vec(), vec![0xff]]
    {
        assert!(LazyBundle::from_json(whole).is_err());
    }
    let right = flags(&[("a", json!([])), ("b", json!([on(0)])), ("c", json!([]))]);
    for whole in [right.to_string().into_bytes(), serde_json::to_vec_pretty(&right).unwrap()] {
        assert!(LazyBundle::from_json(whole).unwrap().flag("b").unwrap().is_some());
    }
    let text = String::from_utf8(in_lines(&right)).unwrap();
    for whole in
        [text.replace('\n', "\r\n"), text.replace('\n', "\n\n"), text.replace(",\n", "\n,\n"), text.replace(",\n", ",")]
    {
        assert!(LazyBundle::from_json(whole.into_bytes()).unwrap().flag("c").unwrap().is_some());
    }
    let none = LazyBundle::from_json(in_lines(&flags(&[]))).unwrap();
    assert!(none.flag("a").unwrap().is_none());
}

#[test]
fn a_text_set_contains_exactly_its_members() {
    // The texts have common prefixes and many lengths, because the comparison of texts depends on their length.
    let lengths = [0, 1, 2, 7, 8, 9, 35, 36, 37, 38, 100];
    let texts = |end: &'static str| lengths.iter().map(move |length| format!("{}{end}", "x".repeat(*length)));
    let others: Vec<String> = ["\0", "b", "é"].into_iter().flat_map(texts).collect();
    for count in 0..=lengths.len() * 2 {
        let members: Vec<String> = texts("").chain(texts("a")).take(count).collect();
        let set = TextSet::from(members.iter().rev().map(|text| text.as_str().into()).collect::<Vec<Box<str>>>());
        assert!(members.iter().all(|text| set.contains(text)), "{members:?}");
        assert!(others.iter().chain(&[" ".into()]).all(|text| !set.contains(text)), "{members:?}");
        let missing = texts("").chain(texts("a")).skip(count).filter(|text| !members.contains(text));
        missing.for_each(|text| assert!(!set.contains(&text), "{text:?} in {members:?}"));
        assert!(set.iter().is_sorted_by(|a, b| a < b));
        assert!(set.iter().all(|text| members.iter().any(|member| member == text)));
    }
}
