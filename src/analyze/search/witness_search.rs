//! Builds a concrete context for an assignment and one cell of buckets.
//!
//! The input is the assignment, the cell and the results that the evaluator must confirm. The search chooses a value
//! for each attribute, and tries units that have the assignment's answers until one falls into the cell's buckets. Then it
//! removes the attributes that do not affect the results.
//!
//! **Invariant:** the evaluator confirms every returned context, for every flag and every condition of the question.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::{EncodedCondition, WantedTruth};
use crate::analyze::error::{AnalysisError, Excess};
use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::decided_by::{DecidedBy, decided_by};
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{BucketCell, QueriedFact, Query, StateHandling};
use crate::analyze::search::context_search::{Assignment, Search, UnitKey};
use crate::analyze::side::Side;
use crate::bundle::{BUCKETS, Bucket, Bundle, Condition, Flag, NOW, State, VariantId};
use crate::eval::{Context, Truth, decide, holds};

/// A unit is not searched if more tries than this are expected until one is found.
const MAX_EXPECTED_TRIES: f64 = 2_000_000.0;

/// The results that the evaluator must confirm for the context.
struct ExpectedDecisions<'e, 'b> {
    bundles: &'e [(Side, &'b Bundle)],
    /// Conditions with a wanted truth value, and whether they must have it.
    conditions: Vec<(Side, &'b Condition, WantedTruth, bool)>,
    decisions: Vec<(Side, Flag, VariantId, DecidedBy)>,
}

/// Builds a context for the assignment with units that fall into the cell. Returns `None` if no such unit was found, or
/// if the evaluator does not confirm an assignment whose certainty is only "possible".
///
/// # Errors
/// Returns [`AnalysisError::Exhausted`] if the budget of units is exceeded, and [`AnalysisError::Disagreement`] if the
/// evaluator does not confirm an assignment that is certain.
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
    for index in 0..search.encoder.domains.len() {
        let Some(value) = value(search, assignment, cell, index)? else { return Ok(None) };
        let Some(domain) = search.encoder.domains.get(index) else { continue };
        match value {
            Json::String(time) if domain.name == NOW => now = time.parse().unwrap_or(now),
            _ if domain.name == NOW => {}
            Json::Null => {}
            value if !search.retyped.contains(&domain.name) => drop(context.insert(domain.name.clone(), value)),
            // If the attribute has two types, the value has the type that the model chose, if it chose a type.
            value if assignment.model.holds(domain.typed) => drop(context.insert(domain.name.clone(), value)),
            _ => drop(context.entry(&domain.name).or_insert_with(|| Json::Object(Map::new()))),
        }
    }
    let expected = ExpectedDecisions::new(search, assignment, cell, queries, targets, conditions);
    if let Some(difference) = expected.difference(&context, now) {
        if assignment.certainty == Certainty::Possible {
            return Ok(None);
        }
        let context = Json::Object(context);
        return Err(AnalysisError::Disagreement(format!("for {context} at {now} {difference}")));
    }
    let is_unit = |name: &String| queries.iter().any(|query| query.unit() == Some(name.as_str()));
    // Attributes that do not affect the results are removed, because a short witness is easier to read.
    let names: Vec<String> = context.keys().filter(|name| !is_unit(name)).cloned().collect();
    for name in names {
        let mut fewer = context.clone();
        fewer.remove(&name);
        if expected.agrees(&fewer, now) {
            context = fewer;
        }
    }
    Ok(Some(Witness { context, now }))
}

