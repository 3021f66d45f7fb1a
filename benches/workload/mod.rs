//! The workload of the benches: generated users with ten attributes, and one flag for each kind of work.
//!
//! The benches, the test that a decision allocates no memory, and the comparison with other engines all use this
//! workload, so their results are comparable. The comparison translates [`RULES`] into the formats of the other
//! engines.

#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "each user takes a part; a broken workload ends it")]

use flagctl::bundle::{AttributeId, Bundle};
use flagctl::eval::{Context, Value};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// The number of contexts that a bench uses one after another.
pub(crate) const POOL: usize = 1_000;
/// The number of users for which the decisions are checked before the measurement. Every second user is in the segment.
pub(crate) const PEOPLE: usize = 20_000;

pub(crate) const COUNTRIES: &[&str] = &["AT", "BE", "CA", "CH", "DE", "DK", "ES", "FR", "IT", "US"];
pub(crate) const OTHERS: &[&str] = &["AU", "BR", "CL", "IN", "JP", "KR", "MX", "NZ", "PE", "ZA"];

/// A kind of decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// The flag is on for every context.
    Everyone,
    /// The flag has five rules with two conditions each, and the last rule matches.
    Rules,
    /// The flag is on for a quarter of the units.
    Rollout,
    /// The flag is on for a segment of 10,000 ids.
    Segment,
    /// The flag splits the units among three texts.
    Split,
}

impl Work {
    pub(crate) const ALL: [Self; 5] = [Self::Everyone, Self::Rules, Self::Rollout, Self::Segment, Self::Split];
    /// The kinds of flags in the bundles of the load benches, which alternate.
    pub(crate) const LOADED: [Self; 4] = [Self::Everyone, Self::Rules, Self::Rollout, Self::Split];

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Rules => "rules",
            Self::Rollout => "rollout",
            Self::Segment => "segment",
            Self::Split => "split",
        }
    }
}

/// A condition of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clause {
    CountryIn(&'static [&'static str]),
    Above(&'static str, f64),
    VersionFrom(&'static str),
}

pub(crate) const RULES: [[Clause; 2]; 5] = [
    [Clause::CountryIn(COUNTRIES), Clause::Above("age", 100.0)],
    [Clause::VersionFrom("2.0.0"), Clause::Above("score", 1_000.0)],
    [Clause::CountryIn(COUNTRIES), Clause::VersionFrom("9.0.0")],
    [Clause::Above("age", 10.0), Clause::CountryIn(OTHERS)],
    [Clause::CountryIn(COUNTRIES), Clause::VersionFrom("1.5.0")],
];

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) age: f64,
    pub(crate) app_version: String,
    pub(crate) country: &'static str,
    pub(crate) device: &'static str,
    pub(crate) email: String,
    pub(crate) logged_in: bool,
    pub(crate) org: String,
    pub(crate) plan: &'static str,
    pub(crate) score: f64,
}

/// Generates users. The same count gives the same users in every run.
pub(crate) fn people(count: usize) -> Vec<Person> {
    let mut state = 20_261_122_u64;
    // The random numbers come from SplitMix64.
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut person = || {
        let (high, low) = (next(), next());
        let hex = format!("{high:016x}{low:016x}");
        let group = |from, to| hex.get(from..to).unwrap_or_default();
        let id = [group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)].join("-");
        let mut below = |bound: u32| u32::try_from(next() % u64::from(bound)).unwrap_or(0);
        let mut one_of = |all: &'static [&'static str]| all.get(below(10) as usize % all.len()).copied().unwrap_or("");
        let (country, device, plan) =
            (one_of(COUNTRIES), one_of(&["phone", "tablet", "desktop"]), one_of(&["free", "pro", "team"]));
        Person {
            age: f64::from(18 + below(70)),
            app_version: format!("{}.{}.{}", 2 + below(7), below(20), below(10)),
            country,
            device,
            email: format!("{}@example.com", group(0, 12)),
            logged_in: below(2) == 0,
            org: format!("org-{}", below(500)),
            plan,
            score: f64::from(below(10_000)) / 10.0,
            id,
        }
    };
    (0..count).map(|_| person()).collect()
}

