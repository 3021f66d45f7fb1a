//! The engine eppo_core. A rule becomes an allocation, and the first allocation that matches decides. A segment
//! becomes a list of ids in a condition.

use std::any::Any;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use eppo_core::eval::get_assignment;
use eppo_core::ufc::{AssignmentValue, UniversalFlagConfig};
use eppo_core::{AttributeValue, Attributes, Configuration, SdkMetadata, Str};
use flagctl::bundle::TARGETING_KEY;
use serde_json::{Map, Value as Json, json};

use super::json::{self, Scalar, Values};
use super::workload::{self, Clause, Person, RULES, Work};
use super::{Engine, batch, repeated};

/// The number of flags that are decided for each line of a file.
const TWENTY: usize = 20;
/// The size of the output buffer, in bytes.
const BLOCK: usize = 1 << 16;

pub(crate) struct Eppo {
    configuration: Configuration,
    subjects: Vec<(Str, Arc<Attributes>)>,
    lines: Vec<Vec<u8>>,
    now: DateTime<Utc>,
}

fn condition(clause: Clause) -> Json {
    match clause {
        Clause::CountryIn(countries) => json!({"attribute": "country", "operator": "ONE_OF", "value": countries}),
        Clause::Above(name, number) => json!({"attribute": name, "operator": "GT", "value": number}),
        Clause::VersionFrom(version) => json!({"attribute": "appVersion", "operator": "GTE", "value": version}),
    }
}

fn flag(work: Work, key: &str, members: &[&str]) -> Json {
    let on = json!([{"variationKey": "on", "shards": []}]);
    let allocation = |index: usize, conditions: Json, splits: &Json| {
        let rules = if conditions == json!([]) { json!([]) } else { json!([{"conditions": conditions}]) };
        json!({"key": format!("allocation-{index}"), "rules": rules, "splits": splits, "doLog": false})
    };
    let part = |variation: &str, start: u32, end: u32| {
        let shard = json!({"salt": key, "ranges": [{"start": start, "end": end}]});
        json!({"variationKey": variation, "shards": [shard]})
    };
    let allocations = match work {
        Work::Everyone => json!([allocation(0, json!([]), &on)]),
        Work::Rules => {
            let rule = |(index, both): (usize, &[Clause; 2])| allocation(index, json!(both.map(condition)), &on);
            RULES.iter().enumerate().map(rule).collect()
        }
        Work::Rollout => json!([allocation(0, json!([]), &json!([part("on", 0, 25_000)]))]),
        Work::Segment => {
            let member = json!([{"attribute": "id", "operator": "ONE_OF", "value": members}]);
            json!([allocation(0, member, &on)])
        }
        Work::Split => {
            let thirds = [part("red", 0, 33_333), part("green", 33_333, 66_666), part("blue", 66_666, 100_000)];
            json!([allocation(0, json!([]), &json!(thirds))])
        }
    };
    let (kind, values) = match work {
        Work::Split => ("STRING", vec![("red", json!("red")), ("green", json!("green")), ("blue", json!("blue"))]),
        _ => ("BOOLEAN", vec![("on", json!(true)), ("off", json!(false))]),
    };
    let variation = |(name, value): (&str, Json)| (name.to_owned(), json!({"key": name, "value": value}));
    let variations: Map<_, _> = values.into_iter().map(variation).collect();
    json!({
        "key": key, "enabled": true, "variationType": kind, "variations": variations, "totalShards": 100_000,
        "allocations": allocations,
    })
}

fn flags(flags: Map<String, Json>) -> String {
    json!({
        "createdAt": "2026-11-22T12:00:00Z", "format": "SERVER", "environment": {"name": "production"},
        "flags": flags,
    })
    .to_string()
}

fn configuration(json: &str) -> Configuration {
    let metadata = SdkMetadata { name: "peers", version: "0" };
    let config = UniversalFlagConfig::from_json(metadata, json.as_bytes().to_vec()).expect("flags");
    Configuration::from_server_response(config, None)
}

fn subject(person: &Person) -> (Str, Arc<Attributes>) {
    let attributes: Attributes = [
        ("age".into(), person.age.into()),
        ("appVersion".into(), person.app_version.as_str().into()),
        ("country".into(), person.country.into()),
        ("device".into(), person.device.into()),
        ("email".into(), person.email.as_str().into()),
        ("loggedIn".into(), person.logged_in.into()),
        ("org".into(), person.org.as_str().into()),
        ("plan".into(), person.plan.into()),
        ("score".into(), person.score.into()),
    ]
    .into_iter()
    .collect();
    (person.id.as_str().into(), Arc::new(attributes))
}

