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

/// The effects on the units of a region. Two regions with the same summary can be merged.
#[derive(PartialEq)]
pub(crate) struct RegionSummary {
    pub(crate) before: BTreeSet<DecidedBy>,
    pub(crate) after: BTreeSet<DecidedBy>,
    pub(crate) shares: BTreeMap<(VariantId, VariantId), Share>,
    pub(crate) effects: BTreeSet<Effect>,
    pub(crate) bounds: Option<Bounds>,
    /// The domains of the named units.
    pub(crate) named: BTreeSet<usize>,
}

/// Merges regions that differ only in the sign of one query, or only in their named units, until no two can be merged.
pub(crate) fn merge(drafts: &mut Vec<RegionDraft<'_>>) {
    let mut joined = true;
    while joined {
        joined = false;
        let mut index = 0;
        while index < drafts.len() {
            let (earlier, rest) = drafts.split_at_mut(index);
            let Some(draft) = rest.first() else { break };
            if earlier.iter_mut().any(|earlier| join(earlier, draft)) {
                drafts.remove(index);
                joined = true;
            } else {
                index += 1;
            }
        }
    }
}

/// Merges `from` into `into` if they differ in one sign or in their named units. Returns true if the two regions were
/// merged.
fn join<'b>(into: &mut RegionDraft<'b>, from: &RegionDraft<'b>) -> bool {
    if into.summary != from.summary || into.certainty != from.certainty || into.summary.named.len() > 1 {
        return false;
    }
    let answers = |draft: &RegionDraft<'_>| -> BTreeMap<u32, bool> {
        let open = draft.queries.iter().zip(&draft.signs).filter(|(query, _)| query.class.is_none());
        open.map(|(query, sign)| (query.literal.var().idx(), *sign == query.literal.sign())).collect()
    };
    let (ours, theirs) = (answers(into), answers(from));
    if into.classes != from.classes {
        let same = ours == theirs;
        if same {
            into.classes.extend(&from.classes);
            into.witness = into.witness.take().or_else(|| from.witness.clone());
        }
        return same;
    }
    let mut differing = ours.iter().filter(|(var, sign)| theirs.get(var) != Some(sign)).map(|(var, _)| *var);
    let (Some(var), None, true) = (differing.next(), differing.next(), ours.keys().eq(theirs.keys())) else {
        return false;
    };
    let Some(index) = into.queries.iter().position(|query| query.literal.var().idx() == var) else { return false };
    into.queries.remove(index);
    into.signs.remove(index);
    into.witness = into.witness.take().or_else(|| from.witness.clone());
    true
}
