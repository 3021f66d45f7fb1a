//! The engine unleash-yggdrasil. A rule becomes a strategy, and the flag is on if any strategy matches. A segment
//! becomes a list of user ids.

use serde_json::{Value as Json, json};
use std::any::Any;
use std::collections::HashMap;
use unleash_types::client_features::{ClientFeatures, Context};
use unleash_yggdrasil::state::EnrichedContext;
use unleash_yggdrasil::{EngineState, UpdateMessage};

use super::json::{self, Scalar, Values};
use super::workload::{self, Clause, Person, RULES, Work};
use super::{Engine, batch, repeated};

pub(crate) struct Unleash {
    engine: EngineState,
    contexts: Vec<Context>,
    lines: Vec<Vec<u8>>,
}

fn constraint(clause: Clause) -> Json {
    match clause {
        Clause::CountryIn(countries) => json!({"contextName": "country", "operator": "IN", "values": countries}),
        Clause::Above(name, number) => {
            json!({"contextName": name, "operator": "NUM_GT", "value": number.to_string(), "values": []})
        }
        Clause::VersionFrom(version) => {
            json!({"contextName": "appVersion", "operator": "SEMVER_GTE", "value": version, "values": []})
        }
    }
}

fn feature(work: Work, key: &str) -> Json {
    let strategies = match work {
        Work::Everyone | Work::Split => json!([{"name": "default"}]),
        Work::Rules => {
            let strategy = |both: &[Clause; 2]| json!({"name": "default", "constraints": both.map(constraint)});
            RULES.iter().map(strategy).collect()
        }
        Work::Rollout => json!([{
            "name": "flexibleRollout", "parameters": {"rollout": "25", "stickiness": "userId", "groupId": key},
        }]),
        Work::Segment => json!([{"name": "default", "segments": [1]}]),
    };
    let variant = |name| json!({"name": name, "weight": 1, "weightType": "variable", "stickiness": "userId"});
    let variants = match work {
        Work::Split => json!([variant("red"), variant("green"), variant("blue")]),
        _ => json!([]),
    };
    json!({"name": key, "type": "release", "enabled": true, "strategies": strategies, "variants": variants})
}

fn features(members: &[&str], features: Vec<Json>) -> String {
    let constraint = json!({"contextName": "userId", "operator": "IN", "values": members});
    let segment = json!({"id": 1, "name": "members", "constraints": [constraint]});
    json!({"version": 2, "features": features, "segments": [segment]}).to_string()
}

fn engine(json: &str) -> EngineState {
    let features: ClientFeatures = serde_json::from_str(json).expect("features");
    let engine = EngineState::initial_state(Default::default());
    let warnings = engine.take_state(UpdateMessage::FullResponse(features));
    assert!(warnings.is_none(), "{warnings:?}");
    engine
}

fn context(person: &Person) -> Context {
    let properties = [
        ("age", person.age.to_string()),
        ("appVersion", person.app_version.clone()),
        ("country", person.country.to_owned()),
        ("device", person.device.to_owned()),
        ("email", person.email.clone()),
        ("loggedIn", person.logged_in.to_string()),
        ("org", person.org.clone()),
        ("plan", person.plan.to_owned()),
        ("score", person.score.to_string()),
    ];
    Context {
        user_id: Some(person.id.clone()),
        properties: Some(properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ..Context::default()
    }
}

impl Unleash {
    pub(crate) fn new(people: &[Person]) -> Self {
        let flags = Work::ALL.iter().map(|work| feature(*work, work.key())).collect();
        let engine = engine(&features(&workload::members(people), flags));
        let lines = people.iter().map(|person| json::written(person, "userId", Values::Texts)).collect();
        Self { engine, contexts: people.iter().map(context).collect(), lines }
    }

    fn decide(&self, work: Work, context: &Context) -> bool {
        let context = EnrichedContext::from(context, work.key(), None);
        match work {
            Work::Split => self.engine.check_variant(&context).is_some_and(|variant| variant.name == "red"),
            _ => self.engine.check_enabled(&context) == Some(true),
        }
    }
}

fn parsed(line: &[u8]) -> Context {
    let mut context = Context::default();
    let mut properties = HashMap::with_capacity(16);
    json::read(line, |name, value| {
        let Scalar::Text(text) = value else { panic!("all values are texts") };
        match name.as_ref() {
            "userId" => context.user_id = Some(text.into_owned()),
            _ => drop(properties.insert(name.into_owned(), text.into_owned())),
        }
    });
    context.properties = Some(properties);
    context
}

impl Engine for Unleash {
    fn name(&self) -> &'static str {
        "unleash-yggdrasil"
    }

    fn on(&self, work: Work, person: usize) -> bool {
        self.decide(work, &self.contexts[person])
    }

    fn batch(&self, work: Work, times: usize) -> usize {
        batch(times, |person| self.on(work, person))
    }

    fn on_from_json(&self, work: Work, person: usize, decisions: usize) -> Option<bool> {
        let context = parsed(&self.lines[person]);
        Some(repeated(decisions, || self.decide(work, &context)))
    }

    fn batch_from_json(&self, work: Work, times: usize, decisions: usize) -> Option<usize> {
        Some(batch(times, |person| self.on_from_json(work, person, decisions) == Some(true)))
    }

    fn to_load(&self, count: usize) -> String {
        features(&[], workload::loaded(count).map(|(key, work)| feature(work, &key)).collect())
    }

    fn load(&self, json: &str) -> Box<dyn Any> {
        Box::new(engine(json))
    }
}
