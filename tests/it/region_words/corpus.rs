//! Edits of feature flags: those that people make every day, and random ones.

use serde_json::{Value as Json, json};

use crate::random::Random;

/// A bundle before and after an edit of the flag `main`, or of something that it depends on.
pub(super) struct Edit {
    pub(super) name: &'static str,
    pub(super) before: Json,
    pub(super) after: Json,
}

const COUNTRIES: [&str; 8] = ["AT", "CH", "DE", "ES", "FR", "GB", "NL", "US"];
const PLANS: [&str; 3] = ["free", "pro", "team"];
const GROUPS: [&str; 4] = ["beta", "partners", "staff", "testers"];
const VERSIONS: [&str; 4] = ["1.9.0", "2.0.0", "2.4.1", "3.0.0"];
const EMAILS: [&str; 5] = ["a@example.com", "b@example.com", "c@corp.example", "d@corp.example", "e@example.com"];
const AGES: [u32; 4] = [16, 18, 21, 65];

/// The indices of the attributes, which are in alphabetical order after the first two.
const AGE: usize = 2;
const PLATFORM: usize = 3;
const VERSION: usize = 4;
const BETA: usize = 5;
const COUNTRY: usize = 6;
const EMAIL: usize = 7;
const LIST: usize = 8;
const PLAN: usize = 9;

fn attributes() -> Json {
    json!([
        {"name": "targetingKey", "type": "string"},
        {"name": "now", "type": "datetime"},
        {"name": "age", "type": "number"},
        {"name": "app.platform", "type": "string", "enum": ["android", "ios", "web"]},
        {"name": "app.version", "type": "semver"},
        {"name": "beta", "type": "boolean"},
        {"name": "country", "type": "string"},
        {"name": "email", "type": "string"},
        {"name": "groups", "type": {"list": "string"}},
        {"name": "plan", "type": "string", "enum": PLANS},
    ])
}

fn is(attribute: usize, predicate: &Json) -> Json {
    json!({"test": {"attribute": attribute, "sign": "is", "predicate": predicate}})
}

fn is_not(attribute: usize, predicate: &Json) -> Json {
    json!({"test": {"attribute": attribute, "sign": "is-not", "predicate": predicate}})
}

fn texts(texts: &[&str]) -> Json {
    json!({"one-of": {"texts": texts}})
}

/// Returns some of the entries, each once and in their order.
fn some<'t>(random: &mut Random, pool: &[&'t str], most: usize) -> Vec<&'t str> {
    let chosen = random.some(pool, most);
    pool.iter().copied().filter(|entry| chosen.contains(entry)).collect()
}

fn test(random: &mut Random) -> Json {
    match random.below(13) {
        0 | 1 => is(COUNTRY, &texts(&some(random, &COUNTRIES, 4))),
        2 => is_not(COUNTRY, &texts(&some(random, &COUNTRIES, 2))),
        3 => is(PLAN, &texts(&some(random, &PLANS, 1))),
        4 => is(PLATFORM, &texts(&some(random, &["android", "ios", "web"], 1))),
        5 => {
            let operator = random.pick(&["less", "greater-or-equal"]);
            is(VERSION, &json!({"compare": [operator, {"version": random.pick(&VERSIONS)}]}))
        }
        6 => is(LIST, &json!({"has": [random.pick(&["any", "all"]), {"texts": some(random, &GROUPS, 2)}]})),
        7 => is(EMAIL, &texts(&some(random, &EMAILS, 3))),
        8 => is(EMAIL, &json!({"ends-with": random.pick(&["@example.com", "@corp.example"])})),
        9 => {
            let operator = random.pick(&["less", "less-or-equal", "greater", "greater-or-equal"]);
            is(AGE, &json!({"compare": [operator, {"number": random.pick(&AGES)}]}))
        }
        10 => is(BETA, &json!({"one-of": {"booleans": [random.below(2) == 0]}})),
        11 => json!({"segment": random.below(3)}),
        _ => json!({"not": {"segment": random.below(3)}}),
    }
}

fn condition(random: &mut Random, depth: usize) -> Json {
    let several = |random: &mut Random| -> Vec<Json> {
        (0..2 + random.below(2)).map(|_| condition(random, depth.saturating_sub(1))).collect()
    };
    match random.below(if depth == 0 { 6 } else { 10 }) {
        6 | 7 => json!({"all": several(random)}),
        8 => json!({"any": several(random)}),
        9 => json!({"not": condition(random, depth - 1)}),
        _ => test(random),
    }
}

/// Returns a rule as people write them: for a segment or a country, and often for one or two things more.
fn rule(random: &mut Random) -> Json {
    let condition = match random.below(4) {
        0 => condition(random, 2),
        _ => {
            let first = match random.below(5) {
                0 | 1 => json!({"segment": 0}),
                2 => json!({"segment": 1 + random.below(2)}),
                _ => test(random),
            };
            let all: Vec<Json> = std::iter::once(first).chain((0..random.below(3)).map(|_| test(random))).collect();
            json!({"all": all})
        }
    };
    let rollout = random.pick(&[100_000, 100_000, 30_000, 60_000]);
    json!({"if": condition, "rollout": rollout, "serve": {"variant": random.pick(&[0, 0, 0, 1, 2])}})
}

fn flag(key: &str, rules: &[Json], default: usize) -> Json {
    json!({
        "key": key, "off": 1, "default": default, "state": "enabled", "rules": rules, "unit": 0, "salt": key,
        "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}, {"name": "new", "value": "new"}],
    })
}

