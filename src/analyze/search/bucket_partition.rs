//! Partitions the buckets of all units into cells in which flags decide alike.
//!
//! Takes an assignment of the search, which fixes everything but the buckets. Follows each decision as the evaluator would,
//! and splits the buckets wherever a rollout or a split has a boundary. Gives the cells with their decisions, and the
//! queries: everything that it had to know about the context. For a rollout of 10 % it gives the cells `[0, 10 %)` with
//! `on` and `[10 %, 100 %)` with `off`.
//!
//! **Invariant:** two assignments that give the same answers to all queries have the same cells.

use std::collections::BTreeSet;

use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::{ConditionShape, EncodedCondition, EncodedFlag, EncodedUnit, WantedTruth};
use crate::analyze::error::AnalysisError;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::share::Share;
use crate::analyze::results::term::TermSubject;
use crate::analyze::search::context_search::Search;
use crate::analyze::search::solver::{Literal, Model};
use crate::analyze::side::Side;
use crate::bundle::{BUCKETS, Bucket, Condition, Percent, Serve, State, VariantId};

/// Whether a kill or `enabled: false` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateHandling {
    State,
    RulesOnly,
}

/// Something that was asked of the context.
#[derive(Debug, Clone)]
pub(crate) struct Query<'b> {
    pub(crate) literal: Literal,
    pub(crate) side: Side,
    pub(crate) subject: TermSubject,
    pub(crate) condition: Option<(&'b Condition, WantedTruth)>,
    /// The unit must be one of this class: its domain's place, the class's place.
    pub(crate) class: Option<(usize, usize)>,
}

/// Buckets in which everything is decided alike.
#[derive(Debug, Clone)]
pub(crate) struct BucketCell {
    /// For each dimension, half open.
    pub(crate) ranges: Vec<(Bucket, Bucket)>,
    pub(crate) share: Share,
    pub(crate) decisions: Vec<(VariantId, DecidedBy)>,
    pub(crate) conditions: Vec<bool>,
}

pub(crate) struct BucketPartition<'b> {
    pub(crate) cells: Vec<BucketCell>,
    pub(crate) queries: Vec<Query<'b>>,
    /// Which target's decision depends on which dimension.
    pub(crate) used: BTreeSet<(usize, usize)>,
}

impl BucketPartition<'_> {
    /// Whether each side's decision depends on a hash that the other's does not.
    pub(crate) fn reshuffles(&self) -> bool {
        let of = |target| self.used.iter().filter(move |(other, _)| *other == target).map(|(_, at)| *at);
        let (old, new): (BTreeSet<usize>, BTreeSet<usize>) = (of(0).collect(), of(1).collect());
        old.difference(&new).next().is_some() && new.difference(&old).next().is_some()
    }
}

/// A dimension must be cut at a bucket before the decision can go on.
struct Cut {
    dimension: usize,
    at: Bucket,
}

pub(crate) fn partition_buckets<'b>(
    search: &mut Search<'b>,
    model: &Model,
    targets: &[(usize, StateHandling)],
    conditions: &[&EncodedCondition<'b>],
) -> Result<BucketPartition<'b>, AnalysisError> {
    let mut remaining = search.budget.bucket_cells;
    let mut partitioner = Partitioner {
        search,
        model,
        queries: vec![],
        asked: BTreeSet::new(),
        ranges: vec![],
        target: None,
        used: BTreeSet::new(),
    };
    let mut open = vec![vec![(0, BUCKETS); partitioner.search.encoder.dimensions.len()]];
    let mut cells = Vec::new();
    while let Some(ranges) = open.pop() {
        remaining = remaining.checked_sub(1).ok_or(AnalysisError::Exhausted)?;
        partitioner.ranges = ranges;
        match partitioner.cell(targets, conditions) {
            Ok(cell) => cells.push(cell?),
            Err(Cut { dimension, at }) => {
                let (mut low, mut high) = (partitioner.ranges.clone(), std::mem::take(&mut partitioner.ranges));
                if let (Some(low), Some(high)) = (low.get_mut(dimension), high.get_mut(dimension)) {
                    low.1 = at;
                    high.0 = at;
                }
                open.push(high);
                open.push(low);
            }
        }
    }
    let (queries, used) = (partitioner.queries, partitioner.used);
    search.budget.bucket_cells = remaining;
    Ok(BucketPartition { cells, queries, used })
}

struct Partitioner<'e, 'b> {
    search: &'e Search<'b>,
    model: &'e Model,
    queries: Vec<Query<'b>>,
    asked: BTreeSet<batsat::Var>,
    ranges: Vec<(Bucket, Bucket)>,
    /// Whose decision it is now.
    target: Option<usize>,
    used: BTreeSet<(usize, usize)>,
}