/// Returns the ids in the segment, which are the ids of every second user.
pub(crate) fn members(people: &[Person]) -> Vec<&str> {
    people.iter().step_by(2).map(|person| person.id.as_str()).collect()
}

/// The attributes in the context schema except the targeting key, in the order of the schema.
const DECLARED: [(&str, &str); 9] = [
    ("age", "number"),
    ("appVersion", "semver"),
    ("country", "string"),
    ("device", "string"),
    ("email", "string"),
    ("loggedIn", "boolean"),
    ("org", "string"),
    ("plan", "string"),
    ("score", "number"),
];

fn attribute(name: &str) -> usize {
    2 + DECLARED.iter().position(|(declared, _)| *declared == name).expect("a declared attribute")
}

fn clause(clause: Clause) -> Json {
    let (name, predicate) = match clause {
        Clause::CountryIn(countries) => ("country", json!({"one-of": {"texts": countries}})),
        Clause::Above(name, number) => (name, json!({"compare": ["greater", {"number": number}]})),
        Clause::VersionFrom(version) => ("appVersion", json!({"compare": ["greater-or-equal", {"version": version}]})),
    };
    json!({"test": {"attribute": attribute(name), "sign": "is", "predicate": predicate}})
}

fn flag(work: Work, key: &str) -> Json {
    let everyone = |serve: Json| json!([{"rollout": 100_000, "serve": serve}]);
    let (default, rules) = match work {
        Work::Everyone => (0, json!([])),
        Work::Rules => {
            let rule = |both: &[Clause; 2]| json!({"if": {"all": both.map(clause)}, "rollout": 100_000, "serve": {"variant": 0}});
            (1, RULES.iter().map(rule).collect())
        }
        Work::Rollout => (1, json!([{"rollout": 25_000, "serve": {"variant": 0}}])),
        Work::Segment => (1, json!([{"if": {"segment": 0}, "rollout": 100_000, "serve": {"variant": 0}}])),
        Work::Split => (0, everyone(json!({"split": [[33_333, 0], [66_666, 1], [100_000, 2]]}))),
    };
    let variants = match work {
        Work::Split => {
            json!([{"name": "red", "value": "red"}, {"name": "green", "value": "green"}, {"name": "blue", "value": "blue"}])
        }
        _ => json!([{"name": "on", "value": true}, {"name": "off", "value": false}]),
    };
    json!({
        "key": key, "variants": variants, "off": 1, "default": default, "state": "enabled", "rules": rules,
        "unit": 0, "salt": key,
    })
}

fn bundle(members: &[&str], flags: Vec<Json>) -> String {
    let declared = DECLARED.iter().map(|(name, kind)| json!({"name": name, "type": kind}));
    let built_in = [json!({"name": "targetingKey", "type": "string"}), json!({"name": "now", "type": "datetime"})];
    let attributes: Vec<_> = built_in.into_iter().chain(declared).collect();
    let members = json!({"test": {"attribute": 0, "sign": "is", "predicate": {"one-of": {"texts": members}}}});
    let bundle = json!({
        "format": 1, "environment": "production", "bucketing": "siphash", "attributes": attributes,
        "segments": [{"name": "members", "condition": members}], "flags": flags,
    });
    bundle.to_string()
}

/// Compiles a bundle with one flag of each kind.
pub(crate) fn decided(people: &[Person]) -> Bundle {
    let flags = ["everyone", "rollout", "rules", "segment", "split"];
    let kinds = [Work::Everyone, Work::Rollout, Work::Rules, Work::Segment, Work::Split];
    let flags = kinds.iter().zip(flags).map(|(work, key)| flag(*work, key)).collect();
    Bundle::from_json(bundle(&members(people), flags).as_bytes()).expect("a bundle")
}

