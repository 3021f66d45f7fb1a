//! Builds a concrete context for an assignment and one cell of buckets.
//!
//! Takes the assignment, the cell and everything that the evaluator must confirm. Chooses a value for each attribute, and
//! tries numbered units until one falls into the cell's buckets. Then it removes the attributes that make no difference.
//!
//! **Invariant:** the evaluator confirms every context that is given, for every flag and every condition of the question.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::analyze::encoding::domain::{AttributeDomain, DomainEncoding};
use crate::analyze::encoding::encoded::{EncodedCondition, WantedTruth};
use crate::analyze::encoding::text_domain::TextDomain;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::decided_by::{DecidedBy, decided_by};
use crate::analyze::results::term::TermSubject;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{BucketCell, Query, StateHandling};
use crate::analyze::search::context_search::{Assignment, Search};
use crate::analyze::side::Side;
use crate::bundle::{Bucket, Bundle, Condition, Flag, NOW, State, VariantId};
use crate::eval::{Context, Truth, decide, holds};

/// What the evaluator must say of the context.
struct ExpectedDecisions<'e, 'b> {
    bundles: &'e [(Side, &'b Bundle)],
    conditions: Vec<(Side, &'b Condition, WantedTruth, bool)>,
    decisions: Vec<(Side, Flag, VariantId, DecidedBy)>,
}