impl<'b> Partitioner<'_, 'b> {
    fn cell(
        &mut self,
        targets: &[(usize, StateHandling)],
        conditions: &[&EncodedCondition<'b>],
    ) -> Result<Result<BucketCell, AnalysisError>, Cut> {
        self.target = None;
        let mut held = Vec::with_capacity(conditions.len());
        for condition in conditions {
            held.push(self.holds(condition, &TermSubject::Condition)?);
        }
        let mut decisions = Vec::with_capacity(targets.len());
        for (at, (target, handling)) in targets.iter().enumerate() {
            self.target = Some(at);
            decisions.push(self.decide(*target, *handling)?);
        }
        let part = |share: Result<Share, AnalysisError>, (from, to): &(Bucket, Bucket)| match to - from {
            BUCKETS => share,
            some => share?.checked_mul(Share::of_buckets(some)),
        };
        let share = self.ranges.iter().fold(Ok(Share::ALL), part);
        Ok(share.map(|share| BucketCell { ranges: self.ranges.clone(), share, decisions, conditions: held }))
    }

    fn decide(&mut self, at: usize, handling: StateHandling) -> Result<(VariantId, DecidedBy), Cut> {
        let search = self.search;
        let Some(encoded) = search.encoder.flags.get(at) else { return Ok((VariantId(0), DecidedBy::Default)) };
        let flag = encoded.flag;
        match (&flag.state, handling) {
            (State::Enabled, _) | (_, StateHandling::RulesOnly) => {}
            (State::Disabled, _) => return Ok((flag.off, DecidedBy::Disabled)),
            (State::Killed { .. }, _) => return Ok((flag.off, DecidedBy::Killed)),
        }
        for (prerequisite, node) in encoded.prerequisites.iter().enumerate() {
            let subject = TermSubject::Prerequisite { flag: flag.key.to_string(), prerequisite };
            if !self.holds(node, &subject)? {
                return Ok((flag.off, DecidedBy::Prerequisite(prerequisite)));
            }
        }
        for (at, rule) in encoded.rules.iter().enumerate() {
            let subject = || TermSubject::Rule { flag: flag.key.to_string(), rule: at };
            if rule.rule.rollout == Percent::ZERO {
                continue;
            }
            if let Some(condition) = &rule.condition
                && !self.holds(condition, &subject())?
            {
                continue;
            }
            let share = rule.rule.rollout;
            if share != Percent::ALL
                && !(self.has_unit(encoded) && self.below(encoded, encoded.gate, share.buckets())?)
            {
                continue;
            }
            let ranges = match &rule.rule.serve {
                Serve::Variant(id) => return Ok((*id, DecidedBy::Rule(at))),
                Serve::Split(ranges) => ranges,
            };
            if !self.has_unit(encoded) {
                return Ok((flag.off, DecidedBy::Rule(at)));
            }
            for (end, id) in ranges {
                if *end >= BUCKETS || *end > 0 && self.below(encoded, encoded.split, *end)? {
                    return Ok((*id, DecidedBy::Rule(at)));
                }
            }
            return Ok((flag.off, DecidedBy::Rule(at)));
        }
        Ok((flag.default, DecidedBy::Default))
    }

    fn holds(&mut self, node: &EncodedCondition<'b>, subject: &TermSubject) -> Result<bool, Cut> {
        match &node.kind {
            ConditionShape::BucketFree => Ok(self.query(node.literal, || Query {
                literal: node.literal,
                side: node.side,
                subject: subject.clone(),
                condition: Some((node.condition, node.want)),
                class: None,
            })),
            ConditionShape::All(inner) => {
                for node in inner {
                    if !self.holds(node, subject)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            ConditionShape::Any(inner) => {
                for node in inner {
                    if self.holds(node, subject)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ConditionShape::FlagServes(flag, variants, want) => {
                let (served, _) = self.decide(*flag, StateHandling::State)?;
                Ok(variants.contains(&served) == (*want == WantedTruth::True))
            }
        }
    }

    fn query(&mut self, literal: Literal, make: impl FnOnce() -> Query<'b>) -> bool {
        let truth = self.search.encoder.solver.truth();
        if literal.var() != truth.var() && self.asked.insert(literal.var()) {
            let query = make();
            self.queries.push(query);
        }
        self.model.holds(literal)
    }

    fn has_unit(&mut self, flag: &EncodedFlag<'b>) -> bool {
        let EncodedUnit { present, .. } = flag.unit;
        let subject = TermSubject::Unit { attribute: self.attribute(flag) };
        self.query(present, || Query { literal: present, side: flag.side, subject, condition: None, class: None })
    }

    fn attribute(&self, flag: &EncodedFlag<'b>) -> String {
        let domain = flag.unit.domain.and_then(|at| self.search.encoder.domains.get(at));
        domain.map(|domain| domain.name.clone()).unwrap_or_default()
    }

    /// Whether the unit's bucket lies below the end. A unit that a condition names is hashed.
    fn below(&mut self, flag: &EncodedFlag<'b>, dimension: Option<usize>, end: Bucket) -> Result<bool, Cut> {
        let search = self.search;
        let Some(at) = dimension else { return Ok(false) };
        let Some(dimension) = search.encoder.dimensions.get(at) else { return Ok(false) };
        let subject = TermSubject::Named { attribute: self.attribute(flag) };
        let query = |literal, class| Query { literal, side: flag.side, subject, condition: None, class };
        self.used.extend(self.target.map(|target| (target, at)));
        let named = flag.unit.named;
        if self.model.holds(named)
            && let Some(DomainEncoding::Text(text)) =
                search.encoder.domains.get(dimension.domain).map(|domain| &domain.encoding)
            && let Some((place, class)) =
                text.classes.iter().enumerate().find(|(_, class)| self.model.holds(class.holds))
        {
            self.query(class.holds, || query(class.holds, Some((dimension.domain, place))));
            let unit = class.members.first().map_or("", String::as_str);
            return Ok(dimension.hash.bucketer.bucket(dimension.hash.domain, unit) < end);
        }
        self.query(named, || query(named, None));
        let (from, to) = self.ranges.get(at).copied().unwrap_or((0, BUCKETS));
        if to <= end {
            Ok(true)
        } else if end <= from {
            Ok(false)
        } else {
            Err(Cut { dimension: at, at: end })
        }
    }
}
