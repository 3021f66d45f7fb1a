//! Builds sample contexts from the tests of a condition, and evaluates conditions for them.
//!
//! Takes a condition; tries contexts that are likely to satisfy it: for `country: [DE]` and `age: {gte: 18}`, the context
//! `{country: DE, age: 18}`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::analyze::fast_path::sample_values::sample_values;
use crate::bundle::{AttributeId, Bundle, Condition, Follow, Percent, Rule, Test};
use crate::eval::holds;
use crate::eval::{Context, Truth, Value};

/// So many values of one attribute are tried.
const TRIED: usize = 12;
/// So many alternatives are tried.
const BRANCHES: usize = 4;

/// Whether the condition surely holds for someone.
pub(crate) fn holds_for_someone(bundle: &Bundle, condition: &Condition) -> bool {
    can_sample(bundle, condition, None) && sample_passes(bundle, Some(condition), |_| true)
}

/// Whether the condition surely does not hold for everyone.
pub(crate) fn fails_for_someone(bundle: &Bundle, condition: &Condition) -> bool {
    can_sample(bundle, condition, None) && !SampleContext::empty(bundle).holds(bundle, condition)
}

/// Whether the condition asks for no other flag, nor for the attribute.
pub(crate) fn can_sample(bundle: &Bundle, condition: &Condition, unit: Option<AttributeId>) -> bool {
    bundle.reachable_conditions(condition, Follow::Segments).all(|condition| match condition {
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) => true,
        Condition::Flag { .. } => false,
        Condition::Test(test) => Some(test.attribute) != unit,
    })
}

/// A context and when it is decided for.
pub(crate) struct SampleContext<'b> {
    pub(crate) context: Context<'b>,
    pub(crate) now: Timestamp,
}

impl<'b> SampleContext<'b> {
    pub(crate) fn empty(bundle: &Bundle) -> Self {
        Self { context: Context::empty(&bundle.attributes), now: Timestamp::UNIX_EPOCH }
    }

    pub(crate) fn set(&mut self, id: AttributeId, value: Value<'b>) {
        match value {
            Value::Time(now) if id == AttributeId::NOW => self.now = now,
            value => self.context.set(id, value),
        }
    }

    pub(crate) fn holds(&self, bundle: &Bundle, condition: &Condition) -> bool {
        holds(bundle, condition, &self.context, self.now) == Truth::True
    }

    pub(crate) fn matches(&self, bundle: &Bundle, rule: &Rule) -> bool {
        rule.rollout != Percent::ZERO && rule.condition.as_ref().is_none_or(|condition| self.holds(bundle, condition))
    }
}

/// Whether a guess satisfies the condition and passes.
pub(crate) fn sample_passes<'b>(
    bundle: &'b Bundle,
    condition: Option<&'b Condition>,
    passes: impl Fn(&SampleContext<'b>) -> bool,
) -> bool {
    let Some(condition) = condition else { return passes(&SampleContext::empty(bundle)) };
    (0..BRANCHES).any(|branch| sample_passes_by(bundle, condition, branch, &passes))
}

pub(crate) fn sample_passes_by<'b>(
    bundle: &'b Bundle,
    condition: &'b Condition,
    branch: usize,
    passes: &impl Fn(&SampleContext<'b>) -> bool,
) -> bool {
    let mut sample = SampleContext::empty(bundle);
    let mut asked: BTreeMap<AttributeId, Vec<(&Condition, &Test, bool)>> = BTreeMap::new();
    gather(bundle, condition, Truth::True, branch, &mut asked);
    let mut choices = Vec::with_capacity(asked.len());
    // Values that it keeps of other attributes are nothing to a test of this one.
    let mut alone = SampleContext::empty(bundle);
    for (id, tests) in &asked {
        let mut values = sample_values(bundle, *id, tests.iter().map(|(_, test, wanted)| (*test, *wanted)));
        values.retain(|value| {
            alone.set(*id, value.clone());
            tests.iter().all(|(condition, _, wanted)| {
                let truth = if *wanted { Truth::True } else { Truth::False };
                holds(bundle, condition, &alone.context, alone.now) == truth
            })
        });
        values.truncate(TRIED);
        let Some(first) = values.first() else { return false };
        sample.set(*id, first.clone());
        choices.push((*id, values));
    }
    let fits = |sample: &SampleContext<'b>| sample.holds(bundle, condition) && passes(sample);
    if fits(&sample) {
        return true;
    }
    choices.iter().any(|(id, values)| {
        let other = values.iter().skip(1).any(|value| {
            sample.set(*id, value.clone());
            fits(&sample)
        });
        values.iter().take(1).for_each(|first| sample.set(*id, first.clone()));
        other
    })
}

/// Tests that make the condition so when they come out as wanted; of alternatives the one at that place, or the
/// last.
fn gather<'b>(
    bundle: &'b Bundle,
    condition: &'b Condition,
    wanted: Truth,
    branch: usize,
    asked: &mut BTreeMap<AttributeId, Vec<(&'b Condition, &'b Test, bool)>>,
) {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => {
            let needed = match matches!(condition, Condition::All(_)) == (wanted == Truth::True) {
                true => inner.as_ref(),
                false => inner.get(branch..=branch).or(inner.last().map(std::slice::from_ref)).unwrap_or_default(),
            };
            needed.iter().for_each(|inner| gather(bundle, inner, wanted, branch, asked));
        }
        Condition::Not(inner) => gather(bundle, inner, wanted.not(), branch, asked),
        Condition::Segment(id) => gather(bundle, &bundle.segment_at(*id).condition, wanted, branch, asked),
        Condition::Flag { .. } => {}
        Condition::Test(test) => {
            asked.entry(test.attribute).or_default().push((condition, test, wanted == Truth::True));
        }
    }
}
