//! The published schemas and the typed model accept the same files.

use std::fs;

use flagctl::model::{self, DefinitionKind};
use flagctl::snapshot::{File, FileId};
use flagctl::{schema, yaml};
use serde_json::{Map, Value as Json, json};

/// Marsaglia's xorshift generator with a fixed seed, so every run generates the same mutants.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<'p, T>(&mut self, pool: &'p [T]) -> &'p T {
        &pool[self.below(pool.len())]
    }
}

/// A guard with every field, which no single test of a guardrail could have.
fn guard() -> Json {
    json!({
        "environments": ["staging"], "treatment": "on", "control": "off", "alpha": 0.05, "stages": 5, "action": "kill",
        "mode": "propose", "on-source-error": "hold", "eval-delay": "60s", "lag": "30s", "min-duration": "10m",
        "cooldown": "30m", "backoff": 2, "max-cooldown": "1d", "max-trips": 3,
        "half-open": {"admit": "1%", "max-duration": "2h"},
        "srm": {"alpha": 0.001, "source": {"prometheus": {"n": "u"}}},
        "guardrails": [guardrail()],
    })
}

/// An experiment with every field, which no single metric could have.
fn experiment() -> Json {
    json!({
        "control": "off", "treatments": ["on"], "alpha": 0.01, "tuning": 1000, "min-units": 100, "max-multiple": "2%",
        "srm": {"alpha": 0.01}, "window": "24h", "lookback": "7d",
        "metrics": [{
            "name": "revenue", "role": "primary", "kind": "ratio", "event": "purchase", "aggregate": "sum",
            "denominator": {"event": "session", "aggregate": "count"}, "level": 0.9, "cap": 500, "cap-quantile": 0.99,
            "window": "48h", "better": "decrease", "min-effect": "1%", "covariate": "none",
        }],
    })
}

/// A guardrail with the fields of all tests.
fn guardrail() -> Json {
    json!({
        "name": "errors", "test": "count", "max-ratio": 1.1, "healthy-ratio": 1.5, "overdispersion": 1,
        "min-units": 100, "max-rate": 0.1, "min-events": 100, "direction": "increase-is-bad", "cap": 500,
        "tolerance": 0, "interval": "1m", "min-blocks": 30, "max": 0.9, "min": -1, "fail": {"limit": 3, "of": 5},
        "source": {"prometheus": {
            "url": "https://prom.example", "bad": "b", "total": "t", "n": "n", "sum": "s", "sum-sq": "q", "query": "v",
        }},
    })
}

/// A shadow with every field.
fn shadow() -> Json {
    json!({
        "candidate": "on", "environments": ["staging"], "if": {"country": "DE"}, "unit": "request.id", "rollout": "5%",
        "noise-control": "20%", "side-effects": "none", "max-added-latency": "20ms",
        "report": {"compare": ["status"], "ignore-paths": ["$.items[*].id"]},
        "criteria": {"min-pairs": 500, "max-excess-mismatch": "0.1%", "max-latency-ratio": 1.5},
    })
}

