//! Compares the analysis with the evaluator: each statement of the analysis about all contexts must hold for each
//! tested context.

use std::collections::{BTreeMap, BTreeSet};

use flagctl::analyze::{
    AnalysisError, Budget, Certainty, DecidedBy, Definition, Effect, EvaluatedContext, Excess, Formula, Population,
    ProofResult, Region, RuleReachability, ServedVariant, Share, Side, Term, UndecidedReason, Witness, always, at_most,
    changes, effects, exclusive, follows, implies, monotone, never, reachability, unsatisfiable, valid,
};
use flagctl::bundle::{
    AttributeId, BUCKETS, Bundle, Condition, Flag, FlagId, HashDomain, Percent, Rule, Serve, State, VariantId,
};
use flagctl::eval::{Context, Truth, Value, decide, holds};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::random::Random;

const NAMED: [&str; 3] = ["qa1", "qa2", "vip"];
/// Patterns that name units, also together with another pattern, and units that they may name.
const NAMING: [(&str, &[&str]); 4] = [
    ("^qa[12]$", &["qa1", "qa2"]),
    ("^[a-z]{2}9$", &["zz9"]),
    ("^[a-z]{3}$", &["qab", "gen", "vip"]),
    ("QA1", &["qa1", "QA1", "Qa1"]),
];

const LARGEST_VERSION: &str = "18446744073709551615.18446744073709551615.18446744073709551615";

fn attributes() -> Json {
    json!([
        {"name": "targetingKey", "type": "string"},
        {"name": "now", "type": "datetime"},
        {"name": "account", "type": "string"},
        {"name": "age", "type": "number"},
        {"name": "beta", "type": "boolean"},
        {"name": "groups", "type": {"list": "string"}},
        {"name": "ip", "type": "ip"},
        {"name": "plan", "type": "string", "enum": ["free", "pro", "max"]},
        {"name": "roles", "type": {"list": "string"}, "enum": ["admin", "staff"]},
        {"name": "scores", "type": {"list": "number"}},
        {"name": "since", "type": "datetime"},
        {"name": "text", "type": "string"},
        {"name": "version", "type": "semver"},
        {"name": "windows", "type": "version"},
    ])
}

fn predicate(random: &mut Random, attribute: usize) -> Json {
    let comparison = |random: &mut Random| random.pick(&["less", "less-or-equal", "greater", "greater-or-equal"]);
    if random.below(10) == 0 {
        return json!("exists");
    }
    match attribute {
        0 | 2 => match random.below(6) {
            0 => json!({"starts-with": random.pick(&["q", "u", "gen"])}),
            1 => json!({"matches": random.pick(&[NAMING[0].0, NAMING[1].0, NAMING[2].0, "^user-[0-9]{6}$"])}),
            2 => json!({"folded": {"operator": "equals", "operands": [NAMING[3].0]}}),
            _ => json!({"one-of": {"texts": random.some(&NAMED, 2)}}),
        },
        1 | 10 => {
            let time = random.pick(&[
                "2026-01-01T00:00:00Z",
                "2026-06-01T00:00:00Z",
                "2026-06-01T00:00:00.000000001Z",
                "0000-01-01T00:00:00Z",
                "9999-12-30T22:00:00.999999999Z",
            ]);
            match random.below(4) {
                0 => json!({"one-of": {"times": [time]}}),
                _ => json!({"compare": [comparison(random), {"time": time}]}),
            }
        }
        3 => {
            let number =
                random.pick(&[0.0, 18.0, 18.5, 65.0, 9_007_199_254_740_991.0, -9_007_199_254_740_991.0, 1e300]);
            match random.below(3) {
                0 => json!({"one-of": {"numbers": [number]}}),
                _ => json!({"compare": [comparison(random), {"number": number}]}),
            }
        }
        4 => json!({"one-of": {"booleans": random.pick(&[vec![true], vec![false], vec![false, true]])}}),
        5 | 8 => {
            let pool = if attribute == 5 { ["a", "b", "c"] } else { ["admin", "staff", "admin"] };
            json!({"has": [random.pick(&["any", "all"]), {"texts": random.some(&pool, 2)}]})
        }
        6 => {
            let pool =
                ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "2001:db8::/32", "::/0", "0.0.0.0/0", "::ffff:0:0/96"];
            json!({"one-of": {"networks": random.some(&pool, 2)}})
        }
        7 => match random.below(3) {
            0 => json!({"folded": {"operator": "equals", "operands": [random.pick(&["FREE", "Pro"])]}}),
            _ => json!({"one-of": {"texts": random.some(&["free", "pro", "max"], 2)}}),
        },
        9 => json!({"has": [random.pick(&["any", "all"]), {"numbers": random.some(&[1.0, 2.0, 3.5], 2)}]}),
        11 => match random.below(7) {
            0 => json!({"starts-with": random.pick(&["a", "ab", "b"])}),
            1 => json!({"ends-with": random.pick(&["b", "ab", "@x"])}),
            2 => json!({"contains": random.pick(&["a", "b", "ab"])}),
            3 => json!({"matches": random.pick(&["^a+$", "^[ab]{2}$", "b.b", "^$"])}),
            4 => {
                json!({"folded": {"operator": random.pick(&["starts-with", "ends-with", "contains"]), "operands": ["AB"]}})
            }
            _ => json!({"one-of": {"texts": random.some(&["ab", "a", "bab", "", "aa@x"], 2)}}),
        },
        13 => {
            let version = random.pick(&["10", "10.0.1", "10.0.0.1", "10.0.0.1-a", "18446744073709551616"]);
            match random.below(3) {
                0 => json!({"one-of": {"dotted-versions": [version]}}),
                _ => json!({"compare": [comparison(random), {"dotted-version": version}]}),
            }
        }
        _ => {
            let version = random.pick(&["1.0.0-0", "1.0.0", "1.0.1-0", "2.0.0", LARGEST_VERSION]);
            match random.below(3) {
                0 => json!({"one-of": {"versions": [version]}}),
                _ => json!({"compare": [comparison(random), {"version": version}]}),
            }
        }
    }
}

/// Declares the attribute `text` with another type, and adds a rule that tests this type.
fn retype(random: &mut Random, bundle: &mut Json) {
    let (kind, like) = random.pick(&[
        (json!("number"), 3),
        (json!("boolean"), 4),
        (json!("ip"), 6),
        (json!("datetime"), 10),
        (json!("semver"), 12),
        (json!("version"), 13),
        (json!({"list": "string"}), 5),
        (json!({"list": "number"}), 9),
    ]);
    bundle["attributes"][11]["type"] = kind;
    let mut tested = |bundle: &mut Json, flag: usize| {
        let test = json!({"test": {"attribute": 11, "sign": random.pick(&["is", "is-not"]), "predicate": predicate(random, like)}});
        let rule =
            json!({"if": test, "rollout": random.pick(&[100_000, 60_000]), "serve": {"variant": random.below(3)}});
        bundle["flags"][flag]["rules"].as_array_mut().unwrap().insert(0, rule);
    };
    tested(bundle, 0);
    tested(bundle, 1);
}

/// The numbers of segments, and of flags with two variants, to which a condition may refer.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    segments: usize,
    flags: usize,
    attributes: usize,
}

fn condition(random: &mut Random, known: Known, depth: usize) -> Json {
    let several = |random: &mut Random| -> Vec<Json> {
        (0..=random.below(2)).map(|_| condition(random, known, depth - 1)).collect()
    };
    match random.below(if depth == 0 { 7 } else { 12 }) {
        0 if known.segments > 0 => json!({"segment": random.below(known.segments)}),
        1 if known.flags > 0 => json!({"flag": {"key": random.below(known.flags), "variants": [random.below(2)]}}),
        7 | 8 => json!({"all": several(random)}),
        9 | 10 => json!({"any": several(random)}),
        11 => json!({"not": condition(random, known, depth - 1)}),
        _ => {
            // Each pair of bundles uses only a few attributes, so several tests in it have the same attribute.
            let attribute = (random.below(3) * 5 + known.attributes) % 14;
            let predicate = predicate(random, attribute);
            json!({"test": {"attribute": attribute, "sign": random.pick(&["is", "is", "is-not"]), "predicate": predicate}})
        }
    }
}

fn rule(random: &mut Random, known: Known) -> Json {
    let rollout = random.pick(&[100_000, 100_000, 30_000, 60_000, 0]);
    let serve = match random.below(4) {
        0 => json!({"split": [[50_000, 0], [100_000, 1]]}),
        1 => json!({"split": [[30_000, 1], [30_000, 0], [60_000, 0], [100_000, 2]]}),
        _ => json!({"variant": random.below(3)}),
    };
    let mut rule = json!({"rollout": rollout, "serve": serve});
    if random.below(6) > 0 {
        rule["if"] = condition(random, known, 2);
    }
    if random.below(5) == 0 {
        rule["unit"] = json!(random.pick(&[0, 2, 2, 3, 7]));
    }
    if random.below(5) == 0 {
        rule["slot"] = slot(random);
    }
    rule
}

