//! The engine launchdarkly-server-sdk-evaluation. Its evaluator receives the flag, so its results do not include the
//! search for the flag.

use std::any::Any;
use std::collections::HashMap;

use launchdarkly_server_sdk_evaluation::{Context, ContextBuilder, Flag, FlagValue, Segment, Store, evaluate};
use serde_json::{Value as Json, json};

use super::json::{self, Scalar, Values};
use super::workload::{self, Clause, Person, RULES, Work};
use super::{Engine, batch, repeated};

struct Flags {
    flags: HashMap<String, Flag>,
    segment: Segment,
}

impl Store for Flags {
    fn flag(&self, key: &str) -> Option<Flag> {
        self.flags.get(key).cloned()
    }

    fn segment(&self, _: &str) -> Option<Segment> {
        Some(self.segment.clone())
    }
}

pub(crate) struct LaunchDarkly {
    store: Flags,
    contexts: Vec<Context>,
    lines: Vec<Vec<u8>>,
}

fn clause(clause: Clause) -> Json {
    let (name, operator, values) = match clause {
        Clause::CountryIn(countries) => ("country", "in", json!(countries)),
        Clause::Above(name, number) => (name, "greaterThan", json!([number])),
        // This engine has no operator for "greater than or equal".
        Clause::VersionFrom(version) => {
            return json!({
                "contextKind": "user", "attribute": "appVersion", "op": "semVerLessThan", "values": [version], "negate": true,
            });
        }
    };
    json!({"contextKind": "user", "attribute": name, "op": operator, "values": values, "negate": false})
}

fn flag(work: Work, key: &str) -> Json {
    let rule = |index: usize, clauses: Json| json!({"id": format!("rule-{index}"), "clauses": clauses, "variation": 0, "trackEvents": false});
    let rules = match work {
        Work::Rules => {
            let rule = |(index, both): (usize, &[Clause; 2])| rule(index, json!(both.map(clause)));
            RULES.iter().enumerate().map(rule).collect()
        }
        Work::Segment => {
            let clause = json!({
                "contextKind": "user", "attribute": "", "op": "segmentMatch", "values": ["members"], "negate": false,
            });
            json!([rule(0, json!([clause]))])
        }
        _ => json!([]),
    };
    let rollout = |weights: &[u32]| {
        let weighted = |(index, weight)| json!({"variation": index, "weight": weight});
        let variations: Vec<_> = weights.iter().enumerate().map(weighted).collect();
        json!({"rollout": {"contextKind": "user", "variations": variations}})
    };
    let fallthrough = match work {
        Work::Everyone => json!({"variation": 0}),
        Work::Rollout => rollout(&[25_000, 75_000]),
        Work::Split => rollout(&[33_333, 33_333, 33_334]),
        _ => json!({"variation": 1}),
    };
    let variations = match work {
        Work::Split => json!(["red", "green", "blue"]),
        _ => json!([true, false]),
    };
    json!({
        "key": key, "version": 1, "on": true, "targets": [], "rules": rules, "prerequisites": [], "salt": key,
        "fallthrough": fallthrough, "offVariation": 1, "variations": variations,
        "clientSideAvailability": {"usingMobileKey": false, "usingEnvironmentId": false},
    })
}

fn context(person: &Person) -> Context {
    let mut builder = ContextBuilder::new(person.id.clone());
    builder
        .set_value("age", person.age.into())
        .set_value("appVersion", person.app_version.clone().into())
        .set_value("country", person.country.into())
        .set_value("device", person.device.into())
        .set_value("email", person.email.clone().into())
        .set_value("loggedIn", person.logged_in.into())
        .set_value("org", person.org.clone().into())
        .set_value("plan", person.plan.into())
        .set_value("score", person.score.into());
    builder.build().expect("a context")
}

impl LaunchDarkly {
    pub(crate) fn new(people: &[Person]) -> Self {
        let parsed = |work: &Work| {
            let flag = serde_json::from_value(flag(*work, work.key())).expect("a flag");
            (work.key().to_owned(), flag)
        };
        let segment = json!({
            "key": "members", "version": 1, "included": workload::members(people), "excluded": [], "rules": [],
            "salt": "members",
        });
        let store = Flags {
            flags: Work::ALL.iter().map(parsed).collect(),
            segment: serde_json::from_value(segment).expect("a segment"),
        };
        let lines = people.iter().map(|person| json::written(person, "key", Values::Typed)).collect();
        Self { store, contexts: people.iter().map(context).collect(), lines }
    }

    fn decide(&self, flag: &Flag, context: &Context) -> bool {
        match evaluate(&self.store, flag, context, None).value {
            Some(FlagValue::Bool(on)) => *on,
            Some(FlagValue::Str(text)) => text == "red",
            _ => false,
        }
    }
}

fn parsed(line: &[u8]) -> Context {
    let mut builder = ContextBuilder::new("");
    json::read(line, |name, value| {
        let value = match value {
            Scalar::Text(text) if name == "key" => {
                builder.key(text.into_owned());
                return;
            }
            Scalar::Text(text) => text.into_owned().into(),
            Scalar::Number(number) => number.into(),
            Scalar::Boolean(boolean) => boolean.into(),
        };
        builder.set_value(&name, value);
    });
    builder.build().expect("a context")
}

impl Engine for LaunchDarkly {
    fn name(&self) -> &'static str {
        "launchdarkly"
    }

    fn on(&self, work: Work, person: usize) -> bool {
        self.decide(&self.store.flags[work.key()], &self.contexts[person])
    }

    fn batch(&self, work: Work, times: usize) -> usize {
        let flag = &self.store.flags[work.key()];
        batch(times, |person| self.decide(flag, &self.contexts[person]))
    }

    fn on_from_json(&self, work: Work, person: usize, decisions: usize) -> Option<bool> {
        let flag = &self.store.flags[work.key()];
        let context = parsed(&self.lines[person]);
        Some(repeated(decisions, || self.decide(flag, &context)))
    }

    fn batch_from_json(&self, work: Work, times: usize, decisions: usize) -> Option<usize> {
        Some(batch(times, |person| self.on_from_json(work, person, decisions) == Some(true)))
    }

    fn to_load(&self, count: usize) -> String {
        let flags = workload::loaded(count).map(|(key, work)| (key.clone(), flag(work, &key)));
        Json::Object(flags.collect()).to_string()
    }

    fn load(&self, json: &str) -> Box<dyn Any> {
        let flags: HashMap<String, Flag> = serde_json::from_str(json).expect("flags");
        Box::new(flags)
    }
}