/// Returns the keys and kinds of `count` flags to load.
pub(crate) fn loaded(count: usize) -> impl Iterator<Item = (String, Work)> {
    (0..count).zip(Work::LOADED.into_iter().cycle()).map(|(index, work)| (format!("flag-{index:05}"), work))
}

/// Returns a bundle of `count` flags as JSON.
pub(crate) fn to_load(count: usize) -> String {
    let json = bundle(&[], loaded(count).map(|(key, work)| flag(work, &key)).collect());
    let bundle = Bundle::from_json(json.as_bytes()).expect("a bundle");
    String::from_utf8(bundle.to_json().expect("a bundle")).expect("JSON")
}

/// Builds the context of a user from typed values, like an application. The version is parsed from text.
pub(crate) fn context<'p>(bundle: &Bundle, ids: &Ids, person: &'p Person) -> Context<'p> {
    let mut context = Context::empty(bundle.attributes());
    context.set(AttributeId::TARGETING_KEY, Value::Text(person.id.as_str().into()));
    context.set(ids.age, Value::Number(person.age));
    context.set(ids.app_version, person.app_version.parse().map_or(Value::Absent, Value::Version));
    context.set(ids.country, Value::Text(person.country.into()));
    context.set(ids.device, Value::Text(person.device.into()));
    context.set(ids.email, Value::Text(person.email.as_str().into()));
    context.set(ids.logged_in, Value::Boolean(person.logged_in));
    context.set(ids.org, Value::Text(person.org.as_str().into()));
    context.set(ids.plan, Value::Text(person.plan.into()));
    context.set(ids.score, Value::Number(person.score));
    context
}

/// The ids of the attributes, looked up once for each bundle.
#[derive(Debug)]
pub(crate) struct Ids {
    age: AttributeId,
    app_version: AttributeId,
    country: AttributeId,
    device: AttributeId,
    email: AttributeId,
    logged_in: AttributeId,
    org: AttributeId,
    plan: AttributeId,
    score: AttributeId,
}

impl Ids {
    pub(crate) fn new(bundle: &Bundle) -> Self {
        let find = |name| bundle.attributes().find(name).expect("a declared attribute");
        Self {
            age: find("age"),
            app_version: find("appVersion"),
            country: find("country"),
            device: find("device"),
            email: find("email"),
            logged_in: find("loggedIn"),
            org: find("org"),
            plan: find("plan"),
            score: find("score"),
        }
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::constant(1_795_348_800, 0)
}

/// Finds the flag by its key and decides it, like an application.
pub(crate) fn value<'b>(bundle: &'b Bundle, work: Work, context: &Context<'_>, now: Timestamp) -> &'b Json {
    &bundle.decide(work.key(), context, now).expect("a flag of that key").variant.value
}

/// Checks the decisions of an engine: the users, or the fraction of users, who get the first variant.
///
/// `on` takes the index of a user in [`people`], and returns whether the user gets `true` or `red`.
///
/// # Panics
/// The function panics if a decision is wrong or if a fraction is outside its range.
#[allow(clippy::cast_precision_loss, reason = "the number of users is small")]
pub(crate) fn check(engine: &str, work: Work, on: impl Fn(usize) -> bool) {
    let answers: Vec<bool> = (0..PEOPLE).map(on).collect();
    let share = answers.iter().filter(|on| **on).count() as f64 / PEOPLE as f64;
    let right = match work {
        Work::Everyone | Work::Rules => answers.iter().all(|on| *on),
        Work::Rollout => (0.24..0.26).contains(&share),
        Work::Segment => answers.iter().enumerate().all(|(index, on)| *on == (index % 2 == 0)),
        Work::Split => (0.32..0.345).contains(&share),
    };
    assert!(right, "{engine} decides `{}` wrongly: the first variant goes to {share} of the users", work.key());
}
