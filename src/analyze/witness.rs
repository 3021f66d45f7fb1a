//! Contexts that show what was found.
//!
//! Takes a model and a leaf of what it decides; gives a context that the evaluator itself has decided so.
//!
//! **Invariant:** nothing is given that the evaluator does not confirm, for every flag and every condition asked.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::analyze::bucket_partition::{Leaf, Query, StateHandling};
use crate::analyze::domain::{Domain, Form};
use crate::analyze::encode::{Node, Want};
use crate::analyze::region::{DecidedBy, TermSubject, Witness};
use crate::analyze::search::{Assignment, Certainty, Engine};
use crate::analyze::{AnalysisError, Side};
use crate::bundle::{Bucket, Bundle, Condition, Flag, NOW, State, VariantId};
use crate::eval::{Cause, Context, Decision, Reason, Truth, decide, holds};

/// What the evaluator must say of the context.
struct Expected<'e, 'b> {
    bundles: &'e [(Side, &'b Bundle)],
    conditions: Vec<(Side, &'b Condition, Want, bool)>,
    decisions: Vec<(Side, Flag, VariantId, DecidedBy)>,
}

/// The context of the model with a unit that falls in the leaf's buckets; none where none was found.
pub(super) fn find<'b>(
    engine: &mut Engine<'b>,
    instance: &Assignment,
    leaf: &Leaf,
    asks: &[Query<'b>],
    targets: &[(usize, StateHandling)],
    conditions: &[&Node<'b>],
) -> Result<Option<Witness>, AnalysisError> {
    let mut context = Map::new();
    let mut now = Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH);
    for at in 0..engine.lowering.domains.len() {
        let Some(value) = value(engine, instance, leaf, at)? else { return Ok(None) };
        let Some(domain) = engine.lowering.domains.get(at) else { continue };
        match value {
            Json::String(moment) if domain.name == NOW => now = moment.parse().unwrap_or(now),
            _ if domain.name == NOW => {}
            Json::Null => {}
            value if !engine.retyped.contains(&domain.name) => drop(context.insert(domain.name.clone(), value)),
            // Of the two types of the attribute, the value is of the one that it is usable for, if of any.
            value if instance.model.holds(domain.typed) => drop(context.insert(domain.name.clone(), value)),
            _ => drop(context.entry(&domain.name).or_insert_with(|| Json::Object(Map::new()))),
        }
    }
    let expected = Expected::new(engine, instance, leaf, asks, targets, conditions);
    if let Some(difference) = expected.difference(&context, now) {
        if instance.certainty == Certainty::Possible || !engine.retyped.is_empty() {
            return Ok(None);
        }
        let context = Json::Object(context);
        return Err(AnalysisError::Disagreement(format!("for {context} at {now} {difference}")));
    }
    let unit = |name: &String| {
        asks.iter().any(|ask| match &ask.subject {
            TermSubject::Unit { attribute } | TermSubject::Named { attribute } => attribute == name,
            _ => false,
        })
    };
    let names: Vec<String> = context.keys().filter(|name| !unit(name)).cloned().collect();
    for name in names {
        let mut fewer = context.clone();
        fewer.remove(&name);
        if expected.agrees(&fewer, now) {
            context = fewer;
        }
    }
    Ok(Some(Witness { context, now }))
}

/// Null where there is no value; none where no unit was found.
fn value(
    engine: &mut Engine<'_>,
    instance: &Assignment,
    leaf: &Leaf,
    at: usize,
) -> Result<Option<Json>, AnalysisError> {
    let dimensions = engine.lowering.dimensions.iter().zip(&leaf.ranges);
    let wanted: Vec<_> = dimensions
        .filter(|(dimension, range)| dimension.domain == at && **range != (0, crate::bundle::BUCKETS))
        .map(|(dimension, range)| (dimension.hash.bucketer.clone(), dimension.hash.domain, *range))
        .collect();
    let Some(domain) = engine.lowering.domains.get(at) else { return Ok(None) };
    let text = instance.texts.get(at).and_then(Option::as_deref);
    let open = text.zip(signs(domain, instance));
    let (Some((text, (form, signs))), false) = (open, wanted.is_empty()) else {
        return Ok(Some(domain.value(&instance.model, text).unwrap_or(Json::Null)));
    };
    let fits = |unit: &str| {
        let within = |bucket: Bucket, (from, to): (Bucket, Bucket)| (from..to).contains(&bucket);
        wanted.iter().all(|(bucketer, domain, range)| within(bucketer.bucket(*domain, unit), *range))
    };
    let sound = |unit: &str| !form.texts.excludes(unit) && form.texts.has_signs(unit, &signs);
    let numbered = |place: usize, number: u64| {
        let (before, after) = text.split_at_checked(place)?;
        Some(format!("{before}{number}{after}"))
    };
    let places = (0..=text.len()).filter(|place| text.is_char_boundary(*place));
    let plain = form.texts.patterns().is_empty();
    let keeps = |place: &usize| [1, 23, 456].into_iter().all(|n| numbered(*place, n).is_some_and(|unit| sound(&unit)));
    let place = if plain { None } else { places.rev().find(keeps) };
    if fits(text) && sound(text) && !plain {
        return Ok(Some(Json::from(text)));
    }
    if !plain && place.is_none() {
        return Ok(None);
    }
    for number in 1..=engine.budget.units_per_witness {
        let unit = match place {
            None => Some(format!("u{number}")),
            Some(place) => numbered(place, number),
        };
        if let Some(unit) = unit.filter(|unit| fits(unit) && sound(unit)) {
            engine.budget.units = engine.budget.units.saturating_sub(number);
            return Ok(Some(Json::from(unit)));
        }
    }
    engine.budget.units =
        engine.budget.units.checked_sub(engine.budget.units_per_witness).ok_or(AnalysisError::Exhausted)?;
    Ok(None)
}