/// Returns a slot. Two layers have one salt, so that their slots overlap.
fn slot(random: &mut Random) -> Json {
    let range = random.pick(&[[0, 30_000], [30_000, 70_000], [70_000, 100_000], [0, 70_000], [0, 100_000]]);
    json!({"layer": random.pick(&["l", "m"]), "name": "s", "salt": "a", "range": range})
}

fn flag(random: &mut Random, known: Known, key: &str) -> Json {
    let rules: Vec<Json> = (0..random.below(4)).map(|_| rule(random, known)).collect();
    let state = match random.below(7) {
        0 => json!("disabled"),
        1 => killed(random.pick(&[1_000, 30_000, 45_000])),
        _ => json!("enabled"),
    };
    let mut flag = json!({
        "key": key, "off": random.below(2), "default": random.below(3), "state": state,
        "rules": rules, "unit": random.pick(&[0, 0, 0, 2, 3, 7]), "salt": random.pick(&["a", "a", "b"]),
        "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}, {"name": "late", "value": true}],
    });
    if known.flags > 0 && random.below(3) == 0 {
        flag["prerequisites"] = json!([{"flag": {"key": random.below(known.flags), "variants": [random.below(2)]}}]);
    }
    flag
}

/// Returns the state of a flag that is killed except for a number of buckets.
pub(crate) fn killed(admit: u32) -> Json {
    json!({"killed": {"reason": "r", "by": null, "at": null, "admit": admit}})
}

pub(crate) fn bundle_json(random: &mut Random) -> (Json, Known) {
    let known = |segments, flags, attributes| Known { segments, flags, attributes };
    let first = random.below(13);
    let segments = [
        json!({"name": "s", "condition": match random.below(8) {
            0 => json!({"all": []}),
            _ => condition(random, known(0, 0, first), 1),
        }}),
        json!({"name": "t", "condition": condition(random, known(1, 0, first), 1)}),
    ];
    let flags = [
        flag(random, known(2, 0, first), "base"),
        flag(random, known(2, 1, first), "main"),
        flag(random, known(2, 2, first), "other"),
    ];
    let bucketing = random.pick(&["siphash", "siphash", "flagd-v2", "flagd-v3"]);
    let mut json = json!({
        "format": 1, "environment": "production", "bucketing": bucketing, "attributes": attributes(),
        "segments": segments, "flags": flags,
    });
    if random.below(3) == 0 {
        add_independent_flags(random, &mut json, known(0, 0, first));
    }
    (json, known(2, 1, first))
}

/// Adds flags with hashes of their own, which the other flags need: as prerequisites, and in conditions of rules.
fn add_independent_flags(random: &mut Random, json: &mut Json, known: Known) {
    for (index, key) in ["x-first", "x-second"].iter().enumerate() {
        let rules: Vec<Json> = (0..=random.below(2))
            .map(|_| {
                let rollout = random.pick(&[30_000, 60_000]);
                json!({"if": condition(random, known, 0), "rollout": rollout, "serve": {"variant": random.below(2)}})
            })
            .collect();
        json["flags"].as_array_mut().unwrap().push(json!({
            "key": key, "off": 1, "default": random.below(2),
            "state": random.pick(&[json!("enabled"), json!("enabled"), json!("enabled"), killed(30_000)]), "rules": rules,
            "unit": random.pick(&[0, 0, 2]), "salt": random.pick(&[key, "a"]),
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
        }));
        let needed = json!({"flag": {"key": 3 + index, "variants": [random.below(2)]}});
        let user = &mut json["flags"][random.pick(&[0, 1, 1, 1])];
        match user["rules"].as_array_mut().and_then(|rules| rules.first_mut()) {
            Some(rule) if random.below(2) == 0 => {
                let others = rule.as_object_mut().unwrap().remove("if");
                rule["if"] = match (others, random.below(3)) {
                    (Some(other), 0) => json!({"any": [other, needed]}),
                    (Some(other), 1) => json!({"all": [other, {"not": needed}]}),
                    _ => needed,
                };
            }
            _ => match user.get_mut("prerequisites").and_then(Json::as_array_mut) {
                Some(prerequisites) => prerequisites.push(needed),
                None => user["prerequisites"] = json!([needed]),
            },
        }
    }
}

/// Changes one part of a flag.
fn edit(random: &mut Random, bundle: &mut Json, known: Known) {
    let main = &mut bundle["flags"][1];
    let rules = main["rules"].as_array().unwrap().len();
    let at = random.below(rules.max(1));
    match random.below(21) {
        0 if rules > 0 => main["rules"][at]["rollout"] = json!(random.pick(&[0, 10_000, 45_000, 90_000, 100_000])),
        1 if rules > 0 => main["rules"][at]["if"] = condition(random, known, 2),
        2 if rules > 0 => drop(main["rules"].as_array_mut().unwrap().remove(at)),
        3 => main["rules"].as_array_mut().unwrap().insert(at.min(rules), rule(random, known)),
        4 => main["default"] = json!(random.below(3)),
        5 => main["state"] = killed(random.pick(&[0, 0, 1_000, 30_000, 90_000])),
        6 => main["salt"] = json!("c"),
        7 => main["unit"] = json!(random.pick(&[0, 2, 7])),
        8 => main["prerequisites"] = json!([{"flag": {"key": 0, "variants": [random.below(2)]}}]),
        9 => {
            bundle["segments"][random.below(2)]["condition"] =
                condition(random, Known { segments: 0, flags: 0, ..known }, 1)
        }
        10 => main["variants"][0]["value"] = json!(false),
        11 if rules > 0 => main["rules"][at]["serve"] = json!({"split": [[20_000, 0], [70_000, 1], [100_000, 2]]}),
        12 => main["off"] = json!(random.below(3)),
        13 => bundle["flags"][0]["rules"] = json!([rule(random, Known { flags: 0, ..known })]),
        14 => bundle["attributes"][7]["enum"] = json!(["free", "pro", "team"]),
        15 | 16 => retype(random, bundle),
        19 if rules > 0 => main["rules"][at]["slot"] = slot(random),
        18 if rules > 0 => main["rules"][at]["unit"] = json!(random.pick(&[0, 2, 7])),
        17 => bundle["flags"][0]["state"] = killed(random.pick(&[0, 1_000, 60_000])),
        _ if rules > 1 => main["rules"].as_array_mut().unwrap().swap(0, rules - 1),
        _ => {}
    }
}

/// Values of each type that the generated constants distinguish, and some values of other types.
pub(crate) fn context_json(random: &mut Random) -> (Json, Timestamp) {
    let mut context = serde_json::Map::new();
    let mut set = |random: &mut Random, name: &str, pool: &[Json]| {
        if random.below(6) > 0 {
            context.insert(name.to_owned(), random.pick(pool));
        }
    };
    let units = [
        json!("qa1"),
        json!("qa2"),
        json!("vip"),
        json!(""),
        json!(7),
        json!("generic"),
        json!("zz9"),
        json!("u-5"),
        json!("q"),
        json!("QA1"),
        json!("Qa1"),
        json!("qab"),
        json!("gen"),
        json!("user-000123"),
    ];
    set(random, "targetingKey", &units);
    set(random, "account", &units);
    let numbers = [-1.0, 0.0, 17.0, 18.0, 18.25, 18.5, 30.0, 65.0, 66.0].map(Json::from);
    // The last three are refused, as every number beyond 2^53 - 1.
    let edges = [
        json!("x"),
        json!(null),
        json!(9_007_199_254_740_991_u64),
        json!(-9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_u64),
        json!(-9_007_199_254_740_992_i64),
        json!(1e300),
    ];
    set(random, "age", &[&numbers[..], &edges].concat());
    set(random, "beta", &[json!(true), json!(false), json!("yes")]);
    let lists = [
        json!([]),
        json!(["a"]),
        json!(["b", "a"]),
        json!(["a", "b", "c"]),
        json!(["z"]),
        json!("a"),
        json!(["admin"]),
    ];
    set(random, "groups", &lists);
    let roles = [json!([]), json!(["admin"]), json!(["staff", "admin"]), json!(["staff"]), json!(["root"]), json!(1)];
    set(random, "roles", &roles);
    set(random, "scores", &[json!([]), json!([1]), json!([2, 3.5]), json!([1, 2, 3.5]), json!([9]), json!(["1"])]);
    let ips = ["10.1.2.3", "10.1.9.9", "10.9.9.9", "9.9.9.9", "2001:db8::1", "::1", "::ffff:10.1.2.3", "nowhere"];
    set(random, "ip", &ips.map(Json::from));
    set(random, "plan", &["free", "pro", "max", "team", "FREE", "x"].map(Json::from));
    let times = ["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-06-01T00:00:00Z"];
    let later = [
        "2026-06-01T00:00:00.000000001Z",
        "2026-06-01T00:00:00.000000002Z",
        "0000-01-01T00:00:00Z",
        "9999-12-30T22:00:00.999999999Z",
    ];
    let refused = ["never", "0000-01-01T00:00:00+01:00", "2016-12-31T23:59:60Z", "9999-12-31T00:00:00Z"];
    let all_times = [&times[..], &later, &refused].concat();
    set(random, "since", &all_times.iter().copied().map(Json::from).collect::<Vec<_>>());
    let texts = ["", "a", "b", "ab", "aa", "bab", "aab", "AB", "xaBx", "b@x", "aa@x", "ab@x", "z"];
    let versions = [
        "0.9.0",
        "1.0.0-0",
        "1.0.0-a",
        "1.0.0",
        "1.0.1-0",
        "1.0.1",
        "2.0.0",
        "3.0.0",
        "1.0",
        LARGEST_VERSION,
        "18446744073709551616.0.0",
    ];
    // Every value of the types that `text` may get.
    let others = [json!(5), json!(18.5), json!(true), json!([]), json!(["a", "z"]), json!([1, 9]), json!({"x": 1})];
    let other_texts = [&ips[..], &versions, &all_times, &["1.0.0+ab", "2026-06-01T02:00:00+02:00"]].concat();
    let texts = match random.below(3) {
        0 => texts.map(Json::from).to_vec(),
        1 => others.to_vec(),
        _ => other_texts.into_iter().map(Json::from).collect(),
    };
    set(random, "text", &texts);
    set(random, "version", &versions.map(Json::from));
    let builds =
        ["9.9", "10-0", "10", "v10.0", "10.0.0.0.1", "10.0.0.1-a", "10.0.0.1-a.0", "10.0.0.1", "10.0.1", "11", "1e9"];
    set(random, "windows", &[&builds.map(Json::from)[..], &[json!("18446744073709551617"), json!(10)]].concat());
    (Json::Object(context), random.pick(&[&times[..], &later].concat()).parse().unwrap())
}

