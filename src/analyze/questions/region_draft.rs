//! Regions before they are described, and the merge of neighbouring regions.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::region::{Bounds, Effect};
use crate::analyze::results::share::Share;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::Query;
use crate::bundle::VariantId;

/// A region before it is described.
#[derive(Clone)]
pub(crate) struct RegionDraft<'b> {
    pub(crate) queries: Vec<Query<'b>>,
    /// For each query, whether its literal is true in the region.
    pub(crate) signs: Vec<bool>,
    /// The classes of named units, by the indices of the domain and of the class. The set is empty for a region of all
    /// units.
    pub(crate) classes: BTreeSet<(usize, usize)>,
    pub(crate) summary: RegionSummary,
    pub(crate) witness: Option<Witness>,
    pub(crate) certainty: Certainty,
}

/// The effects on the units of a region.
#[derive(Clone)]
pub(crate) struct RegionSummary {
    pub(crate) before: BTreeSet<DecidedBy>,
    pub(crate) after: BTreeSet<DecidedBy>,
    pub(crate) shares: BTreeMap<(VariantId, VariantId), Share>,
    pub(crate) effects: BTreeSet<Effect>,
    pub(crate) bounds: Option<Bounds>,
    /// The domains of the units whose buckets divide the region.
    pub(crate) hashed: BTreeSet<usize>,
    /// The domains of the named units.
    pub(crate) named: BTreeSet<usize>,
}

impl RegionSummary {
    /// Returns whether the units of both regions get the same variants in the same shares. The rules that decide can
    /// differ: a rule that changes no share does not split a region.
    fn has_same_shares(&self, other: &Self) -> bool {
        self.shares == other.shares
            && self.effects == other.effects
            && self.bounds == other.bounds
            && self.hashed == other.hashed
            && self.named == other.named
    }
}

/// Merges regions that differ only in the sign of one query, or only in their named units, until no two can be merged.
///
/// Each query is removed from all regions before the next one, so that the order of the regions does not matter.
pub(crate) fn merge(drafts: &mut Vec<RegionDraft<'_>>) {
    let mut before = usize::MAX;
    while drafts.len() < before {
        before = drafts.len();
        merge_over(drafts, None);
        let variables: BTreeSet<u32> = drafts.iter().flat_map(|draft| answers(draft).into_keys()).collect();
        for variable in variables {
            merge_over(drafts, Some(variable));
        }
    }
}

/// Merges regions that differ only in the sign of the query with this variable, or without a variable, only in their
/// named units.
fn merge_over<'b>(drafts: &mut Vec<RegionDraft<'b>>, variable: Option<u32>) {
    let mut kept: Vec<RegionDraft<'b>> = Vec::with_capacity(drafts.len());
    let mut groups: BTreeMap<BTreeMap<u32, bool>, Vec<usize>> = BTreeMap::new();
    for draft in drafts.drain(..) {
        let mut rest = answers(&draft);
        if let Some(variable) = variable {
            rest.remove(&variable);
        }
        let group = groups.entry(rest).or_default();
        let fits = |index: &usize| kept.get(*index).is_some_and(|kept| can_join(kept, &draft, variable));
        let found = group.iter().copied().find(fits);
        match found.and_then(|index| kept.get_mut(index)) {
            Some(into) => join(into, draft, variable),
            None => {
                group.push(kept.len());
                kept.push(draft);
            }
        }
    }
    *drafts = kept;
}

/// Returns the signs of the variables of all queries that are not about named units.
fn answers(draft: &RegionDraft<'_>) -> BTreeMap<u32, bool> {
    let open = draft.queries.iter().zip(&draft.signs).filter(|(query, _)| query.class().is_none());
    open.map(|(query, sign)| (query.literal.var().idx(), *sign == query.literal.sign())).collect()
}

/// Returns whether two regions with the same other answers are one region without the variable.
fn can_join(into: &RegionDraft<'_>, from: &RegionDraft<'_>, variable: Option<u32>) -> bool {
    let differ = match variable {
        None => into.classes != from.classes,
        Some(variable) => {
            let sign = |draft| answers(draft).get(&variable).copied();
            into.classes == from.classes && sign(into).zip(sign(from)).is_some_and(|(into, from)| into != from)
        }
    };
    differ
        && into.summary.has_same_shares(&from.summary)
        && into.certainty == from.certainty
        && into.summary.named.len() <= 1
}

fn join<'b>(into: &mut RegionDraft<'b>, from: RegionDraft<'b>, variable: Option<u32>) {
    let merged = |query: &Query<'_>| query.class().is_none() && Some(query.literal.var().idx()) == variable;
    if let Some(index) = into.queries.iter().position(merged) {
        into.queries.remove(index);
        into.signs.remove(index);
    }
    into.classes.extend(from.classes);
    into.summary.before.extend(from.summary.before);
    into.summary.after.extend(from.summary.after);
    into.witness = into.witness.take().or(from.witness);
}