fn signs<'d>(domain: &'d Domain, instance: &Assignment) -> Option<(&'d crate::analyze::domain::Text, Vec<bool>)> {
    let Form::Text(form) = &domain.form else { return None };
    Some((form, form.signs.iter().map(|sign| instance.model.holds(*sign)).collect()))
}

impl<'e, 'b> Expected<'e, 'b> {
    fn new(
        engine: &'e Engine<'b>,
        instance: &Assignment,
        leaf: &Leaf,
        asks: &[Query<'b>],
        targets: &[(usize, StateHandling)],
        conditions: &[&Node<'b>],
    ) -> Self {
        let asked = asks.iter().filter_map(|ask| {
            let (condition, want) = ask.condition?;
            Some((ask.side, condition, want, instance.model.holds(ask.literal)))
        });
        let held = conditions.iter().zip(&leaf.conditions);
        let held = held.map(|(node, held)| (node.side, node.condition, node.want, *held));
        let decided = targets.iter().zip(&leaf.decisions).filter_map(|((target, heed), (variant, place))| {
            let lowered = engine.lowering.flags.get(*target)?;
            let mut flag = lowered.flag.clone();
            if *heed == StateHandling::RulesOnly {
                flag.state = State::Enabled;
            }
            Some((lowered.side, flag, *variant, *place))
        });
        Self {
            bundles: &engine.lowering.bundles,
            conditions: asked.chain(held).collect(),
            decisions: decided.collect(),
        }
    }

    fn agrees(&self, context: &Map<String, Json>, now: Timestamp) -> bool {
        self.difference(context, now).is_none()
    }

    /// The first thing that the evaluator says otherwise.
    fn difference(&self, context: &Map<String, Json>, now: Timestamp) -> Option<String> {
        let json = Json::Object(context.clone());
        self.bundles.iter().find_map(|(side, bundle)| {
            let context = match Context::from_json(&bundle.attributes, &json) {
                Ok((context, _)) => context,
                Err(error) => return Some(error.to_string()),
            };
            let mut conditions = self.conditions.iter().filter(|(other, ..)| other == side);
            let mut decisions = self.decisions.iter().filter(|(other, ..)| other == side);
            let condition = conditions.find_map(|(_, condition, want, held)| {
                let wanted = if *want == Want::True { Truth::True } else { Truth::False };
                let found = holds(bundle, condition, &context, now);
                ((found == wanted) != *held).then(|| format!("{} is {found:?}", bundle.words(condition)))
            });
            condition.or_else(|| {
                decisions.find_map(|(_, flag, variant, place)| {
                    let decision = decide(bundle, flag, &context, now);
                    let (served, found) = (&decision.variant.name, placed(&decision));
                    let same = std::ptr::eq(decision.variant, flag.variant(*variant)) && found == *place;
                    let wanted = &flag.variant(*variant).name;
                    (!same).then(|| format!("{} serves {served} by {found:?}, not {wanted} by {place:?}", flag.key))
                })
            })
        })
    }
}

/// The place that decided.
pub(super) fn placed(decision: &Decision<'_>) -> DecidedBy {
    match (decision.reason, decision.rule) {
        (Reason::Disabled(Cause::Kill), _) => DecidedBy::Killed,
        (Reason::Disabled(Cause::Disabled), _) => DecidedBy::Disabled,
        (Reason::Disabled(Cause::Prerequisite(at)), _) => DecidedBy::Prerequisite(at),
        (_, Some(at)) => DecidedBy::Rule(at),
        (_, None) => DecidedBy::Default,
    }
}