/// The context of the model with a unit that falls in the leaf's buckets; none where none was found.
pub(crate) fn find_witness<'b>(
    search: &mut Search<'b>,
    assignment: &Assignment,
    cell: &BucketCell,
    queries: &[Query<'b>],
    targets: &[(usize, StateHandling)],
    conditions: &[&EncodedCondition<'b>],
) -> Result<Option<Witness>, AnalysisError> {
    let mut context = Map::new();
    let mut now = Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH);
    for at in 0..search.encoder.domains.len() {
        let Some(value) = value(search, assignment, cell, at)? else { return Ok(None) };
        let Some(domain) = search.encoder.domains.get(at) else { continue };
        match value {
            Json::String(moment) if domain.name == NOW => now = moment.parse().unwrap_or(now),
            _ if domain.name == NOW => {}
            Json::Null => {}
            value if !search.retyped.contains(&domain.name) => drop(context.insert(domain.name.clone(), value)),
            // Of the two types of the attribute, the value is of the one that it is usable for, if of any.
            value if assignment.model.holds(domain.typed) => drop(context.insert(domain.name.clone(), value)),
            _ => drop(context.entry(&domain.name).or_insert_with(|| Json::Object(Map::new()))),
        }
    }
    let expected = ExpectedDecisions::new(search, assignment, cell, queries, targets, conditions);
    if let Some(difference) = expected.difference(&context, now) {
        if assignment.certainty == Certainty::Possible || !search.retyped.is_empty() {
            return Ok(None);
        }
        let context = Json::Object(context);
        return Err(AnalysisError::Disagreement(format!("for {context} at {now} {difference}")));
    }
    let unit = |name: &String| {
        queries.iter().any(|query| match &query.subject {
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
    search: &mut Search<'_>,
    assignment: &Assignment,
    cell: &BucketCell,
    at: usize,
) -> Result<Option<Json>, AnalysisError> {
    let dimensions = search.encoder.dimensions.iter().zip(&cell.ranges);
    let wanted: Vec<_> = dimensions
        .filter(|(dimension, range)| dimension.domain == at && **range != (0, crate::bundle::BUCKETS))
        .map(|(dimension, range)| (dimension.hash.bucketer.clone(), dimension.hash.domain, *range))
        .collect();
    let Some(domain) = search.encoder.domains.get(at) else { return Ok(None) };
    let text = assignment.texts.get(at).and_then(Option::as_deref);
    let open = text.zip(signs(domain, assignment));
    let (Some((text, (text_domain, signs))), false) = (open, wanted.is_empty()) else {
        return Ok(Some(domain.value(&assignment.model, text).unwrap_or(Json::Null)));
    };
    let fits = |unit: &str| {
        let within = |bucket: Bucket, (from, to): (Bucket, Bucket)| (from..to).contains(&bucket);
        wanted.iter().all(|(bucketer, domain, range)| within(bucketer.bucket(*domain, unit), *range))
    };
    let sound = |unit: &str| !text_domain.texts.excludes(unit) && text_domain.texts.has_signs(unit, &signs);
    let numbered = |place: usize, number: u64| {
        let (before, after) = text.split_at_checked(place)?;
        Some(format!("{before}{number}{after}"))
    };
    let places = (0..=text.len()).filter(|place| text.is_char_boundary(*place));
    let plain = text_domain.texts.patterns().is_empty();
    let keeps = |place: &usize| [1, 23, 456].into_iter().all(|n| numbered(*place, n).is_some_and(|unit| sound(&unit)));
    let place = if plain { None } else { places.rev().find(keeps) };
    if fits(text) && sound(text) && !plain {
        return Ok(Some(Json::from(text)));
    }
    if !plain && place.is_none() {
        return Ok(None);
    }
    for number in 1..=search.budget.units_per_witness {
        let unit = match place {
            None => Some(format!("u{number}")),
            Some(place) => numbered(place, number),
        };
        if let Some(unit) = unit.filter(|unit| fits(unit) && sound(unit)) {
            search.budget.units = search.budget.units.saturating_sub(number);
            return Ok(Some(Json::from(unit)));
        }
    }
    search.budget.units =
        search.budget.units.checked_sub(search.budget.units_per_witness).ok_or(AnalysisError::Exhausted)?;
    Ok(None)
}

fn signs<'d>(domain: &'d AttributeDomain, assignment: &Assignment) -> Option<(&'d TextDomain, Vec<bool>)> {
    let DomainEncoding::Text(text_domain) = &domain.encoding else { return None };
    Some((text_domain, text_domain.signs.iter().map(|sign| assignment.model.holds(*sign)).collect()))
}

impl<'e, 'b> ExpectedDecisions<'e, 'b> {
    fn new(
        search: &'e Search<'b>,
        assignment: &Assignment,
        cell: &BucketCell,
        queries: &[Query<'b>],
        targets: &[(usize, StateHandling)],
        conditions: &[&EncodedCondition<'b>],
    ) -> Self {
        let asked = queries.iter().filter_map(|query| {
            let (condition, want) = query.condition?;
            Some((query.side, condition, want, assignment.model.holds(query.literal)))
        });
        let held = conditions.iter().zip(&cell.conditions);
        let held = held.map(|(node, held)| (node.side, node.condition, node.want, *held));
        let decided = targets.iter().zip(&cell.decisions).filter_map(|((target, handling), (variant, place))| {
            let encoded = search.encoder.flags.get(*target)?;
            let mut flag = encoded.flag.clone();
            if *handling == StateHandling::Ignore {
                flag.state = State::Enabled;
            }
            Some((encoded.side, flag, *variant, *place))
        });
        Self { bundles: &search.encoder.bundles, conditions: asked.chain(held).collect(), decisions: decided.collect() }
    }

    fn agrees(&self, context: &Map<String, Json>, now: Timestamp) -> bool {
        self.difference(context, now).is_none()
    }

    /// The first thing that the evaluator says otherwise.
    fn difference(&self, context: &Map<String, Json>, now: Timestamp) -> Option<String> {
        let json = Json::Object(context.clone());
        self.bundles.iter().find_map(|(side, bundle)| {
            let context = match Context::from_json(&bundle.attributes, &json) {
                Ok(parsed) => parsed.context,
                Err(error) => return Some(error.to_string()),
            };
            let mut conditions = self.conditions.iter().filter(|(other, ..)| other == side);
            let mut decisions = self.decisions.iter().filter(|(other, ..)| other == side);
            let condition = conditions.find_map(|(_, condition, want, held)| {
                let wanted = if *want == WantedTruth::True { Truth::True } else { Truth::False };
                let found = holds(bundle, condition, &context, now);
                ((found == wanted) != *held).then(|| format!("{} is {found:?}", bundle.describe(condition)))
            });
            condition.or_else(|| {
                decisions.find_map(|(_, flag, variant, place)| {
                    let decision = decide(bundle, flag, &context, now);
                    let (served, found) = (&decision.variant.name, decided_by(&decision));
                    let same = std::ptr::eq(decision.variant, flag.variant(*variant)) && found == *place;
                    let wanted = &flag.variant(*variant).name;
                    (!same).then(|| format!("{} serves {served} by {found:?}, not {wanted} by {place:?}", flag.key))
                })
            })
        })
    }
}