/// Returns the value of the domain with this index, or null if the attribute is absent. Returns `None` if no unit was
/// found.
fn value(
    search: &mut Search<'_>,
    assignment: &Assignment,
    cell: &BucketCell,
    index: usize,
) -> Result<Option<Json>, AnalysisError> {
    let dimensions = search.encoder.dimensions.iter().zip(&cell.ranges);
    let wanted: Vec<_> = dimensions
        .filter(|(dimension, _)| dimension.domain == index)
        .map(|(dimension, range)| (dimension.hash.bucketer.clone(), dimension.hash.domain, *range))
        .collect();
    let any_unit_fits = wanted.iter().all(|(_, _, range)| *range == (0, BUCKETS));
    let Some(domain) = search.encoder.domains.get_mut(index) else { return Ok(None) };
    let text = assignment.texts.get(index).and_then(Option::as_deref);
    let (Some(_), DomainEncoding::Text(text_domain), false) = (text, &mut domain.encoding, any_unit_fits) else {
        return Ok(Some(domain.value(&assignment.model, text).unwrap_or(Json::Null)));
    };
    let share = |(from, to): (Bucket, Bucket)| f64::from(to - from) / f64::from(BUCKETS);
    if wanted.iter().fold(MAX_EXPECTED_TRIES, |tries, (_, _, range)| tries * share(*range)) < 1.0 {
        return Ok(None);
    }
    let other_type = text_domain.other_type.as_ref();
    let piece = other_type.and_then(|other| other.wanted(&assignment.model));
    let key = UnitKey {
        domain: index,
        signs: text_domain.signs.iter().map(|sign| assignment.model.holds(*sign)).collect(),
        piece,
        ranges: wanted.iter().map(|(_, _, range)| *range).collect(),
    };
    if let Some(known) = search.units.get(&key) {
        return Ok(known.clone().map(Json::from));
    }
    let fits = |unit: &str| {
        let is_in_range = |bucket: Bucket, (from, to): (Bucket, Bucket)| (from..to).contains(&bucket);
        wanted.iter().all(|(bucketer, domain, range)| is_in_range(bucketer.bucket(*domain, unit), *range))
            && other_type.is_none_or(|other| other.piece_of(unit) == piece)
    };
    let mut tries = search.budget.units_per_witness;
    let states = &mut search.budget.automaton_states;
    let unit = text_domain.texts.find_unit(&key.signs, piece.map(|_| true), fits, &mut tries, states)?;
    let tried = search.budget.units_per_witness - tries;
    let rest = search.budget.units.checked_sub(tried);
    search.budget.units = rest
        .or(unit.is_some().then_some(0))
        .ok_or_else(|| AnalysisError::Exhausted(Excess::Units(domain.name.clone())))?;
    search.units.insert(key, unit.clone());
    Ok(unit.map(Json::from))
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
            let QueriedFact::Condition(condition, want) = query.fact else { return None };
            Some((query.side, condition, want, assignment.model.holds(query.literal)))
        });
        let held = conditions.iter().zip(&cell.conditions);
        let held = held.map(|(encoded, held)| (encoded.side, encoded.condition, encoded.want, *held));
        let decided = targets.iter().zip(&cell.decisions).filter_map(|((target, handling), (variant, decided_by))| {
            let encoded = search.encoder.flags.get(*target)?;
            let mut flag = encoded.flag.clone();
            if *handling == StateHandling::Ignore {
                flag.state = State::Enabled;
            }
            Some((encoded.side, flag, *variant, *decided_by))
        });
        Self { bundles: &search.encoder.bundles, conditions: asked.chain(held).collect(), decisions: decided.collect() }
    }

    fn agrees(&self, context: &Map<String, Json>, now: Timestamp) -> bool {
        self.difference(context, now).is_none()
    }

    /// Returns the first result of the evaluator that is not as expected.
    fn difference(&self, context: &Map<String, Json>, now: Timestamp) -> Option<String> {
        let json = Json::Object(context.clone());
        self.bundles.iter().find_map(|(side, bundle)| {
            let context = match Context::from_json(&bundle.attributes, &json) {
                Ok(parsed) => parsed.context,
                Err(error) => return Some(error.to_string()),
            };
            let mut conditions = self.conditions.iter().filter(|(expected_side, ..)| expected_side == side);
            let mut decisions = self.decisions.iter().filter(|(expected_side, ..)| expected_side == side);
            let condition = conditions.find_map(|(_, condition, want, held)| {
                let wanted = if *want == WantedTruth::True { Truth::True } else { Truth::False };
                let found = holds(bundle, condition, &context, now);
                ((found == wanted) != *held).then(|| format!("{} is {found:?}", bundle.summarize(condition)))
            });
            condition.or_else(|| {
                decisions.find_map(|(_, flag, variant, expected)| {
                    let decision = decide(bundle, flag, &context, now);
                    let (served, found) = (&decision.variant.name, decided_by(&decision));
                    let same = std::ptr::eq(decision.variant, flag.variant(*variant)) && found == *expected;
                    let wanted = &flag.variant(*variant).name;
                    (!same).then(|| format!("{} serves {served} by {found:?}, not {wanted} by {expected:?}", flag.key))
                })
            })
        })
    }
}
