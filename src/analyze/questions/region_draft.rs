//! Regions as the search finds them, and how neighbouring regions are merged.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::region::{Bounds, Effect};
use crate::analyze::results::share::Share;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::Query;
use crate::bundle::VariantId;

/// A region, in the terms of the search.
pub(crate) struct RegionDraft<'b> {
    pub(crate) queries: Vec<Query<'b>>,
    pub(crate) signs: Vec<bool>,
    /// Classes of units, where the region is one of named units.
    pub(crate) classes: BTreeSet<(usize, usize)>,
    pub(crate) summary: RegionSummary,
    pub(crate) witness: Option<Witness>,
    pub(crate) certainty: Certainty,
}

/// What is said of a region besides which contexts are in it.
#[derive(PartialEq)]
pub(crate) struct RegionSummary {
    pub(crate) before: BTreeSet<DecidedBy>,
    pub(crate) after: BTreeSet<DecidedBy>,
    pub(crate) shares: BTreeMap<(VariantId, VariantId), Share>,
    pub(crate) effects: BTreeSet<Effect>,
    pub(crate) bounds: Option<Bounds>,
    pub(crate) named: BTreeSet<usize>,
}

/// Joins regions that differ in the sign of one question alone, or in the named units alone.
pub(crate) fn merge(drafts: &mut Vec<RegionDraft<'_>>) {
    let mut joined = true;
    while joined {
        joined = false;
        let mut at = 0;
        while at < drafts.len() {
            let (done, rest) = drafts.split_at_mut(at);
            let Some(draft) = rest.first() else { break };
            if done.iter_mut().any(|earlier| join(earlier, draft)) {
                drafts.remove(at);
                joined = true;
            } else {
                at += 1;
            }
        }
    }
}

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
        }
        return same;
    }
    let mut other = ours.iter().filter(|(var, sign)| theirs.get(var) != Some(sign)).map(|(var, _)| *var);
    let (Some(var), None, true) = (other.next(), other.next(), ours.keys().eq(theirs.keys())) else { return false };
    let Some(at) = into.queries.iter().position(|query| query.literal.var().idx() == var) else { return false };
    into.queries.remove(at);
    into.signs.remove(at);
    true
}