/// One file of each kind, which has every field once.
fn bases() -> [(DefinitionKind, Json); 6] {
    let condition = json!({
        "all": [{"country": "DE"}, {"age": {"gte": 18, "lt": 65}}],
        "any": [{"plan": ["pro", "enterprise"]}, {"segment": ["staff", "beta"]}],
        "not": {"email": {"ends_with": "@example.com", "ignore_case": true}},
        "segment": "staff",
        "flag": {"new-cart": "on", "old-cart": ["off", "slow"]},
        "app.version": {"gte": "2.4.0"},
        "groups": {"has_any": ["a", "b"]},
        "name": {"starts_with": ["a", "b"], "contains": "c", "matches": ["d"]},
        "beta": true,
        "ip": {"exists": false},
    });
    let serving = json!({
        "enabled": true, "off": "off", "default": "on", "unit": "account.id", "salt": "s",
        "requires": {"new-cart": "on"},
        "rules": [
            {"name": "r", "description": "d", "if": condition, "unit": "user.id", "slot": "l/a", "rollout": "12.5%", "steps": ["1%", "50%"], "serve": "on",
             "enabled": true, "environments": {"staging": {
                "enabled": false, "if": condition, "rollout": "1%", "steps": ["1%"], "serve": {"on": "50%", "off": "50%"},
             }}},
            {"serve": {"on": "50%", "off": "50%"}},
        ],
    });
    let mut flag = json!({
        "description": "d", "kind": "ops", "owner": "o", "expires": "2027-03-31", "tags": ["a"],
        "metadata": {"issue": "SHOP-41", "reviewed": true}, "kills": "review",
        "guard": guard(), "shadow": shadow(), "experiment": experiment(),
        "variants": {"on": true, "off": false}, "schema": "s.json", "environments": {"staging": serving},
    });
    let fields = serving.as_object().unwrap().clone();
    flag.as_object_mut().unwrap().extend(fields);
    let project = json!({
        "version": 1, "environments": ["staging", "production"], "bucketing": "siphash",
        "groups": {"all": ["staging", "production"]},
        "attributes": {
            "email": "string", "country": {"type": "string", "enum": ["DE"], "required": true, "description": "d", "weights": {"DE": "30%"}},
            "groups": {"type": "list", "of": "string", "enum": ["a"]}, "sizes": {"type": "list", "of": "number"},
        },
        "lint": {"missing-owner": "error"},
        "publish": {
            "main": {"to": "s3://acme-flags/web", "format": "flagd", "environments": ["staging"], "sign": true},
            "local": {"to": "./dist"},
        },
        "policy": {"production": {
            "max-step": "25%", "min-soak": "24h", "after": ["staging"], "new-conditions": "allow",
            "acknowledge": ["removed"], "signed-by": "signers", "tests": "required", "shadow": "required",
            "kinds": {"ops": {"max-step": "50%", "after": ["staging"], "acknowledge": ["reshuffle"]}},
            "freeze": [{"from": "2026-12-18T18:00[Europe/Berlin]", "until": "2027-01-04T08:00:00Z", "reason": "r"}],
        }},
    });
    let test = json!({
        "description": "d", "environments": "staging", "now": "2026-11-22T11:02:00Z",
        "contexts": {"dana": {"country": "DE", "app": {"version": "1.0.0"}}},
        "cases": [
            {"name": "n", "environments": ["staging"], "now": "2026-11-22T11:02:00Z", "context": "dana",
             "matrix": {"country": ["DE", null], "groups": [["a"], []]}, "bucket": {"f": "12.5%"}, "expect": {"f": "on"}},
            {"context": ["dana", "lee"], "expect": {"f": {"variant": "on", "value": true, "reason": "SPLIT", "rule": "r"}}},
            {"context": {"country": "DE"}, "bucket": {"f": {"slot": "5%", "rollout": "1%", "split": "99.999%"}}, "expect": {"f": "on", "g": "off"}},
        ],
        "golden": {"flags": "f", "contexts": ["dana"], "cells": {"f": {"dana": {"staging": "on"}}}},
    });
    [
        (DefinitionKind::Flag, flag),
        (
            DefinitionKind::Layer,
            json!({
                "description": "d", "owner": "o", "unit": "account.id", "salt": "s", "holdout": "95%..100%",
                "slots": {"a": "0%..12.5%", "b": "12.5%..12.501%"},
            }),
        ),
        (DefinitionKind::Segment, json!({"description": "d", "owner": "o", "if": condition})),
        (
            DefinitionKind::Kill,
            json!({
                "reason": "r", "by": "b", "at": "2026-11-22T11:02:00Z", "admit": "1%",
                "evidence": {"guardrail": "errors", "log-e": 7.2, "decided": true},
            }),
        ),
        (DefinitionKind::Project, project),
        (DefinitionKind::Test, test),
    ]
}