/// Returns `count` flags of the kinds [`Work::LOADED`].
fn loaded(count: usize) -> String {
    flags(workload::loaded(count).map(|(key, work)| (key.clone(), flag(work, &key, &[]))).collect())
}

fn timestamp() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_348_800, 0).expect("a timestamp")
}

fn parsed(line: &[u8]) -> (Str, Arc<Attributes>) {
    let mut id = Str::from_static_str("");
    let mut attributes = Attributes::with_capacity(16);
    json::read(line, |name, value| {
        let value: AttributeValue = match value {
            Scalar::Text(text) if name == TARGETING_KEY => return id = text.into(),
            Scalar::Text(text) => text.into(),
            Scalar::Number(number) => number.into(),
            Scalar::Boolean(boolean) => boolean.into(),
        };
        attributes.insert(name.into(), value);
    });
    (id, Arc::new(attributes))
}

/// Decides [`TWENTY`] flags for each line of a file, and writes one line of values for each. With one thread, the
/// output is in the order of the file.
pub(crate) fn contexts(path: &Path, threads: usize) {
    let text = std::fs::read_to_string(path).expect("contexts");
    let lines: Vec<&str> = text.lines().collect();
    let configuration = configuration(&loaded(TWENTY));
    let keys: Vec<String> = workload::loaded(TWENTY).map(|(key, _)| key).collect();
    let now = timestamp();
    let decide = |lines: &[&str]| {
        let mut out = String::new();
        for line in lines {
            let (id, attributes) = parsed(line.as_bytes());
            for (index, key) in keys.iter().enumerate() {
                let assigned = get_assignment(Some(&configuration), key, &id, &attributes, None, now);
                let value = assigned.expect("an assignment").map(|assignment| assignment.value);
                out.push_str(if index == 0 { "{" } else { "," });
                match value {
                    Some(AssignmentValue::Boolean(on)) => write!(out, "\"{key}\":{on}"),
                    Some(AssignmentValue::String(text)) => write!(out, "\"{key}\":\"{text}\""),
                    _ => write!(out, "\"{key}\":null"),
                }
                .expect("memory");
            }
            out.push_str("}\n");
            if out.len() > BLOCK {
                std::io::stdout().write_all(out.as_bytes()).expect("stdout");
                out.clear();
            }
        }
        std::io::stdout().write_all(out.as_bytes()).expect("stdout");
    };
    std::thread::scope(|scope| {
        for part in lines.chunks(lines.len().div_ceil(threads).max(1)) {
            let decide = &decide;
            scope.spawn(move || decide(part));
        }
    });
}

impl Eppo {
    pub(crate) fn new(people: &[Person]) -> Self {
        let members = workload::members(people);
        let all = Work::ALL.iter().map(|work| (work.key().to_owned(), flag(*work, work.key(), &members))).collect();
        Self {
            configuration: configuration(&flags(all)),
            subjects: people.iter().map(subject).collect(),
            lines: people.iter().map(|person| json::written(person, TARGETING_KEY, Values::Typed)).collect(),
            now: timestamp(),
        }
    }

    fn decide(&self, work: Work, (id, attributes): &(Str, Arc<Attributes>)) -> bool {
        let assigned = get_assignment(Some(&self.configuration), work.key(), id, attributes, None, self.now);
        match assigned.expect("an assignment").map(|assignment| assignment.value) {
            Some(AssignmentValue::Boolean(on)) => on,
            Some(AssignmentValue::String(text)) => &*text == "red",
            _ => false,
        }
    }
}

impl Engine for Eppo {
    fn name(&self) -> &'static str {
        "eppo_core"
    }

    fn on(&self, work: Work, person: usize) -> bool {
        self.decide(work, &self.subjects[person])
    }

    fn batch(&self, work: Work, times: usize) -> usize {
        batch(times, |person| self.on(work, person))
    }

    fn on_from_json(&self, work: Work, person: usize, decisions: usize) -> Option<bool> {
        let subject = parsed(&self.lines[person]);
        Some(repeated(decisions, || self.decide(work, &subject)))
    }

    fn batch_from_json(&self, work: Work, times: usize, decisions: usize) -> Option<usize> {
        Some(batch(times, |person| self.on_from_json(work, person, decisions) == Some(true)))
    }

    fn to_load(&self, count: usize) -> String {
        loaded(count)
    }

    fn load(&self, json: &str) -> Box<dyn Any> {
        Box::new(configuration(json))
    }
}