fn bundle(random: &mut Random) -> Json {
    let eu = some(random, &COUNTRIES, 6);
    let staff = json!({"any": [
        is(EMAIL, &json!({"ends-with": "@corp.example"})),
        is(LIST, &json!({"has": ["any", {"texts": ["staff"]}]})),
    ]});
    let segments = json!([
        {"name": "eu", "condition": is(COUNTRY, &texts(&eu))},
        {"name": "staff", "condition": staff},
        {"name": "adults", "condition": is(AGE, &json!({"compare": ["greater-or-equal", {"number": 18}]}))},
    ]);
    let rules: Vec<Json> = (0..=random.below(3)).map(|_| rule(random)).collect();
    let base = vec![rule(random)];
    json!({
        "format": 1, "environment": "production", "bucketing": "siphash", "attributes": attributes(),
        "segments": segments,
        "flags": [flag("base", &base, 1), flag("main", &rules, 1)],
    })
}

/// Makes a bundle and edits it.
pub(super) fn edit(random: &mut Random) -> Edit {
    let before = bundle(random);
    let mut after = before.clone();
    let main = &mut after["flags"][1];
    let rules = main["rules"].as_array().unwrap().len();
    let at = random.below(rules);
    let name = match random.below(20) {
        0 | 1 => {
            after["segments"][0]["condition"] = is(COUNTRY, &texts(&some(random, &COUNTRIES, 6)));
            "a country joins or leaves a segment"
        }
        2 => {
            after["segments"][1]["condition"]["any"][1] =
                is(LIST, &json!({"has": ["any", {"texts": ["staff", "testers"]}]}));
            "a group joins a segment"
        }
        3 => {
            after["segments"][2]["condition"] =
                is(AGE, &json!({"compare": ["greater-or-equal", {"number": random.pick(&AGES)}]}));
            "an age limit moves"
        }
        4 | 5 => {
            main["rules"][at]["rollout"] = json!(random.pick(&[0, 10_000, 45_000, 80_000, 100_000]));
            "a rollout step"
        }
        6 => {
            main["rules"].as_array_mut().unwrap().insert(at, rule(random));
            "a new rule"
        }
        7 => {
            main["rules"].as_array_mut().unwrap().remove(at);
            "a rule goes"
        }
        8 => {
            main["rules"].as_array_mut().unwrap().swap(0, rules - 1);
            "two rules change places"
        }
        9 | 10 => {
            let added = test(random);
            let rule = &mut main["rules"][at];
            rule["if"] = json!({"all": [rule["if"], added]});
            "one more condition"
        }
        11 => {
            let added = test(random);
            let rule = &mut main["rules"][at];
            rule["if"] = json!({"any": [rule["if"], added]});
            "one more alternative"
        }
        12 => {
            main["state"] = json!({"killed": {"reason": "r", "by": null, "at": null}});
            "a kill"
        }
        13 => {
            main["default"] = json!(2);
            "another default"
        }
        14 => {
            main["prerequisites"] = json!([{"flag": {"key": 0, "variants": [random.below(2)]}}]);
            "a prerequisite"
        }
        15 => {
            after["attributes"][PLAN]["enum"] = json!(["free", "pro", "max"]);
            "another plan"
        }
        16 => {
            let rule = &mut main["rules"][at];
            rule["if"] = json!({"not": rule["if"]});
            "the opposite"
        }
        17 => {
            main["rules"][at]["serve"] = json!({"split": [[20_000, 0], [70_000, 1], [100_000, 2]]});
            "a split"
        }
        18 => {
            main["rules"].as_array_mut().unwrap().insert(0, json!({
                "if": is(0, &texts(&["u1", "u5", "vip"])), "rollout": 100_000, "serve": {"variant": random.below(3)},
            }));
            "units by name"
        }
        _ => {
            main["rules"][at]["if"] = condition(random, 2);
            "another condition"
        }
    };
    Edit { name, before, after }
}

/// Returns a context with values that the constants distinguish, with missing and wrong ones among them.
pub(super) fn context(random: &mut Random) -> Json {
    let mut context = serde_json::Map::new();
    let mut set = |random: &mut Random, name: &str, pool: &[Json]| match random.below(8) {
        0 => {}
        1 => drop(context.insert(name.to_owned(), random.pick(&[json!({}), json!(null), json!(["x", 1])]))),
        _ => drop(context.insert(name.to_owned(), random.pick(pool))),
    };
    let of = |values: &[&str]| values.iter().map(|value| json!(value)).collect::<Vec<_>>();
    set(random, "country", &[of(&COUNTRIES), of(&["JP", ""])].concat());
    set(random, "plan", &of(&["free", "pro", "team", "max"]));
    set(random, "app.platform", &of(&["android", "ios", "web", "tv"]));
    set(random, "app.version", &of(&["1.8.9", "1.9.0", "1.9.5", "2.0.0", "2.4.0", "2.4.1", "3.0.0", "4.0.0"]));
    let lists: Vec<Json> = (0..16)
        .map(|mask: usize| (0..4).filter(|bit| mask >> bit & 1 == 1).map(|bit| json!(GROUPS[bit])).collect())
        .collect();
    set(random, "groups", &lists);
    set(random, "email", &[of(&EMAILS), of(&["x@example.com", "x@corp.example", "x@other.example"])].concat());
    set(
        random,
        "age",
        &[json!(15), json!(16), json!(17), json!(18), json!(20), json!(21), json!(30), json!(65), json!(66)],
    );
    set(random, "beta", &[json!(true), json!(false)]);
    Json::Object(context)
}
