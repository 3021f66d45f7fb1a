//! What is decided: people with ten attributes, and one flag of each kind of work.
//!
//! The same for our own benches, for the test that deciding allocates nothing, and for the comparison with
//! other engines, which translates [`RULES`] into their formats.

#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "each user takes a part; a broken workload ends it")]

use flagctl::bundle::{AttributeId, Bundle};
use flagctl::eval::{Context, Value, decide};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// So many contexts take turns.
pub(crate) const POOL: usize = 1_000;
/// So many are asked before anything is timed; every other one is in the segment.
pub(crate) const PEOPLE: usize = 20_000;

pub(crate) const COUNTRIES: &[&str] = &["AT", "BE", "CA", "CH", "DE", "DK", "ES", "FR", "IT", "US"];
pub(crate) const OTHERS: &[&str] = &["AU", "BR", "CL", "IN", "JP", "KR", "MX", "NZ", "PE", "ZA"];

/// A decision that a flag asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// On for everyone.
    Everyone,
    /// Five rules of two conditions each, of which the last matches.
    Rules,
    /// On for a quarter.
    Rollout,
    /// On for 10,000 ids.
    Segment,
    /// One of three texts.
    Split,
}

impl Work {
    pub(crate) const ALL: [Self; 5] = [Self::Everyone, Self::Rules, Self::Rollout, Self::Segment, Self::Split];
    /// The kinds that the files to load take turns with.
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

/// What a rule asks for.
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

/// The same people every time.
pub(crate) fn people(count: usize) -> Vec<Person> {
    let mut state = 20_261_122_u64;
    // SplitMix64.
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

/// The ids of the segment.
pub(crate) fn members(people: &[Person]) -> Vec<&str> {
    people.iter().step_by(2).map(|person| person.id.as_str()).collect()
}

/// The attributes that the schema declares besides the key, in its order.
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

/// A bundle of one flag of each kind.
pub(crate) fn decided(people: &[Person]) -> Bundle {
    let flags = ["everyone", "rollout", "rules", "segment", "split"];
    let kinds = [Work::Everyone, Work::Rollout, Work::Rules, Work::Segment, Work::Split];
    let flags = kinds.iter().zip(flags).map(|(work, key)| flag(*work, key)).collect();
    Bundle::from_json(bundle(&members(people), flags).as_bytes()).expect("a bundle")
}

/// The keys and kinds of so many flags to load.
pub(crate) fn loaded(count: usize) -> impl Iterator<Item = (String, Work)> {
    (0..count).zip(Work::LOADED.into_iter().cycle()).map(|(at, work)| (format!("flag-{at:05}"), work))
}

/// A bundle of so many flags, as JSON.
pub(crate) fn to_load(count: usize) -> String {
    let json = bundle(&[], loaded(count).map(|(key, work)| flag(work, &key)).collect());
    let bundle = Bundle::from_json(json.as_bytes()).expect("a bundle");
    String::from_utf8(bundle.to_json().expect("a bundle")).expect("JSON")
}

/// A person's attributes as a program sets them that has them as typed values, its version as text.
pub(crate) fn context<'p>(bundle: &Bundle, ids: &Ids, person: &'p Person) -> Context<'p> {
    let mut context = Context::empty(&bundle.attributes);
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

/// Where the attributes stand, looked up once for a bundle.
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
    pub(crate) fn of(bundle: &Bundle) -> Self {
        let find = |name| bundle.attributes.find(name).expect("a declared attribute");
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

/// Decides as an application does: the flag is found by its key.
pub(crate) fn value<'b>(bundle: &'b Bundle, work: Work, context: &Context<'_>, now: Timestamp) -> &'b Json {
    let flag = bundle.flag(work.key()).expect("a flag of that key");
    &decide(bundle, flag, context, now).variant.value
}

/// The share of the people that get the first variant, and that the answers are right.
///
/// `on` says whether a person, at a place in [`people`], gets `true` or `red`.
pub(crate) fn check(engine: &str, work: Work, on: impl Fn(usize) -> bool) {
    let answers: Vec<bool> = (0..PEOPLE).map(on).collect();
    let share = answers.iter().filter(|on| **on).count() as f64 / PEOPLE as f64;
    let right = match work {
        Work::Everyone | Work::Rules => answers.iter().all(|on| *on),
        Work::Rollout => (0.24..0.26).contains(&share),
        Work::Segment => answers.iter().enumerate().all(|(at, on)| *on == (at % 2 == 0)),
        Work::Split => (0.32..0.345).contains(&share),
    };
    assert!(right, "{engine} answers `{}` wrongly: {share} of all", work.key());
}