/// The bucket of a unit for each hash. The key has the text that is hashed before the unit, and the attribute of the
/// unit.
type Buckets = BTreeMap<(Vec<u8>, u16), u32>;

/// A second evaluator, which takes the buckets as input. It calls the real evaluator only for conditions on one
/// attribute.
struct Reference<'b> {
    bundle: &'b Bundle,
    context: &'b Context<'b>,
    now: Timestamp,
    buckets: &'b Buckets,
}

fn hash_of(flag: &Flag, rule: &Rule, domain: HashDomain) -> (Vec<u8>, u16) {
    let unit = rule.unit.unwrap_or(flag.unit);
    match (&rule.slot, domain) {
        (Some(slot), HashDomain::Layer) => (slot.bucketer.input(domain, ""), unit.0),
        _ => hash_of_unit(flag, unit, domain),
    }
}

fn hash_of_unit(flag: &Flag, unit: AttributeId, domain: HashDomain) -> (Vec<u8>, u16) {
    (flag.bucketer.input(domain, ""), unit.0)
}

impl Reference<'_> {
    fn holds(&self, condition: &Condition) -> Truth {
        match condition {
            Condition::All(inner) => inner.iter().map(|one| self.holds(one)).min().unwrap_or(Truth::True),
            Condition::Any(inner) => inner.iter().map(|one| self.holds(one)).max().unwrap_or(Truth::False),
            Condition::Not(inner) => self.holds(inner).not(),
            Condition::Segment(id) => self.holds(&self.bundle.segments()[id.0 as usize].condition),
            Condition::Flag { key, variants } => variants.contains(&self.decide(self.bundle.flag_at(*key)).0).into(),
            Condition::Test(_) => holds(self.bundle, condition, self.context, self.now),
        }
    }

    fn bucket(&self, flag: &Flag, rule: &Rule, domain: HashDomain) -> Option<u32> {
        match self.context.value(rule.unit.unwrap_or(flag.unit)) {
            Value::Text(text) if !text.is_empty() => Some(self.buckets[&hash_of(flag, rule, domain)]),
            _ => None,
        }
    }

    fn decide(&self, flag: &Flag) -> (VariantId, DecidedBy) {
        match flag.state {
            State::Disabled => (flag.off, DecidedBy::Disabled),
            State::Killed { admit: Percent::ZERO, .. } => (flag.off, DecidedBy::Killed),
            State::Killed { admit, .. } => {
                let (variant, by) = self.decide_by_rules(flag);
                let unit = match by {
                    DecidedBy::Rule(at) => flag.rules[at].unit.unwrap_or(flag.unit),
                    _ => flag.unit,
                };
                let bucket = match self.context.value(unit) {
                    Value::Text(text) if !text.is_empty() => {
                        self.buckets.get(&hash_of_unit(flag, unit, HashDomain::Rollout)).copied()
                    }
                    _ => None,
                };
                let keeps = variant == flag.off || bucket.is_some_and(|bucket| bucket < admit.buckets());
                if keeps { (variant, by) } else { (flag.off, DecidedBy::Killed) }
            }
            State::Enabled => self.decide_by_rules(flag),
        }
    }

    fn decide_by_rules(&self, flag: &Flag) -> (VariantId, DecidedBy) {
        if let Some(at) = flag.prerequisites.iter().position(|one| self.holds(one) != Truth::True) {
            return (flag.off, DecidedBy::Prerequisite(at));
        }
        for (at, rule) in flag.rules.iter().enumerate() {
            let matches = rule.condition.as_ref().is_none_or(|one| self.holds(one) == Truth::True);
            let admits = rule.rollout == Percent::ALL
                || rule.rollout != Percent::ZERO
                    && self
                        .bucket(flag, rule, HashDomain::Rollout)
                        .is_some_and(|bucket| bucket < rule.rollout.buckets());
            let in_slot = rule.slot.as_ref().is_none_or(|slot| {
                let range = slot.range.buckets();
                range == (0..BUCKETS)
                    || self.bucket(flag, rule, HashDomain::Layer).is_some_and(|bucket| range.contains(&bucket))
            });
            if !matches || !in_slot || !admits {
                continue;
            }
            let served = match &rule.serve {
                Serve::Variant(id) => *id,
                Serve::Split(ranges) => match self.bucket(flag, rule, HashDomain::Split) {
                    None => flag.off,
                    Some(bucket) => ranges.iter().find(|(end, _)| bucket < *end).unwrap().1,
                },
            };
            return (served, DecidedBy::Rule(at));
        }
        (flag.default, DecidedBy::Default)
    }
}

/// Returns all combinations of bucket ranges that the bundles distinguish, each with its share. A range ends at each
/// bucket at which a flag of a bundle changes its decision.
fn cells(bundles: &[&Bundle]) -> Vec<(Buckets, Share)> {
    let mut ends: BTreeMap<(Vec<u8>, u16), BTreeSet<u32>> = BTreeMap::new();
    for flag in bundles.iter().flat_map(|bundle| bundle.flags().iter()).filter(|flag| flag.key.as_ref() != "other") {
        if let State::Killed { admit, .. } = &flag.state {
            let units = flag.rules.iter().map(|rule| rule.unit.unwrap_or(flag.unit)).chain([flag.unit]);
            for unit in units {
                ends.entry(hash_of_unit(flag, unit, HashDomain::Rollout)).or_default().insert(admit.buckets());
            }
        }
        for rule in &flag.rules {
            ends.entry(hash_of(flag, rule, HashDomain::Rollout)).or_default().insert(rule.rollout.buckets());
            if let Some(slot) = &rule.slot {
                let range = slot.range.buckets();
                ends.entry(hash_of(flag, rule, HashDomain::Layer)).or_default().extend([range.start, range.end]);
            }
            if let Serve::Split(ranges) = &rule.serve {
                let splits = ends.entry(hash_of(flag, rule, HashDomain::Split)).or_default();
                splits.extend(ranges.iter().map(|(end, _)| *end));
            }
        }
    }
    let mut all = vec![(Buckets::new(), 1, 1)];
    for (hash, mut ends) in ends {
        ends.extend([0, BUCKETS]);
        let ends: Vec<u32> = ends.into_iter().collect();
        let ranges: Vec<(u32, u32)> = ends.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let mut extended = Vec::new();
        for (buckets, numerator, denominator) in &all {
            for (from, to) in &ranges {
                let mut buckets = buckets.clone();
                buckets.insert(hash.clone(), *from);
                // The share counts thousands of buckets, because every range in this test ends at a multiple of 1,000
                // buckets.
                let (part, whole) = (u128::from((to - from) / 1_000), u128::from(BUCKETS / 1_000));
                extended.push((buckets, numerator * part, denominator * whole));
            }
        }
        all = extended;
    }
    all.into_iter().map(|(buckets, numerator, denominator)| (buckets, Share::new(numerator, denominator))).collect()
}

fn sum(shares: impl Iterator<Item = Share>) -> Share {
    let mut total = (0u128, 1u128);
    for share in shares {
        let sum =
            Share::new(total.0 * share.denominator() + share.numerator() * total.1, total.1 * share.denominator());
        total = (sum.numerator(), sum.denominator());
    }
    Share::new(total.0, total.1)
}

type Moves = BTreeMap<(String, String), Share>;

fn spelled(flag: &Flag, id: VariantId) -> String {
    let variant = &flag.variants[usize::from(id.0)];
    format!("{} {}", variant.name, variant.value)
}