fn pool() -> Vec<Json> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-3.5),
        json!(""),
        json!("on"),
        json!("a b"),
        json!("25%"),
        json!("0ms"),
        json!("00ms"),
        json!("$.ts"),
        json!("$.a[*].b"),
        json!("$."),
        json!("100%"),
        json!("100.5%"),
        json!("07%"),
        json!("00.010%"),
        json!("0.000%"),
        json!("00%"),
        json!("99.999%"),
        json!("100.000%"),
        json!("x".repeat(1_024)),
        json!("x".repeat(1_025)),
        json!("1.2345%"),
        json!("2027-02-30"),
        json!("2027-01-01T00:00:00"),
        json!("2026-11-22T11:02:00+01:00"),
        json!("list"),
        json!("siphash"),
        json!("release"),
        json!("SPLIT"),
        json!("-x"),
        json!("s3://a/b"),
        json!("s3://user:secret@a/b"),
        json!("s3://a//b"),
        json!("gs://.a"),
        json!("../a/b"),
        json!("https://example.com/a"),
        json!([]),
        json!({}),
        json!(["a", "a"]),
        json!(["a", "b"]),
        json!([1, null]),
        json!({"on": "100%"}),
        json!({"eq": 1}),
        json!({"in": []}),
        json!({"ignore_case": true}),
        json!({"starts_with": 1}),
        json!({"starts_with": ["a", 1]}),
        json!("10%/a:b+c"),
        json!("l/a"),
        json!("l/a/b"),
        json!("20%..10.5%"),
        json!("0%..100.5%"),
        json!("0%...5%"),
        json!("0%..5"),
        json!({"type": "list"}),
        json!({"type": "number", "enum": ["a"]}),
        json!({"type": "list", "of": "number", "enum": ["a"]}),
        json!([{}]),
        json!({"x": {"y": "z"}}),
        json!("x".repeat(129)),
        json!("x".repeat(4_097)),
        json!("30m"),
        json!("0s"),
        json!("1h30m"),
        json!("https://user:secret@prom.example"),
        json!(0.5),
        json!(3.0),
        json!(1e13),
    ]
}

fn names() -> Vec<&'static str> {
    let fields = "version environments attributes bucketing lint type of enum required description variants off default rules \
                  requires unit salt enabled name if rollout steps serve all any not segment flag eq ne in not_in lt lte gt gte \
                  starts_with ends_with contains matches has has_any has_all exists ignore_case reason by at key -bad a.b a/b a:b.c a//b a/ \
                  now contexts cases golden flags cells context matrix bucket expect variant value rollout split metadata cause tags \
                  slot slots holdout owner";
    fields.split_whitespace().collect()
}

/// Changes one random value in the tree.
fn mutate(json: &mut Json, random: &mut Random) {
    let inner = match json {
        Json::Object(fields) => fields.len(),
        Json::Array(items) => items.len(),
        _ => 0,
    };
    if inner > 0 && random.below(5) > 0 {
        let at = random.below(inner);
        return match json {
            Json::Object(fields) => mutate(fields.values_mut().nth(at).unwrap(), random),
            Json::Array(items) => mutate(&mut items[at], random),
            _ => unreachable!("only collections have something inside"),
        };
    }
    match (json, random.below(4)) {
        (Json::Object(fields), 0) if inner > 0 => {
            let key = fields.keys().nth(random.below(inner)).unwrap().clone();
            fields.remove(&key);
        }
        (Json::Object(fields), 1) => {
            fields.insert((*random.pick(&names())).to_owned(), random.pick(&pool()).clone());
        }
        (Json::Object(fields), 2) if inner > 0 => {
            let at = random.below(inner);
            let renamed: Map<_, _> = std::mem::take(fields)
                .into_iter()
                .enumerate()
                .map(
                    |(place, (key, value))| {
                        if place == at { ((*random.pick(&names())).to_owned(), value) } else { (key, value) }
                    },
                )
                .collect();
            *fields = renamed;
        }
        (Json::Array(items), 0) if inner > 0 => {
            items.remove(random.below(inner));
        }
        (Json::Array(items), 1) => items.push(random.pick(&pool()).clone()),
        (json, _) => *json = random.pick(&pool()).clone(),
    }
}

