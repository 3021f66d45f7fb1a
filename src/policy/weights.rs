//! The size of a new condition from declared shares of attribute values.
//!
//! The attributes are treated as independent. A value without a weight could be anything, so it counts as one for which
//! the condition holds. The result is therefore an upper bound under independence. The size is not known if a condition
//! tests an attribute without weights.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::analyze::{EvaluatedContext, Region, Share, Side, Term};
use crate::bundle::{Bundle, Condition};
use crate::eval::Context;
use crate::model::AttributeDeclaration;

/// The maximum number of combinations of values.
const COMBINATIONS: usize = 10_000;

/// Returns the share of the contexts that satisfy the condition of a region, or `None` if it is not known.
pub(super) fn size(
    region: &Region,
    bundles: [&Bundle; 2],
    attributes: &[AttributeDeclaration],
    now: Timestamp,
) -> Option<Share> {
    let [before, after] = bundles;
    let terms = region.condition.terms();
    let mut names = BTreeSet::new();
    for term in &terms {
        let bundle = if term.side == Side::Before { before } else { after };
        names.extend(tested(bundle, term)?);
    }
    let declared = |name: &str| {
        let declared = attributes.iter().find(|declared| declared.name.value == name)?;
        (!declared.weights.is_empty()).then_some(declared)
    };
    let mut combinations: Vec<(Map<String, Json>, Share, bool)> = vec![(Map::new(), Share::ALL, false)];
    for name in &names {
        let declared = declared(name)?;
        let mut next = Vec::new();
        for (values, share, has_rest) in &combinations {
            let mut rest = Share::ALL;
            for (value, weight) in &declared.weights {
                let weight = Share::of_buckets(weight.value.buckets());
                rest = rest.saturating_sub(weight).ok()?;
                let mut values = values.clone();
                values.insert(name.clone(), value.value.clone().into());
                next.push((values, share.checked_mul(weight).ok()?, *has_rest));
            }
            next.push((values.clone(), share.checked_mul(rest).ok()?, true));
            if next.len() > COMBINATIONS {
                return None;
            }
        }
        combinations = next;
    }
    let mut total = Share::NONE;
    for (values, share, has_rest) in combinations {
        if has_rest || holds(region, bundles, &values, now)? {
            total = total.checked_add(share).ok()?;
        }
    }
    Some(total)
}

/// Returns the names of the attributes that a term tests, or `None` if the term is about something else.
fn tested(bundle: &Bundle, term: &Term) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for part in term.condition()?.iter() {
        match part {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {}
            Condition::Segment(_) | Condition::Flag { .. } => return None,
            Condition::Test(test) => {
                names.insert(bundle.attributes().name(test.attribute).to_owned());
            }
        }
    }
    Some(names)
}

/// Returns whether the condition holds for a context with these values.
fn holds(region: &Region, bundles: [&Bundle; 2], values: &Map<String, Json>, now: Timestamp) -> Option<bool> {
    let json = nested(values);
    let [before, after] = bundles;
    let [old, new] = [before, after].map(|bundle| Context::from_json(bundle.attributes(), &json).ok());
    let (old, new) = (old?.context, new?.context);
    let old = EvaluatedContext { bundle: before, context: &old };
    let new = EvaluatedContext { bundle: after, context: &new };
    let is_true = |term: &Term| {
        let context = if term.side == Side::Before { old } else { new };
        context.satisfies(term, now)
    };
    Some(region.condition.is_true(&is_true))
}

/// Returns a context with values at the levels that the dots in the names of attributes separate.
fn nested(values: &Map<String, Json>) -> Json {
    let mut levels: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    let mut root = Map::new();
    for (name, value) in values {
        match name.split_once('.') {
            None => drop(root.insert(name.clone(), value.clone())),
            Some((first, rest)) => drop(levels.entry(first).or_default().insert(rest.to_owned(), value.clone())),
        }
    }
    for (name, values) in levels {
        root.insert(name.to_owned(), nested(&values));
    }
    Json::Object(root)
}
