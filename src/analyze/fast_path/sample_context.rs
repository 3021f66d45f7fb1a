//! Builds sample contexts from the tests of a condition, and evaluates conditions for them.
//!
//! The input is a condition. This module tries contexts that are likely to satisfy it. For example, for `country: [DE]`
//! and `age: {gte: 18}` it tries the context `{country: DE, age: 18}`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::analyze::fast_path::sample_values::sample_values;
use crate::bundle::{AttributeId, Bundle, Condition, Follow, Percent, Rule, Test};
use crate::eval::{Context, Truth, Value, holds};

/// The maximum number of values that are tried for one attribute.
const MAX_VALUES: usize = 12;
/// The number of alternatives that are tried for a condition that needs only one of several parts.
const BRANCHES: usize = 4;

/// Returns true if a sample satisfies the condition. The result false proves nothing.
pub(crate) fn sample_satisfies(bundle: &Bundle, condition: &Condition) -> bool {
    can_sample(bundle, condition, &BTreeSet::new()) && sample_passes(bundle, Some(condition), |_| true)
}

/// Returns true if the condition does not hold for the empty context. The result false proves nothing.
pub(crate) fn empty_context_fails(bundle: &Bundle, condition: &Condition) -> bool {
    can_sample(bundle, condition, &BTreeSet::new()) && !SampleContext::empty(bundle).holds(bundle, condition)
}

/// Returns whether samples can decide the condition. It must not refer to another flag, and it must not test one of the
/// units, because each unit must be able to fall into any bucket.
pub(crate) fn can_sample(bundle: &Bundle, condition: &Condition, units: &BTreeSet<AttributeId>) -> bool {
    bundle.reachable_conditions(condition, Follow::Segments).all(|condition| match condition {
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) => true,
        Condition::Flag { .. } => false,
        Condition::Test(test) => !units.contains(&test.attribute),
    })
}

/// A context and the time of the decision.
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

    /// Returns whether the rule matches the context, for at least one bucket.
    pub(crate) fn matches(&self, bundle: &Bundle, rule: &Rule) -> bool {
        rule.rollout != Percent::ZERO && rule.condition.as_ref().is_none_or(|condition| self.holds(bundle, condition))
    }
}

/// Returns whether a sample satisfies the condition and `passes`.
pub(crate) fn sample_passes<'b>(
    bundle: &'b Bundle,
    condition: Option<&'b Condition>,
    passes: impl Fn(&SampleContext<'b>) -> bool,
) -> bool {
    let Some(condition) = condition else { return passes(&SampleContext::empty(bundle)) };
    (0..BRANCHES).any(|branch| sample_passes_by(bundle, condition, branch, &passes))
}

/// Does the same as [`sample_passes`] for one choice of alternatives. Each attribute gets a value that satisfies all of
/// its own tests.
fn sample_passes_by<'b>(
    bundle: &'b Bundle,
    condition: &'b Condition,
    branch: usize,
    passes: &impl Fn(&SampleContext<'b>) -> bool,
) -> bool {
    let mut sample = SampleContext::empty(bundle);
    let mut tests_of: BTreeMap<AttributeId, Vec<(&Condition, &Test, bool)>> = BTreeMap::new();
    collect_tests(bundle, condition, Truth::True, branch, &mut tests_of);
    let mut choices = Vec::with_capacity(tests_of.len());
    // The context keeps values of other attributes. A test reads only its own attribute, so they do not matter.
    let mut single = SampleContext::empty(bundle);
    for (id, tests) in &tests_of {
        let mut values = sample_values(bundle, *id, tests.iter().map(|(_, test, wanted)| (*test, *wanted)));
        values.retain(|value| {
            single.set(*id, value.clone());
            tests.iter().all(|(condition, _, wanted)| {
                let truth = if *wanted { Truth::True } else { Truth::False };
                holds(bundle, condition, &single.context, single.now) == truth
            })
        });
        values.truncate(MAX_VALUES);
        let Some(first) = values.first() else { return false };
        sample.set(*id, first.clone());
        choices.push((*id, values));
    }
    let fits = |sample: &SampleContext<'b>| sample.holds(bundle, condition) && passes(sample);
    if fits(&sample) {
        return true;
    }
    choices.iter().any(|(id, values)| {
        let another_fits = values.iter().skip(1).any(|value| {
            sample.set(*id, value.clone());
            fits(&sample)
        });
        values.iter().take(1).for_each(|first| sample.set(*id, first.clone()));
        another_fits
    })
}

/// Collects tests whose wanted results give the condition its wanted truth value. If only one of several conditions is
/// needed, the function takes the one with the index `branch`, or the last one.
fn collect_tests<'b>(
    bundle: &'b Bundle,
    condition: &'b Condition,
    wanted: Truth,
    branch: usize,
    tests_of: &mut BTreeMap<AttributeId, Vec<(&'b Condition, &'b Test, bool)>>,
) {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => {
            let all_are_needed = matches!(condition, Condition::All(_)) == (wanted == Truth::True);
            let needed = if all_are_needed {
                inner.as_ref()
            } else {
                inner.get(branch..=branch).or(inner.last().map(std::slice::from_ref)).unwrap_or_default()
            };
            needed.iter().for_each(|inner| collect_tests(bundle, inner, wanted, branch, tests_of));
        }
        Condition::Not(inner) => collect_tests(bundle, inner, wanted.not(), branch, tests_of),
        Condition::Segment(id) => collect_tests(bundle, &bundle.segment_at(*id).condition, wanted, branch, tests_of),
        Condition::Flag { .. } => {}
        Condition::Test(test) => {
            tests_of.entry(test.attribute).or_default().push((condition, test, wanted == Truth::True));
        }
    }
}