/// Returns whether the schema accepts the file, and whether the model accepts it.
fn verdicts(kind: DefinitionKind, text: &str) -> (Vec<String>, Vec<String>) {
    let file = File::new("x.yaml".to_owned(), text.as_bytes().to_vec());
    let mut diagnostics = Vec::new();
    let root = yaml::parse(FileId(0), &file, &mut diagnostics).root;
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    schema::check(kind, &root, &mut diagnostics);
    let misfits = match kind {
        DefinitionKind::Project => model::lower_settings(&root).1,
        DefinitionKind::Flag => model::lower_flag(&root, "x", FileId(0)).1,
        DefinitionKind::Segment => model::lower_segment(&root, "x", FileId(0)).1,
        DefinitionKind::Layer => model::lower_layer(&root, "x", FileId(0)).1,
        DefinitionKind::Kill => model::lower_kill(&root, "production", "x", FileId(0)).1,
        DefinitionKind::Test => model::lower_suite(&root, FileId(0)).1,
    };
    let said = diagnostics.iter().map(|one| one.message.clone()).collect();
    (said, misfits.iter().map(|one| format!("{one:?}")).collect())
}

#[test]
fn model_and_schema_accept_the_same_mutants() {
    for (kind, base) in bases() {
        let (schema, model) = verdicts(kind, &base.to_string());
        assert!(schema.is_empty() && model.is_empty(), "{kind:?}: {schema:?} {model:?}");
        let mut random = Random(0x2026_1122 + kind as u64);
        let mut taken = 0;
        for _ in 0..5_000 {
            let mut mutant = base.clone();
            for _ in 0..=random.below(2) {
                mutate(&mut mutant, &mut random);
            }
            let text = mutant.to_string();
            let (schema, model) = verdicts(kind, &text);
            assert_eq!(schema.is_empty(), model.is_empty(), "{kind:?}: {text}\nschema: {schema:?}\nmodel: {model:?}");
            taken += usize::from(schema.is_empty());
        }
        assert!((100..4_900).contains(&taken), "{kind:?}: {taken} of 5000 were taken, too one-sided to show anything");
    }
}

#[test]
fn shared_definitions_are_the_same_in_every_schema() {
    let read = |kind| -> Json { serde_json::from_str(schema::text(kind)).unwrap() };
    let flag = read(DefinitionKind::Flag);
    for kind in [
        DefinitionKind::Segment,
        DefinitionKind::Layer,
        DefinitionKind::Kill,
        DefinitionKind::Project,
        DefinitionKind::Test,
    ] {
        for (name, definition) in read(kind)["$defs"].as_object().unwrap() {
            if let Some(same) = flag["$defs"].get(name) {
                assert_eq!(definition, same, "{kind:?}: {name}");
            }
        }
    }
}

#[test]
fn the_program_contains_the_published_schemas() {
    for kind in DefinitionKind::ALL {
        let path = format!("schemas/{}.schema.json", kind.name());
        assert_eq!(fs::read_to_string(path).unwrap(), schema::text(kind));
    }
}

#[test]
fn every_field_of_every_schema_explains_itself() {
    fn walk(json: &Json, path: &str, silent: &mut Vec<String>) {
        if let Some(properties) = json.get("properties").and_then(Json::as_object) {
            for (name, property) in properties {
                let conditional =
                    property.is_boolean() || property.get("const").is_some() && property.get("title").is_none();
                if !conditional && property.get("description").is_none() {
                    silent.push(format!("{path}/{name}"));
                }
            }
        }
        match json {
            Json::Object(fields) => {
                fields.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"), silent))
            }
            Json::Array(items) => items.iter().for_each(|item| walk(item, path, silent)),
            _ => {}
        }
    }
    let mut silent = Vec::new();
    for kind in DefinitionKind::ALL {
        walk(&serde_json::from_str(schema::text(kind)).unwrap(), kind.name(), &mut silent);
    }
    assert!(silent.is_empty(), "{silent:?}");
}
