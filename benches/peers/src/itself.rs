//! The evaluator of flagctl, in two forms. [`Flagctl`] decides with contexts that were built in advance, and loads a
//! bundle whose flags are decoded on first use. [`Anew`] builds a context for each decision, and decodes every flag on
//! loading.

use flagctl::bundle::{Bundle, LazyBundle, TARGETING_KEY};
use flagctl::eval::Context;
use jiff::Timestamp;
use std::any::Any;

use super::json::{self, Values};
use super::workload::{self, Ids, Person, Work};
use super::{Engine, batch, repeated};

fn on(bundle: &Bundle, work: Work, context: &Context<'_>, now: Timestamp) -> bool {
    let value = workload::value(bundle, work, context, now);
    match work {
        Work::Split => value == "red",
        _ => value == true,
    }
}

pub(crate) struct Flagctl {
    bundle: Bundle,
    contexts: Vec<Context<'static>>,
    lines: Vec<Vec<u8>>,
    now: Timestamp,
}

impl Flagctl {
    pub(crate) fn new(people: &'static [Person]) -> Self {
        let bundle = workload::decided(people);
        let ids = Ids::new(&bundle);
        let contexts = people.iter().map(|person| workload::context(&bundle, &ids, person)).collect();
        let lines = people.iter().map(|person| json::written(person, TARGETING_KEY, Values::Typed)).collect();
        Self { bundle, contexts, lines, now: workload::now() }
    }
}

impl Engine for Flagctl {
    fn name(&self) -> &'static str {
        "flagctl"
    }

    fn on(&self, work: Work, person: usize) -> bool {
        on(&self.bundle, work, &self.contexts[person], self.now)
    }

    fn batch(&self, work: Work, times: usize) -> usize {
        batch(times, |person| self.on(work, person))
    }

    fn on_from_json(&self, work: Work, person: usize, decisions: usize) -> Option<bool> {
        let parsed = Context::from_slice(self.bundle.attributes(), &self.lines[person]).expect("a context");
        Some(repeated(decisions, || on(&self.bundle, work, &parsed.context, self.now)))
    }

    fn batch_from_json(&self, work: Work, times: usize, decisions: usize) -> Option<usize> {
        Some(batch(times, |person| self.on_from_json(work, person, decisions) == Some(true)))
    }

    fn to_load(&self, count: usize) -> String {
        workload::to_load(count)
    }

    fn load(&self, json: &str) -> Box<dyn Any> {
        Box::new(LazyBundle::from_json(json.as_bytes().to_vec()).expect("a bundle"))
    }
}

pub(crate) struct Anew {
    bundle: Bundle,
    ids: Ids,
    people: &'static [Person],
    now: Timestamp,
}

impl Anew {
    pub(crate) fn new(people: &'static [Person]) -> Self {
        let bundle = workload::decided(people);
        Self { ids: Ids::new(&bundle), bundle, people, now: workload::now() }
    }
}

impl Engine for Anew {
    fn name(&self) -> &'static str {
        "flagctl, new context"
    }

    fn on(&self, work: Work, person: usize) -> bool {
        let context = workload::context(&self.bundle, &self.ids, &self.people[person]);
        on(&self.bundle, work, &context, self.now)
    }

    fn batch(&self, work: Work, times: usize) -> usize {
        batch(times, |person| self.on(work, person))
    }

    fn on_from_json(&self, _: Work, _: usize, _: usize) -> Option<bool> {
        None
    }

    fn batch_from_json(&self, _: Work, _: usize, _: usize) -> Option<usize> {
        None
    }

    fn to_load(&self, count: usize) -> String {
        workload::to_load(count)
    }

    /// Decodes and validates every flag.
    fn load(&self, json: &str) -> Box<dyn Any> {
        Box::new(Bundle::from_json(json.as_bytes()).expect("a bundle"))
    }
}