fn gathered(pairs: Vec<((String, String), Share)>) -> Moves {
    let mut lists: BTreeMap<(String, String), Vec<Share>> = BTreeMap::new();
    for (pair, share) in pairs {
        lists.entry(pair).or_default().push(share);
    }
    lists.into_iter().map(|(pair, shares)| (pair, sum(shares.into_iter()))).collect()
}

fn claimed(region: &Region) -> Moves {
    let spelled = |one: &flagctl::bundle::Variant| format!("{} {}", one.name, one.value);
    gathered(region.transitions.iter().map(|one| ((spelled(&one.from), spelled(&one.to)), one.share)).collect())
}

/// Returns the share of units that get another value, and not only another name of a variant.
fn revalued(moves: &Moves) -> Share {
    let value = |spelled: &str| spelled.split_once(' ').unwrap().1.to_owned();
    sum(moves.iter().filter(|((from, to), _)| value(from) != value(to)).map(|(_, share)| *share))
}

fn moving(moves: &Moves) -> bool {
    moves.keys().any(|(from, to)| from != to)
}

/// Both bundles, and one context, which is parsed for each bundle.
struct Case<'b> {
    bundles: [&'b Bundle; 2],
    contexts: [Context<'b>; 2],
    now: Timestamp,
}

impl<'b> Case<'b> {
    fn new(bundles: [&'b Bundle; 2], json: &'b Json, now: Timestamp) -> Self {
        let contexts = bundles.map(|bundle| Context::from_json(bundle.attributes(), json).unwrap().context);
        Self { bundles, contexts, now }
    }

    fn flags(&self) -> [&'b Flag; 2] {
        self.bundles.map(|bundle| bundle.flag("main").unwrap())
    }

    fn contained(&self, region: &Region) -> bool {
        let [before, after] =
            [0, 1].map(|at| EvaluatedContext { bundle: self.bundles[at], context: &self.contexts[at] });
        region.contains(before, after, self.now)
    }

    fn reference<'c>(&'c self, at: usize, buckets: &'c Buckets) -> Reference<'c> {
        Reference { bundle: self.bundles[at], context: &self.contexts[at], now: self.now, buckets }
    }

    /// Returns whether the region contains the context, for a unit with these buckets.
    fn contained_in(&self, region: &Region, buckets: &Buckets) -> bool {
        let everyone = Region { condition: Formula::All(Vec::new()), ..region.clone() };
        self.contained(&everyone)
            && region.condition.is_true(&|term| match term.condition() {
                Some(condition) => {
                    let reference = self.reference(usize::from(term.side == Side::After), buckets);
                    (reference.holds(condition) == Truth::True) == term.holds
                }
                None => {
                    let alone = Region { condition: Formula::Term(term.clone()), ..region.clone() };
                    self.contained(&alone)
                }
            })
    }

    /// Checks regions whose terms can be decisions of other flags: for each combination of buckets.
    fn check_in_all_buckets(&self, regions: &[Region], cells: &[(Buckets, Share)], shown: &str) {
        let mut inside: Vec<Vec<((String, String), Share)>> = vec![Vec::new(); regions.len()];
        for (buckets, share) in cells {
            let [from, to] =
                [0, 1].map(|at| spelled(self.flags()[at], self.reference(at, buckets).decide(self.flags()[at]).0));
            let found: Vec<usize> = (0..regions.len()).filter(|at| self.contained_in(&regions[*at], buckets)).collect();
            assert!(found.len() < 2, "{found:?} {regions:#?} {shown}");
            assert!(from == to || found.len() == 1, "{from} {to} {regions:#?} {shown}");
            for at in found {
                inside[at].push(((from.clone(), to.clone()), *share));
            }
        }
        for (region, cells) in regions.iter().zip(inside).filter(|(_, cells)| !cells.is_empty()) {
            let all = sum(cells.iter().map(|(_, share)| *share));
            let parts = gathered(cells).into_iter().map(|(pair, part)| {
                (pair, Share::new(part.numerator() * all.denominator(), part.denominator() * all.numerator()))
            });
            assert_eq!(claimed(region), parts.collect::<Moves>(), "{region:#?} {shown}");
        }
    }

    /// Decides with the real evaluator for the unit of the context.
    fn really(&self) -> Moves {
        let [from, to] = [0, 1].map(|at| {
            let decision = decide(self.bundles[at], self.flags()[at], &self.contexts[at], self.now);
            format!("{} {}", decision.variant.name, decision.variant.value)
        });
        [((from, to), Share::ALL)].into()
    }

    /// Decides with the second evaluator for units in all buckets.
    fn expected(&self, cells: &[(Buckets, Share)]) -> Moves {
        let decided = cells.iter().map(|(buckets, share)| {
            let [from, to] = [0, 1].map(|at| {
                let (bundle, context) = (self.bundles[at], &self.contexts[at]);
                let flag = self.flags()[at];
                spelled(flag, Reference { bundle, context, now: self.now, buckets }.decide(flag).0)
            });
            ((from, to), *share)
        });
        gathered(decided.collect())
    }
}

/// Returns whether a condition of the bundle contains a unit of the context by value. The analysis then computes the
/// hash of this unit.
fn is_named(context: &Json, bundle: &Json) -> bool {
    let text = bundle.to_string();
    let mentioned = |unit: &&str| NAMED.iter().any(|name| context[unit] == *name && text.contains(name));
    let maybe = |unit: &&str| {
        NAMING.iter().any(|(by, units)| text.contains(by) && units.iter().any(|name| context[unit] == *name))
    };
    let listed = context["plan"].is_string() && text.contains(r#""unit":7"#);
    listed || ["targetingKey", "account"].iter().any(|unit| mentioned(unit) || maybe(unit))
}

fn read(json: &Json) -> Bundle {
    Bundle::from_json(json.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// Returns the number of rounds, multiplied by the environment variable `GENERATED`.
fn generated(rounds: usize) -> usize {
    rounds * std::env::var("GENERATED").map_or(1, |times| times.parse().unwrap())
}

#[test]
fn regions_agree_with_the_evaluator_for_every_context_and_bucket() {
    let mut random = Random(0x2026_1122);
    let (mut regions_seen, mut unmoved, mut inside, mut named, mut without, mut kinds) =
        (0, 0, 0, 0, 0, BTreeSet::new());
    let (mut possible, mut flag_terms) = (0, 0);
    let about_flag = |term: &Term| match term.condition() {
        Some(Condition::Flag { .. }) => true,
        Some(Condition::Not(inner)) => matches!(inner.as_ref(), Condition::Flag { .. }),
        _ => false,
    };
    for round in 0..generated(500) {
        let (mut json, known) = bundle_json(&mut random);
        let before = read(&json);
        let old = json.clone();
        for _ in 0..=random.below(2) {
            edit(&mut random, &mut json, known);
        }
        let after = read(&json);
        // In the other direction, a kill is a revival.
        let (before, after) = if random.below(2) == 0 { (before, after) } else { (after, before) };
        let main = |bundle| Definition::find(bundle, "main").unwrap();
        let shown = || format!("round {round}\n{old}\n{json}");
        let regions = changes(main(&before), main(&after), &Budget::default())
            .unwrap_or_else(|failure| panic!("{failure}: {}", shown()));
        regions_seen += regions.len();
        unmoved += usize::from(regions.is_empty());
        kinds.extend(effects(&regions));
        for region in &regions {
            assert_eq!(sum(region.transitions.iter().map(|one| one.share)), Share::ALL, "{}", shown());
            possible += usize::from(region.certainty == Certainty::Possible);
            let Some(Witness { context, now }) = &region.witness else {
                without += 1;
                continue;
            };
            let json = Json::Object(context.clone());
            let case = Case::new([&before, &after], &json, *now);
            assert!(moving(&case.really()), "{region:?} {}", shown());
            assert!(case.contained(region), "{region:?} {}", shown());
        }
        let cells = cells(&[&before, &after]);
        // With few regions, decisions of independent flags become terms.
        let few = Budget { regions: 1 + random.below(4), ..Budget::default() };
        let coarse = match changes(main(&before), main(&after), &few) {
            Ok(regions) => regions,
            Err(AnalysisError::Exhausted(_)) => Vec::new(),
            Err(failure) => panic!("{failure} {}", shown()),
        };
        flag_terms += coarse.iter().flat_map(|region| region.condition.terms()).filter(|term| about_flag(term)).count();
        for region in &coarse {
            let Some(Witness { context, now }) = &region.witness else {
                without += 1;
                continue;
            };
            let json = Json::Object(context.clone());
            let case = Case::new([&before, &after], &json, *now);
            assert!(moving(&case.really()) && case.contained(region), "{region:?} {}", shown());
        }
        for _ in 0..30 {
            let (context, now) = context_json(&mut random);
            let case = Case::new([&before, &after], &context, now);
            if !coarse.is_empty() && !is_named(&context, &old) && !is_named(&context, &json) {
                case.check_in_all_buckets(&coarse, &cells, &format!("{context} at {now} {}", shown()));
            }
            let found: Vec<_> = regions.iter().filter(|region| case.contained(region)).collect();
            let says = || format!("{context} at {now}\n{found:#?}\n{}", shown());
            assert!(found.len() < 2, "{}", says());
            match found.first() {
                Some(region) if matches!(region.population, Population::Units) => {
                    inside += 1;
                    // A limit for shares counts every context whose unit is not named.
                    let is_named = is_named(&context, &old) || is_named(&context, &json);
                    match region.largest_share() {
                        Some(_) if region.bounds.is_some() => {}
                        Some(share) => assert_eq!(share, revalued(&case.expected(&cells)), "{}", says()),
                        None => assert!(is_named, "{}", says()),
                    }
                    assert_eq!(claimed(region), case.expected(&cells), "{}", says());
                }
                Some(region) => {
                    named += 1;
                    // The decision for a named unit may also depend on another unit, which is not named.
                    if region.transitions.len() == 1 {
                        assert_eq!(claimed(region), case.really(), "{}", says());
                    }
                }
                None => {
                    assert!(!moving(&case.really()), "{}", says());
                    let is_named = is_named(&context, &old) || is_named(&context, &json);
                    assert!(is_named || !moving(&case.expected(&cells)), "{}", says());
                }
            }
        }
        // In this second set of contexts, each context whose decision changes must be in a region.
        let mut other = Random(0x00c0_ffee + round as u64);
        for _ in 0..generated(40) {
            let (context, now) = context_json(&mut other);
            let case = Case::new([&before, &after], &context, now);
            let inside = regions.iter().any(|region| case.contained(region));
            assert!(inside || !moving(&case.really()), "{context} at {now}\n{regions:#?}\n{}", shown());
        }
    }
    assert!(
        regions_seen > 300 && unmoved > 50 && inside > 1_000 && named > 10,
        "{regions_seen} {unmoved} {inside} {named}"
    );
    assert!(possible * 200 < regions_seen, "{possible} of {regions_seen} regions are not certain");
    assert!(without * 100 < regions_seen, "{without} of {regions_seen} regions have no witness");
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    assert!(flag_terms > 10, "{flag_terms} terms are about a flag");
}

/// A bundle, and contexts of all kinds with units in all buckets.
struct World<'b> {
    bundle: &'b Bundle,
    json: &'b Json,
    cells: &'b [(Buckets, Share)],
    contexts: &'b [(Json, Timestamp)],
}

impl World<'_> {
    /// Returns whether the predicate is true for any context in any bucket. Ignores contexts with a unit that a
    /// condition contains by value, because the real bucket of this unit may not be in `cells`.
    fn some(&self, wanted: impl Fn(&Reference<'_>) -> bool) -> bool {
        self.contexts.iter().any(|(json, now)| {
            let context = Context::from_json(self.bundle.attributes(), json).unwrap().context;
            let named = is_named(json, self.json);
            let (bundle, context, now) = (self.bundle, &context, *now);
            !named && self.cells.iter().any(|(buckets, _)| wanted(&Reference { bundle, context, now, buckets }))
        })
    }

    /// Checks that the result agrees with the contexts. The evaluator must confirm a counterexample.
    fn check(
        &self,
        answer: &ProofResult,
        broken: impl Fn(&Context<'_>, Timestamp) -> bool,
        some: bool,
        shown: &str,
    ) -> usize {
        match answer {
            ProofResult::Proven => assert!(!some, "{shown}"),
            ProofResult::Refuted(Witness { context, now })
            | ProofResult::Exceeded { witness: Witness { context, now }, .. } => {
                let json = Json::Object(context.clone());
                let context = Context::from_json(self.bundle.attributes(), &json).unwrap().context;
                assert!(broken(&context, *now), "{json} {shown}");
            }
            ProofResult::Undecided(doubt) => assert_eq!(*doubt, UndecidedReason::NoUnit),
        }
        usize::from(matches!(answer, ProofResult::Refuted(_) | ProofResult::Exceeded { .. }))
    }
}

#[test]
fn assertions_agree_with_the_evaluator() {
    let mut random = Random(0x5eed);
    let budget = Budget::default();
    let (mut refuted, mut asked) = (0, 0);
    for _ in 0..generated(200) {
        let (json, known) = bundle_json(&mut random);
        let mut json = json;
        let conditions = [condition(&mut random, known, 2), condition(&mut random, known, 2)];
        json["segments"]
            .as_array_mut()
            .unwrap()
            .extend(conditions.iter().map(|one| json!({"name": "x", "condition": one})));
        json["segments"][2]["name"] = json!("w");
        let bundle = read(&json);
        let mut other = json.clone();
        edit(&mut random, &mut other, known);
        let other = read(&other);
        let contexts: Vec<_> = (0..20).map(|_| context_json(&mut random)).collect();
        let world = World { bundle: &bundle, json: &json, cells: &cells(&[&bundle]), contexts: &contexts };
        let [base, main] = ["base", "main"].map(|key| Definition::find(&bundle, key).unwrap());
        let variant = random.pick(&["on", "off", "late"]);
        let served = ServedVariant::find(main, variant).unwrap();
        let needed = ServedVariant::find(base, random.pick(&["on", "off"])).unwrap();
        let (when, then) = (&bundle.segments()[2].condition, &bundle.segments()[3].condition);
        let gets = |served: ServedVariant<'_>, context: &Context<'_>, now| {
            let flag = served.flag.flag();
            std::ptr::eq(decide(&bundle, flag, context, now).variant, flag.variant(served.variant))
        };
        let has = |served: ServedVariant<'_>, reference: &Reference<'_>| {
            reference.decide(served.flag.flag()).0 == served.variant
        };
        let holds =
            |condition: &Condition, context: &Context<'_>, now| holds(&bundle, condition, context, now) == Truth::True;
        let is = |reference: &Reference<'_>, condition: &Condition| reference.holds(condition) == Truth::True;
        let shown = json.to_string();
        let mut check = |answer: Result<ProofResult, AnalysisError>,
                         broken: &dyn Fn(&Context<'_>, Timestamp) -> bool,
                         some: bool| {
            asked += 1;
            refuted += world.check(&answer.unwrap(), broken, some, &shown);
        };
        check(
            never(served, Some(when), &budget),
            &|context, now| holds(when, context, now) && gets(served, context, now),
            world.some(|reference| is(reference, when) && has(served, reference)),
        );
        check(
            always(served, None, &budget),
            &|context, now| !gets(served, context, now),
            world.some(|reference| !has(served, reference)),
        );
        check(
            exclusive(&[served, needed], Some(when), &budget),
            &|context, now| holds(when, context, now) && gets(served, context, now) && gets(needed, context, now),
            world.some(|reference| is(reference, when) && has(served, reference) && has(needed, reference)),
        );
        check(
            follows(served, needed, Some(then), &budget),
            &|context, now| holds(then, context, now) && gets(served, context, now) && !gets(needed, context, now),
            world.some(|reference| is(reference, then) && has(served, reference) && !has(needed, reference)),
        );
        check(
            unsatisfiable(&bundle, when, &budget),
            &|context, now| holds(when, context, now),
            world.some(|reference| is(reference, when)),
        );
        check(
            valid(&bundle, when, &budget),
            &|context, now| !holds(when, context, now),
            world.some(|reference| !is(reference, when)),
        );
        check(
            implies(&bundle, when, then, &budget),
            &|context, now| holds(when, context, now) && !holds(then, context, now),
            world.some(|reference| is(reference, when) && !is(reference, then)),
        );
        // The largest share is over the buckets of the units that the flag hashes: other units are part of the context.
        let limit = Share::of_buckets(40_000);
        let is_exceeded = |json: &Json, now: Timestamp, when: Option<&Condition>| {
            let context = &Context::from_json(bundle.attributes(), json).unwrap().context;
            let mut groups: BTreeMap<Buckets, [Vec<Share>; 2]> = BTreeMap::new();
            for (buckets, share) in world.cells {
                let reference = Reference { bundle: &bundle, context, now, buckets };
                if when.is_none_or(|when| is(&reference, when)) {
                    let own = served.flag.flag().units();
                    let others = buckets.iter().filter(|((_, unit), _)| !own.contains(&AttributeId(*unit)));
                    let [had, all] = groups.entry(others.map(|(hash, at)| (hash.clone(), *at)).collect()).or_default();
                    had.extend(has(served, &reference).then_some(*share));
                    all.push(*share);
                }
            }
            groups.into_values().map(|shares| shares.map(|shares| sum(shares.into_iter()))).any(|[had, all]| {
                Share::new(had.numerator() * all.denominator(), had.denominator() * all.numerator()) > limit
            })
        };
        for when in [None, Some(when)] {
            check(
                at_most(served, limit, when, &budget),
                &|context, now| gets(served, context, now) && when.is_none_or(|when| holds(when, context, now)),
                contexts.iter().any(|(json, now)| !is_named(json, world.json) && is_exceeded(json, *now, when)),
            );
        }
        let after = Definition::find(&other, "main").unwrap();
        let loses = |json: &Json, now: Timestamp| {
            let case = Case::new([&bundle, &other], json, now);
            let name =
                |at: usize| decide(case.bundles[at], case.flags()[at], &case.contexts[at], now).variant.name.clone();
            name(0).as_ref() == variant && name(1).as_ref() != variant
        };
        match monotone(served, after, None, &budget).unwrap() {
            ProofResult::Refuted(Witness { context, now }) => assert!(loses(&Json::Object(context), now), "{shown}"),
            ProofResult::Proven => assert!(!contexts.iter().any(|(json, now)| loses(json, *now)), "{shown}"),
            ProofResult::Exceeded { share, .. } => panic!("{share} {shown}"),
            ProofResult::Undecided(doubt) => panic!("{doubt:?} {shown}"),
        }
        let reached = reachability(main, &budget).unwrap();
        let mut flag = main.flag().clone();
        flag.state = State::Enabled;
        let flag = &flag;
        for (at, reach) in reached.rules.iter().enumerate() {
            let decides = |reference: &Reference<'_>| reference.decide(flag).1 == DecidedBy::Rule(at);
            match reach {
                RuleReachability::Reachable(Some(Witness { context, now })) => {
                    let json = Json::Object(context.clone());
                    let context = Context::from_json(bundle.attributes(), &json).unwrap().context;
                    assert_eq!(decide(&bundle, flag, &context, *now).rule, Some(at), "{json} {shown}");
                }
                RuleReachability::Reachable(None) => {}
                RuleReachability::NeverHolds => {
                    let condition = flag.rules[at].condition.as_ref().unwrap();
                    assert!(!world.some(|reference| is(reference, condition)), "{shown}");
                }
                RuleReachability::ZeroRollout => assert_eq!(flag.rules[at].rollout, Percent::ZERO),
                RuleReachability::Unreachable { covered_by, prerequisites } => {
                    assert!(!world.some(decides), "{shown}");
                    assert!(covered_by.iter().all(|rule| *rule < at));
                    // The rules in the answer are sufficient: without all other rules, the rule is still unreachable.
                    let mut fewer = flag.clone();
                    fewer.rules = covered_by.iter().chain([&at]).map(|rule| flag.rules[*rule].clone()).collect();
                    fewer.prerequisites = prerequisites.iter().map(|one| flag.prerequisites[*one].clone()).collect();
                    let last = DecidedBy::Rule(covered_by.len());
                    assert!(!world.some(|reference| reference.decide(&fewer).1 == last), "{shown}");
                    // Each rule in the answer is necessary: without it, some context reaches the rule.
                    let reached = |flag: Flag, rule: usize| {
                        let mut bundle = bundle.clone();
                        *bundle.flags_mut().find_mut("main").unwrap() = flag;
                        let main = Definition::find(&bundle, "main").unwrap();
                        match reachability(main, &budget).unwrap().rules.swap_remove(rule) {
                            RuleReachability::Reachable(Some(Witness { context, now })) => {
                                let json = Json::Object(context);
                                let context = Context::from_json(bundle.attributes(), &json).unwrap().context;
                                decide(&bundle, main.flag(), &context, now).rule == Some(rule)
                            }
                            RuleReachability::Reachable(None) => true,
                            _ => false,
                        }
                    };
                    for at in 0..covered_by.len() {
                        let mut without = fewer.clone();
                        without.rules.remove(at);
                        assert!(reached(without, covered_by.len() - 1), "rule {at} of {covered_by:?} {shown}");
                    }
                    for at in 0..prerequisites.len() {
                        let mut without = fewer.clone();
                        without.prerequisites.remove(at);
                        assert!(reached(without, covered_by.len()), "{at} of {prerequisites:?} {shown}");
                    }
                }
            }
        }
        for (at, seen) in (0u16..).map(VariantId).zip(&reached.variants) {
            assert!(*seen || !world.some(|reference| reference.decide(flag).0 == at), "{shown}");
        }
        assert!(reached.default || !world.some(|reference| reference.decide(flag).1 == DecidedBy::Default), "{shown}");
        let guessed = flagctl::analyze::reachability_without_witnesses(main, &budget).unwrap();
        let kinds = |all: &[RuleReachability]| all.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        assert_eq!(kinds(&guessed.rules), kinds(&reached.rules), "{shown}");
        assert_eq!(
            (guessed.default, &guessed.variants, &guessed.unmet),
            (reached.default, &reached.variants, &reached.unmet),
            "{shown}"
        );
        for at in reached.unmet {
            assert!(!world.some(|reference| is(reference, &flag.prerequisites[at])), "{shown}");
        }
    }
    assert!(refuted * 10 > asked * 2 && refuted * 10 < asked * 9, "{refuted} of {asked}");
}

/// Returns the smallest percentage that the analysis proves as the largest share of units that get `on` from the flag.
fn largest_share(bundle: &Bundle, flag: &str, when: &Condition) -> Percent {
    let served = ServedVariant::find(Definition::find(bundle, flag).unwrap(), "on").unwrap();
    let proven = |percent: &u32| {
        let answer = at_most(served, Share::of_buckets(percent * 1_000), Some(when), &Budget::default()).unwrap();
        answer == ProofResult::Proven
    };
    Percent::from_buckets((0..=100).find(proven).unwrap() * 1_000).unwrap()
}

#[test]
fn a_share_is_a_share_of_the_units_for_which_the_condition_holds() {
    let flag = |key: &str, rules: Json, unit: usize, salt: &str| {
        json!({
            "key": key, "off": 1, "default": 1, "state": "enabled", "unit": unit, "salt": salt, "rules": rules,
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
        })
    };
    let rollout = |share: u32| json!([{"rollout": share, "serve": {"variant": 0}}]);
    let behind = json!([{"if": {"flag": {"key": 0, "variants": [0]}}, "rollout": 40_000, "serve": {"variant": 0}}]);
    let mut json = simple(&json!([]));
    json["flags"] = json!([
        flag("condition", rollout(30_000), 0, "a"),
        flag("other-salt", rollout(40_000), 0, "b"),
        flag("other-unit", behind, 2, "a"),
        flag("same-salt", rollout(20_000), 0, "a"),
    ]);
    let bundle = read(&json);
    let (on, all) = (Condition::Flag { key: FlagId(0), variants: [VariantId(0)].into() }, Condition::All([].into()));
    let share = |flag: &str, when: &Condition| largest_share(&bundle, flag, when).to_string();
    assert_eq!([share("condition", &all), share("condition", &on)], ["30%", "100%"]);
    // 20 % of all units are two thirds of the 30 % for which the condition holds.
    assert_eq!([share("same-salt", &all), share("same-salt", &on)], ["20%", "67%"]);
    assert_eq!([share("other-salt", &all), share("other-salt", &on)], ["40%", "40%"]);
    // For a user who gets `condition`, 40 % of the accounts get `on`. It is not 12 %, which is the share of all pairs.
    assert_eq!([share("other-unit", &all), share("other-unit", &on)], ["40%", "40%"]);
}

/// Returns a bundle with the attributes of this file and one flag, which serves `on` by its rules and `off` otherwise.
fn simple(rules: &Json) -> Json {
    json!({
        "format": 1, "environment": "production", "bucketing": "siphash", "attributes": attributes(), "segments": [],
        "flags": [{
            "key": "main", "off": 1, "default": 1, "state": "enabled", "rules": rules, "unit": 0, "salt": "main",
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}, {"name": "late", "value": true}],
        }],
    })
}

fn test_of(attribute: usize, predicate: &Json) -> Json {
    json!({"test": {"attribute": attribute, "sign": "is", "predicate": predicate}})
}

fn compared(before: &Json, after: &Json) -> Vec<Region> {
    let (before, after) = (read(before), read(after));
    let [old, new] = [&before, &after].map(|bundle| Definition::find(bundle, "main").unwrap());
    changes(old, new, &Budget::default()).unwrap()
}

#[test]
fn a_larger_rollout_expands_by_the_difference_and_moves_no_other_unit() {
    let rules = |rollout: u32| json!([{"rollout": rollout, "serve": {"variant": 0}}]);
    let regions = compared(&simple(&rules(10_000)), &simple(&rules(12_500)));
    let [region] = regions.as_slice() else { panic!("{regions:#?}") };
    assert_eq!(region.moved(), Share::of_buckets(2_500));
    assert_eq!(region.moved().to_string(), "2.5%");
    assert_eq!(effects(&regions), [Effect::Expand].into());
    let units: Vec<(&str, bool)> = region.units.iter().map(|term| (term.words.as_str(), term.holds)).collect();
    assert_eq!((units.as_slice(), region.condition.terms().len()), (&[("targetingKey is there", true)][..], 0));
    assert_eq!(
        (region.before.as_slice(), region.after.as_slice()),
        (&[DecidedBy::Default][..], &[DecidedBy::Rule(0)][..])
    );
}

#[test]
fn units_named_by_a_condition_are_hashed_one_by_one() {
    let named = |rollout: u32| {
        let names: Vec<String> = (0..2_000).map(|at| format!("qa{at}")).collect();
        json!([{"if": test_of(0, &json!({"one-of": {"texts": names}})), "rollout": rollout, "serve": {"variant": 0}}])
    };
    let (before, after) = (simple(&named(10_000)), simple(&named(20_000)));
    let regions = compared(&before, &after);
    let [region] = regions.as_slice() else { panic!("{regions:#?}") };
    let Population::Named(named) = &region.population else { panic!("{region:#?}") };
    let units = &named["targetingKey"];
    let (before, after) = (read(&before), read(&after));
    let moves = (0..2_000).map(|at| json!({"targetingKey": format!("qa{at}")})).filter(|json| {
        let served = [&before, &after].map(|bundle| {
            let context = Context::from_json(bundle.attributes(), json).unwrap().context;
            decide(bundle, bundle.flag_at(FlagId(0)), &context, Timestamp::UNIX_EPOCH).variant.name.clone()
        });
        served[0] != served[1]
    });
    let mut moves: Vec<String> = moves.map(|json| json["targetingKey"].as_str().unwrap().to_owned()).collect();
    moves.sort();
    assert_eq!(*units, moves);
    assert!(units.len() > 100);
}

#[test]
fn diff_reports_the_bounds_of_a_new_salt() {
    let rules = json!([{"rollout": 30_000, "serve": {"variant": 0}}]);
    let mut after = simple(&rules);
    after["flags"][0]["salt"] = json!("other");
    let regions = compared(&simple(&rules), &after);
    let [region] = regions.as_slice() else { panic!("{regions:#?}") };
    assert!(region.effects.contains(&Effect::Reshuffle));
    assert_eq!(region.moved(), Share::of_buckets(42_000));
    let bounds = region.bounds.unwrap();
    assert_eq!((bounds.least, bounds.most), (Share::NONE, Share::of_buckets(60_000)));
}

#[test]
fn growing_a_slot_moves_no_other_unit_and_moving_it_is_a_reshuffle() {
    let with_slot = |range: [u32; 2], salt: &str| {
        let slot = json!({"layer": "checkout", "name": "cart", "salt": salt, "range": range});
        simple(&json!([{"slot": slot, "rollout": 50_000, "serve": {"variant": 0}}]))
    };
    let region = |before: &Json, after: &Json| {
        let regions = compared(before, after);
        assert_eq!(regions.len(), 1, "{regions:#?}");
        regions.into_iter().next().unwrap()
    };
    let before = with_slot([10_000, 30_000], "checkout");
    let grown = region(&before, &with_slot([10_000, 50_000], "checkout"));
    assert_eq!(grown.effects, BTreeSet::from([Effect::Expand]));
    assert_eq!(grown.moved(), Share::new(1, 10), "half of the units that the slot gains");
    let moved = region(&before, &with_slot([20_000, 40_000], "checkout"));
    assert_eq!(moved.effects, BTreeSet::from([Effect::Expand, Effect::Shrink, Effect::Reshuffle]));
    assert_eq!((moved.moved(), moved.bounds), (Share::new(1, 10), None), "half of 10% leave, and half of 10% enter");
    let salted = region(&before, &with_slot([10_000, 30_000], "checkout-2"));
    assert!(salted.effects.contains(&Effect::Reshuffle) && salted.bounds.is_some(), "{salted:#?}");
    // The buckets of a layer are independent of those of a rollout, also with one salt.
    let rollout = simple(&json!([{"rollout": 20_000, "serve": {"variant": 0}}]));
    let slot = json!({"layer": "l", "name": "s", "salt": "main", "range": [0, 20_000]});
    let slotted = simple(&json!([{"slot": slot, "rollout": 100_000, "serve": {"variant": 0}}]));
    assert!(region(&rollout, &slotted).bounds.is_some());
}

#[test]
fn adjacent_values_have_no_region_between_them() {
    let between = |attribute, low: &Json, high: &Json| {
        let both = [
            test_of(attribute, &json!({"compare": ["greater", low]})),
            test_of(attribute, &json!({"compare": ["less", high]})),
        ];
        compared(
            &simple(&json!([])),
            &simple(&json!([{"if": {"all": both}, "rollout": 100_000, "serve": {"variant": 0}}])),
        )
        .len()
    };
    let version = |text: &str| json!({"version": text});
    assert_eq!(between(12, &version("1.0.0-a"), &version("1.0.0-a.0")), 0);
    assert_eq!(between(12, &version("1.0.0-a"), &version("1.0.0-a.1")), 1);
    assert_eq!(between(12, &version("1.0.0"), &version("1.0.1-0")), 0);
    assert_eq!(between(12, &version("1.0.0"), &version("1.0.1")), 1);
    let version = |text: &str| json!({"dotted-version": text});
    assert_eq!(between(13, &version("10-a"), &version("10-a.0")), 0);
    assert_eq!(between(13, &version("10"), &version("10.0.0.0.1-0")), 1);
    assert_eq!(between(13, &version("10.2.3"), &version("10.3-0")), 1);
    assert_eq!(between(13, &version("18446744073709551615"), &version("18446744073709551616")), 1);
    let number = |number: f64| json!({"number": number});
    assert_eq!(between(3, &number(1.0), &number(1.0_f64.next_up())), 0);
    assert_eq!(between(3, &number(1.0), &number(1.000_1)), 1);
    assert_eq!(between(3, &number(9_007_199_254_740_991.0), &number(1e300)), 0);
    let time = |text: &str| json!({"time": text});
    assert_eq!(between(10, &time("2026-01-01T00:00:00Z"), &time("2026-01-01T00:00:00.000000001Z")), 0);
    assert_eq!(between(1, &time("2026-01-01T00:00:00Z"), &time("2026-01-01T00:00:00.000000002Z")), 1);
}

#[test]
fn disjoint_patterns_are_recognised() {
    let never = |patterns: &[Json]| {
        let all: Vec<Json> = patterns.iter().map(|one| test_of(11, one)).collect();
        compared(
            &simple(&json!([])),
            &simple(&json!([{"if": {"all": all}, "rollout": 100_000, "serve": {"variant": 0}}])),
        )
        .is_empty()
    };
    let folded = json!({"folded": {"operator": "starts-with", "operands": ["STRASSE"]}});
    assert!(never(&[json!({"starts-with": "ab"}), json!({"matches": "^a[^b]"})]));
    assert!(never(&[
        folded.clone(),
        json!({"matches": "^[^s]*$"}),
        json!({"matches": r"^\p{Lu}"}),
        json!({"matches": "^[a-z]"})
    ]));
    assert!(!never(&[folded, json!({"ends-with": "@x"}), json!({"matches": r"^\p{Ll}"})]));
    assert!(never(&[json!({"matches": "^[ab]{3}$"}), json!({"ends-with": "c"})]));
}

#[test]
fn a_budget_that_is_too_small_is_reported() {
    let mut random = Random(7);
    let known = Known { segments: 0, flags: 0, attributes: 11 };
    let rules: Vec<Json> = (0..20).map(|_| rule(&mut random, known)).collect();
    let (before, after) = (read(&simple(&json!([]))), read(&simple(&json!(rules))));
    let [old, new] = [&before, &after].map(|bundle| Definition::find(bundle, "main").unwrap());
    assert!(changes(old, new, &Budget::default()).is_ok());
    let exceeded = |small: Budget| match changes(old, new, &small).unwrap_err() {
        AnalysisError::Exhausted(excess) => excess,
        AnalysisError::Disagreement(why) => panic!("{why}"),
    };
    let cells = exceeded(Budget { bucket_cells: 1, ..Budget::default() });
    assert_eq!(cells, Excess::Buckets(vec!["main".to_owned()]));
    assert!(cells.to_string().starts_with("the rollouts and splits of `main` have"), "{cells}");
    let states = exceeded(Budget { automaton_states: 1, ..Budget::default() });
    assert!(matches!(&states, Excess::Patterns { attribute, .. } if attribute == "account"), "{states}");
    assert_eq!(exceeded(Budget { conflicts: 0, ..Budget::default() }), Excess::Conditions(vec!["main".to_owned()]));
    assert_eq!(exceeded(Budget { regions: 1, ..Budget::default() }), Excess::Regions(1));
}

/// Returns a bundle with `flags` flags. The last one needs all others. Each flag has seven rules with rollouts and
/// conditions on attributes that no other flag tests. The first rule of the last flag has this rollout.
fn unrelated_flags(flags: usize, rollout: u32) -> Bundle {
    let own: Vec<Json> = (0..7 * flags).map(|at| json!({"name": format!("a{at:03}"), "type": "boolean"})).collect();
    let first = [json!({"name": "targetingKey", "type": "string"}), json!({"name": "now", "type": "datetime"})];
    let attributes = [&first[..], &own].concat();
    let is_true = |at: usize| test_of(2 + at, &json!({"one-of": {"booleans": [true]}}));
    let flag = |at: usize| {
        let rule = |rule: usize| {
            let rollout = if (at + 1, rule) == (flags, 0) { rollout } else { 10_000 + 7_000 * rule as u32 };
            json!({"if": is_true(7 * at + rule), "rollout": rollout, "serve": {"variant": 0}})
        };
        let earlier = (0..at).filter(|_| at + 1 == flags);
        let needed: Vec<Json> = earlier.map(|key| json!({"flag": {"key": key, "variants": [0]}})).collect();
        json!({
            "key": format!("f{at}"), "off": 1, "default": 1, "state": "enabled", "unit": 0, "salt": format!("f{at}"),
            "rules": (0..7).map(rule).collect::<Vec<_>>(), "prerequisites": needed,
            "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
        })
    };
    read(&json!({
        "format": 1, "environment": "production", "bucketing": "siphash", "attributes": attributes,
        "segments": [], "flags": (0..flags).map(flag).collect::<Vec<_>>(),
    }))
}

#[test]
fn flags_that_have_nothing_in_common_do_not_multiply_the_work() {
    let last = |bundle| Definition::find(bundle, "f5").unwrap();
    let (before, after) = (unrelated_flags(6, 10_000), unrelated_flags(6, 20_000));
    let budget = Budget { bucket_cells: 20_000, ..Budget::default() };
    let regions = changes(last(&before), last(&after), &budget).unwrap();
    let moved: BTreeSet<String> = regions.iter().map(|region| region.moved().to_string()).collect();
    // Only the second rule, with 17 %, has a smaller rollout than the changed one.
    assert_eq!(moved, ["10%", "3%"].map(str::to_owned).into());
    assert_eq!(effects(&regions), [Effect::Expand].into());
    for region in &regions {
        let words: Vec<&str> = region.condition.terms().iter().map(|term| term.words.as_str()).collect();
        assert!(words.contains(&"flag f0 serves on") && words.contains(&"flag f4 serves on"), "{words:?}");
        assert_eq!((region.certainty, region.witness.is_some()), (Certainty::Exact, true), "{region:#?}");
    }

    let served = |name| ServedVariant::find(last(&before), name).unwrap();
    assert!(matches!(never(served("on"), None, &budget), Ok(ProofResult::Refuted(_))));
    assert!(matches!(always(served("off"), None, &budget), Ok(ProofResult::Refuted(_))));
    let needed = ServedVariant::find(Definition::find(&before, "f0").unwrap(), "on").unwrap();
    assert_eq!(follows(served("on"), needed, None, &budget), Ok(ProofResult::Proven));
    let reached = reachability(last(&before), &budget).unwrap();
    assert!(reached.rules.iter().all(|rule| matches!(rule, RuleReachability::Reachable(Some(_)))), "{reached:?}");
    // 52 % of 52 % of 52 % of 52 % of 52 % of 52 % are less than 2 %.
    assert_eq!(at_most(served("on"), Share::of_buckets(2_000), None, &budget), Ok(ProofResult::Proven));
}

#[test]
fn one_changed_rule_of_two_hundred_takes_a_bounded_amount_of_work() {
    let mut random = Random(200);
    let each = |random: &mut Random, attributes| condition(random, Known { segments: 0, flags: 0, attributes }, 0);
    let mut rules: Vec<Json> = Vec::new();
    for at in 0..200 {
        let all: Vec<Json> = [at, at + 1, at + 2].map(|attribute| each(&mut random, attribute)).into();
        rules.push(json!({"if": {"all": all}, "rollout": 100_000, "serve": {"variant": at % 2}}));
    }
    let before = read(&simple(&json!(rules)));
    rules[100]["rollout"] = json!(30_000);
    let after = read(&simple(&json!(rules)));
    let [old, new] = [&before, &after].map(|bundle| Definition::find(bundle, "main").unwrap());
    let little = Budget { conflicts: 100_000, automaton_states: 50_000, bucket_cells: 5_000, ..Budget::default() };
    let regions = changes(old, new, &little).unwrap();
    assert!(!regions.is_empty() && regions.iter().all(|region| region.witness.is_some()), "{regions:#?}");
    assert!(regions.iter().all(|region| region.before == [DecidedBy::Rule(100)]), "{regions:#?}");
    assert_eq!(
        changes(old, old, &Budget { conflicts: 0, automaton_states: 0, bucket_cells: 0, ..little }).unwrap().len(),
        0
    );
}

#[test]
fn an_attribute_has_one_type_in_each_revision() {
    let (mut before, mut after) = (simple(&json!([])), simple(&json!([])));
    before["flags"][0]["rules"] =
        json!([{"if": test_of(11, &json!({"one-of": {"texts": ["a"]}})), "rollout": 100_000, "serve": {"variant": 0}}]);
    after["attributes"][11]["type"] = json!("number");
    let adult = test_of(11, &json!({"compare": ["greater-or-equal", {"number": 18.0}]}));
    after["flags"][0]["rules"] = json!([{"if": adult, "rollout": 100_000, "serve": {"variant": 0}}]);
    let regions = compared(&before, &after);
    let seen: Vec<_> = regions
        .iter()
        .map(|region| (region.witness.clone().unwrap().context["text"].clone(), &region.effects))
        .collect();
    let (shrunk, grown) = ([Effect::Shrink].into(), [Effect::Expand].into());
    assert_eq!(seen.len(), 2, "{regions:#?}");
    assert!(seen.contains(&(json!("a"), &shrunk)) && seen.contains(&(json!(19), &grown)), "{seen:?}");
}

/// Returns a condition of one or two tests of the attribute `text`, as if it had the type of the attribute `like`.
fn condition_like(random: &mut Random, like: usize) -> Json {
    let test = |random: &mut Random| {
        let predicate = match (like, random.below(2)) {
            (6, 0) => {
                json!({"one-of": {"networks": [random.pick(&["10.0.0.0/8", "10.0.1.0/32", "192.0.2.1/32", "128.0.0.0/1"])]}})
            }
            (12, 0) => {
                let version = random.pick(&["10.0.0", "10.0.1", "10.1.0-a", "10.0.0-a.1", LARGEST_VERSION]);
                json!({"compare": [random.pick(&["less", "greater-or-equal"]), {"version": version}]})
            }
            (13, 0) => {
                let version = random.pick(&["10.0.0.0.1", "10-a", "10.1-a", "10.300", "192.0.2.1", "10.0.1.0.0.5-a"]);
                json!({"compare": [random.pick(&["less-or-equal", "greater"]), {"dotted-version": version}]})
            }
            _ => predicate(random, like),
        };
        json!({"test": {"attribute": 11, "sign": random.pick(&["is", "is-not"]), "predicate": predicate}})
    };
    match random.below(3) {
        0 => json!({"all": [test(random), test(random)]}),
        1 => json!({"any": [test(random), test(random)]}),
        _ => test(random),
    }
}

#[test]
fn a_version_that_is_also_an_address_or_a_semantic_version_is_one_value() {
    let mut random = Random(0x1234);
    let kinds = [("string", 11), ("ip", 6), ("datetime", 10), ("semver", 12)];
    let (mut seen, mut moved, mut possible) = (0, 0, 0);
    let numbers =
        ["0", "1", "9", "10", "11", "127", "192", "255", "256", "300", "18446744073709551615", "18446744073709551616"];
    for round in 0..generated(300) {
        let (kind, like) = random.pick(&kinds);
        let versions = condition_like(&mut random, 13);
        let others = condition_like(&mut random, like);
        let bundle = |kind: &str, condition: &Json| {
            let mut json = simple(&json!([{"if": condition, "rollout": 100_000, "serve": {"variant": 0}}]));
            json["attributes"][11]["type"] = json!(kind);
            read(&json)
        };
        let (mut before, mut after) = (bundle(kind, &others), bundle("version", &versions));
        if random.below(2) == 0 {
            std::mem::swap(&mut before, &mut after);
        }
        let shown = format!("round {round}: {kind} {others} version {versions}");
        let main = |bundle| Definition::find(bundle, "main").unwrap();
        let regions = changes(main(&before), main(&after), &Budget::default());
        let regions = regions.unwrap_or_else(|failure| panic!("{failure} {shown}"));
        seen += regions.len();
        for region in &regions {
            // For a version between two others, it is not known whether a text that also has a pattern exists.
            let is_certain = (region.certainty, region.witness.is_some()) == (Certainty::Exact, true);
            assert!(is_certain || kind == "string", "{region:#?} {shown}");
            let Some(Witness { context, now }) = &region.witness else {
                possible += 1;
                continue;
            };
            let json = Json::Object(context.clone());
            let case = Case::new([&before, &after], &json, *now);
            assert!(moving(&case.really()) && case.contained(region), "{region:#?} {shown}");
        }
        for _ in 0..100 {
            let release: Vec<&str> = (0..random.pick(&[1, 2, 3, 3, 4, 4, 5])).map(|_| random.pick(&numbers)).collect();
            let text = format!(
                "{}{}{}",
                random.pick(&["", "", "", "v", "::ffff:"]),
                release.join("."),
                random.pick(&["", "", "", "-a", "-0", "-a.1", "+b"])
            );
            let context = if random.below(8) == 0 { context_json(&mut random).0 } else { json!({"text": text}) };
            let case = Case::new([&before, &after], &context, Timestamp::UNIX_EPOCH);
            let inside = regions.iter().filter(|region| case.contained(region)).count();
            moved += inside;
            assert_eq!(inside, usize::from(moving(&case.really())), "{context} {regions:#?} {shown}");
        }
    }
    assert!(seen > 300 && moved > 3_000 && possible * 50 < seen, "{seen} {moved} {possible}");
}
