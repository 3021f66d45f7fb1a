//! Whether a unit can have had a variant.
//!
//! If an exposure has every attribute that the flag uses, the evaluator decides it again. Otherwise, the analysis asks
//! whether the flag ever serves the variant to a context with the attributes that the exposure has. Most exposures differ in
//! their unit only, and most flags use a unit only through its buckets, so the answers are remembered by what the unit's
//! buckets mean to the rules.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use crate::bundle::{AttributeId, Bundle, Condition, Flag, Follow, HashDomain, Walk};
use crate::eval::{Context, Value, decide};
use crate::exposures::possibility::Possibility;
use crate::exposures::questions::{Question, Questions};

/// How far the clock of the application may differ from the time of the decision.
pub(super) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What the decisions of a flag depend on.
pub(super) struct Inputs {
    /// The attributes that conditions use, of the flag and of all flags that it depends on.
    tested: BTreeSet<AttributeId>,
    /// The attributes that the flag hashes.
    units: BTreeSet<AttributeId>,
    /// Whether other flags take part, whose buckets differ.
    has_other_flags: bool,
}

/// An exposure, with its attributes as far as they are known.
pub(super) struct Observed<'o> {
    pub(super) variant: &'o str,
    pub(super) unit: &'o str,
    pub(super) attributes: Option<&'o Json>,
    pub(super) at: Timestamp,
}

impl Inputs {
    /// Returns what the decisions of a flag depend on, or `None` if the bundle does not have it.
    pub(super) fn new(bundle: &Bundle, key: &str) -> Option<Self> {
        let id = bundle.flags.find(key)?;
        let mut walk = Walk::new(bundle, Follow::SegmentsAndFlags);
        walk.add_flag(id);
        let mut tested = BTreeSet::new();
        for condition in walk.by_ref() {
            if let Condition::Test(test) = condition {
                tested.insert(test.attribute);
            }
        }
        let has_other_flags = walk.flags().len() > 1;
        let hashed = walk.flags().iter().flat_map(|id| bundle.flag_at(*id).hashed_units());
        let units = hashed.chain(bundle.flag_at(id).units()).collect();
        Some(Self { tested, units, has_other_flags })
    }

    /// Returns whether a unit can have had a variant. `definition` is a number that tells apart definitions of the flag.
    pub(super) fn judge(
        &self,
        (bundle, definition): (&Bundle, u64),
        key: &str,
        observed: &Observed<'_>,
        questions: &mut Questions,
    ) -> Possibility {
        let Some(flag) = bundle.flag(key) else { return Possibility::Unknown };
        let mut last = Possibility::Unknown;
        // The exposure does not say which attribute its unit is, if the rules hash several.
        for unit in flag.units() {
            last = self.judge_as((bundle, definition), flag, unit, observed, questions);
            if !matches!(last, Possibility::Impossible(_)) {
                break;
            }
        }
        last
    }

    fn judge_as(
        &self,
        (bundle, definition): (&Bundle, u64),
        flag: &Flag,
        unit: AttributeId,
        observed: &Observed<'_>,
        questions: &mut Questions,
    ) -> Possibility {
        let empty = Json::Object(Map::new());
        let json = observed.attributes.unwrap_or(&empty);
        let Ok(parsed) = Context::from_json(&bundle.attributes, json) else { return Possibility::Unknown };
        let mut context = parsed.context;
        if !matches!(context.value(unit), Value::Absent)
            && !matches!(context.value(unit), Value::Text(text) if text == observed.unit)
        {
            // The context has another value of this attribute, so the unit is another attribute.
            return Possibility::Impossible(None);
        }
        context.set(unit, Value::Text(observed.unit.into()));
        let is_known = |id: &AttributeId| *id == AttributeId::NOW || !matches!(context.value(*id), Value::Absent);
        if self.tested.iter().chain(&self.units).all(is_known) {
            return self.decided(bundle, flag, &context, observed);
        }
        let known: Vec<AttributeId> =
            self.tested.iter().chain([&unit]).copied().filter(|id| *id != AttributeId::NOW && is_known(id)).collect();
        let variant = observed.variant;
        let question = Question { definition, bundle, flag, variant, context: &context, known: &known, unit };
        let shared = !self.has_other_flags && self.units.len() == 1 && !self.tested.contains(&unit);
        let class = shared.then(|| class(flag, observed.unit));
        questions.ask(&question, class.as_deref())
    }

    /// Decides a context again. A decision that depends on the time may have been made a little earlier or later.
    fn decided(&self, bundle: &Bundle, flag: &Flag, context: &Context<'_>, observed: &Observed<'_>) -> Possibility {
        let decided = |now| decide(bundle, flag, context, now).variant.name.as_ref();
        let first = decided(observed.at);
        if first == observed.variant {
            return Possibility::Possible;
        }
        if self.tested.contains(&AttributeId::NOW) {
            let near = [observed.at.checked_sub(CLOCK_TOLERANCE), observed.at.checked_add(CLOCK_TOLERANCE)];
            if near.into_iter().flatten().any(|now| decided(now) == observed.variant) {
                return Possibility::Possible;
            }
        }
        Possibility::Impossible(Some(first.to_owned()))
    }
}

/// Returns what the buckets of a unit mean to the rules of a flag: whether each slot and rollout admits it, and which variant each
/// split gives it. Units of one class are decided equally, unless a condition tests the unit.
fn class(flag: &Flag, unit: &str) -> Vec<u16> {
    let rollout = flag.bucketer.bucket(HashDomain::Rollout, unit);
    let split = flag.bucketer.bucket(HashDomain::Split, unit);
    let admitted = u16::from(rollout < flag.state.admits().buckets());
    let of_rules = flag.rules.iter().flat_map(|rule| {
        let variant = rule.serve.ranges().find(|(range, _)| range.contains(&split)).map_or(0, |(_, id)| id.0);
        let in_slot = rule.partial_slot().is_none_or(|slot| slot.contains(slot.bucket(unit)));
        [u16::from(in_slot), u16::from(rollout < rule.rollout.buckets()), variant]
    });
    std::iter::once(admitted).chain(of_rules).collect()
}
