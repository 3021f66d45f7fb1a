//! What a few guesses show of most flags.
//!
//! Takes a flag or a condition; gives what contexts made of its own operands do, decided by the evaluator.
//!
//! **Invariant:** nothing is said to be impossible here: where no guess fits, there is no answer.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::analyze::guess::candidates;
use crate::bundle::{
    Attribute, AttributeId, Bundle, Condition, Flag, Follow, Percent, Polarity, Predicate, Rule, Serve, Test, Type,
    VariantId,
};
use crate::eval::{Context, Truth, Value, holds};

/// So many values of one attribute are tried.
const TRIED: usize = 12;
/// So many alternatives are tried.
const BRANCHES: usize = 4;

/// All that a flag has to be asked when everything in it is reached.
pub(super) struct QuickReach {
    /// Whether some context gets to the end of the rules.
    pub(super) default: bool,
    /// Whether some context gets the variant, by place.
    pub(super) variants: Vec<bool>,
}

/// None where some rule that is not closed may be out of reach, as far as guesses show.
pub(super) fn glance(bundle: &Bundle, flag: &Flag) -> Option<QuickReach> {
    if !flag.prerequisites.is_empty() {
        return None;
    }
    let hashed = flag.rules.iter().any(partial);
    let any_text = |unit: &Attribute| unit.kind == Type::String && unit.allowed.is_none();
    let limited = !bundle.attributes.get(flag.unit).is_some_and(any_text);
    let conditions = || flag.rules.iter().filter_map(|rule| rule.condition.as_ref());
    if hashed && limited || !conditions().all(|condition| free(bundle, condition, hashed.then_some(flag.unit))) {
        return None;
    }
    let mut variants = vec![false; flag.variants.len()];
    let mut serve = |id: VariantId| variants.get_mut(usize::from(id.0)).map(|slot| *slot = true);
    for (at, rule) in flag.rules.iter().enumerate().filter(|(_, rule)| rule.rollout != Percent::ZERO) {
        let earlier = flag.rules.get(..at).unwrap_or_default();
        // Who falls in no bucket of those before may still fall in one of this rule.
        let passes =
            |moment: &Moment<'_>| earlier.iter().all(|one| one.rollout < rule.rollout || !moment.matches(bundle, one));
        if !guessed(bundle, rule.condition.as_ref(), passes) {
            return None;
        }
        rule.serve.variants().try_for_each(&mut serve)?;
        if matches!(rule.serve, Serve::Split(_)) && rule.rollout == Percent::ALL {
            serve(flag.off)?;
        }
    }
    let whole = |rule: &&Rule| rule.rollout == Percent::ALL;
    let default = if flag.rules.iter().filter(whole).any(|rule| rule.condition.is_none()) {
        false
    } else {
        let nobody = Moment::empty(bundle);
        if flag.rules.iter().filter(whole).any(|rule| nobody.matches(bundle, rule)) {
            return None;
        }
        serve(flag.default)?;
        true
    };
    Some(QuickReach { default, variants })
}

/// Whether the condition surely holds for someone.
pub(super) fn holds_for_someone(bundle: &Bundle, condition: &Condition) -> bool {
    free(bundle, condition, None) && guessed(bundle, Some(condition), |_| true)
}

/// Whether the condition surely does not hold for everyone.
pub(super) fn fails_for_someone(bundle: &Bundle, condition: &Condition) -> bool {
    free(bundle, condition, None) && !Moment::empty(bundle).holds(bundle, condition)
}

fn partial(rule: &Rule) -> bool {
    !matches!(rule.rollout, Percent::ZERO | Percent::ALL) || matches!(rule.serve, Serve::Split(_))
}

/// Whether the condition asks for no other flag, nor for the attribute.
fn free(bundle: &Bundle, condition: &Condition, unit: Option<AttributeId>) -> bool {
    bundle.reachable_conditions(condition, Follow::Segments).all(|condition| match condition {
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) => true,
        Condition::Flag { .. } => false,
        Condition::Test(test) => Some(test.attribute) != unit,
    })
}

/// A context and when it is decided for.
struct Moment<'b> {
    context: Context<'b>,
    now: Timestamp,
}

impl<'b> Moment<'b> {
    fn empty(bundle: &Bundle) -> Self {
        Self { context: Context::empty(&bundle.attributes), now: Timestamp::UNIX_EPOCH }
    }

    fn set(&mut self, id: AttributeId, value: Value<'b>) {
        match value {
            Value::Time(now) if id == AttributeId::NOW => self.now = now,
            value => self.context.set(id, value),
        }
    }

    fn holds(&self, bundle: &Bundle, condition: &Condition) -> bool {
        holds(bundle, condition, &self.context, self.now) == Truth::True
    }

    fn matches(&self, bundle: &Bundle, rule: &Rule) -> bool {
        rule.rollout != Percent::ZERO && rule.condition.as_ref().is_none_or(|condition| self.holds(bundle, condition))
    }
}

/// Whether a guess satisfies the condition and passes.
fn guessed<'b>(bundle: &'b Bundle, condition: Option<&'b Condition>, passes: impl Fn(&Moment<'b>) -> bool) -> bool {
    let Some(condition) = condition else { return passes(&Moment::empty(bundle)) };
    (0..BRANCHES).any(|branch| guessed_by(bundle, condition, branch, &passes))
}

fn guessed_by<'b>(
    bundle: &'b Bundle,
    condition: &'b Condition,
    branch: usize,
    passes: &impl Fn(&Moment<'b>) -> bool,
) -> bool {
    let mut moment = Moment::empty(bundle);
    let mut asked: BTreeMap<AttributeId, Vec<(&Condition, &Test, bool)>> = BTreeMap::new();
    gather(bundle, condition, Truth::True, branch, &mut asked);
    let mut choices = Vec::with_capacity(asked.len());
    // Values that it keeps of other attributes are nothing to a test of this one.
    let mut alone = Moment::empty(bundle);
    for (id, tests) in &asked {
        let mut values = candidates(bundle, *id, tests.iter().map(|(_, test, wanted)| (*test, *wanted)));
        values.retain(|value| {
            alone.set(*id, value.clone());
            tests.iter().all(|(condition, _, wanted)| {
                let truth = if *wanted { Truth::True } else { Truth::False };
                holds(bundle, condition, &alone.context, alone.now) == truth
            })
        });
        values.truncate(TRIED);
        let Some(first) = values.first() else { return false };
        moment.set(*id, first.clone());
        choices.push((*id, values));
    }
    let fits = |moment: &Moment<'b>| moment.holds(bundle, condition) && passes(moment);
    if fits(&moment) {
        return true;
    }
    choices.iter().any(|(id, values)| {
        let other = values.iter().skip(1).any(|value| {
            moment.set(*id, value.clone());
            fits(&moment)
        });
        values.iter().take(1).for_each(|first| moment.set(*id, first.clone()));
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

/// Whether the test asks that there be no value.
pub(super) fn asks_for_absence(test: &Test, wanted: bool) -> bool {
    matches!(test.predicate, Predicate::Exists) && (test.sign == Polarity::Is) != wanted
}
