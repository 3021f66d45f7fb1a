//! What some flags do to all units of the contexts that are alike.
//!
//! Takes a model; goes through the decisions as the evaluator would, for every bucket at once, and gives a leaf for
//! each range of buckets with what is decided there, and all that had to be asked of the context on the way.
//!
//! **Invariant:** two models that answer all that was asked alike have the same leaves.

use std::collections::BTreeSet;

use crate::analyze::AnalysisError;
use crate::analyze::Side;
use crate::analyze::domain::Form;
use crate::analyze::encode::{LoweredFlag, Node, NodeKind, Unit, Want};
use crate::analyze::region::{DecidedBy, TermSubject};
use crate::analyze::search::Engine;
use crate::analyze::share::Share;
use crate::analyze::solver::{Literal, Model};
use crate::bundle::{BUCKETS, Bucket, Condition, Percent, Serve, State, VariantId};

/// Whether a kill or `enabled: false` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateHandling {
    State,
    RulesOnly,
}

/// Something that was asked of the context.
#[derive(Debug, Clone)]
pub(super) struct Query<'b> {
    pub(super) literal: Literal,
    pub(super) side: Side,
    pub(super) subject: TermSubject,
    pub(super) condition: Option<(&'b Condition, Want)>,
    /// The unit must be one of this class: its domain's place, the class's place.
    pub(super) class: Option<(usize, usize)>,
}

/// Buckets in which everything is decided alike.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// For each dimension, half open.
    pub(super) ranges: Vec<(Bucket, Bucket)>,
    pub(super) share: Share,
    pub(super) decisions: Vec<(VariantId, DecidedBy)>,
    pub(super) conditions: Vec<bool>,
}

pub(super) struct Tree<'b> {
    pub(super) leaves: Vec<Leaf>,
    pub(super) asks: Vec<Query<'b>>,
    /// Which target's decision depends on which dimension.
    pub(super) used: BTreeSet<(usize, usize)>,
}

/// A dimension must be cut at a bucket before the decision can go on.
struct Cut {
    dimension: usize,
    at: Bucket,
}

pub(super) fn explore<'b>(
    engine: &mut Engine<'b>,
    model: &Model,
    targets: &[(usize, StateHandling)],
    conditions: &[&Node<'b>],
) -> Result<Tree<'b>, AnalysisError> {
    let mut remaining = engine.budget.bucket_cells;
    let mut walk = Walk {
        engine,
        model,
        asks: vec![],
        asked: BTreeSet::new(),
        ranges: vec![],
        target: None,
        used: BTreeSet::new(),
    };
    let mut open = vec![vec![(0, BUCKETS); walk.engine.lowering.dimensions.len()]];
    let mut leaves = Vec::new();
    while let Some(ranges) = open.pop() {
        remaining = remaining.checked_sub(1).ok_or(AnalysisError::Exhausted)?;
        walk.ranges = ranges;
        match walk.leaf(targets, conditions) {
            Ok(leaf) => leaves.push(leaf?),
            Err(Cut { dimension, at }) => {
                let (mut low, mut high) = (walk.ranges.clone(), std::mem::take(&mut walk.ranges));
                if let (Some(low), Some(high)) = (low.get_mut(dimension), high.get_mut(dimension)) {
                    low.1 = at;
                    high.0 = at;
                }
                open.push(high);
                open.push(low);
            }
        }
    }
    let (asks, used) = (walk.asks, walk.used);
    engine.budget.bucket_cells = remaining;
    Ok(Tree { leaves, asks, used })
}

struct Walk<'e, 'b> {
    engine: &'e Engine<'b>,
    model: &'e Model,
    asks: Vec<Query<'b>>,
    asked: BTreeSet<batsat::Var>,
    ranges: Vec<(Bucket, Bucket)>,
    /// Whose decision it is now.
    target: Option<usize>,
    used: BTreeSet<(usize, usize)>,
}

impl<'b> Walk<'_, 'b> {
    fn leaf(
        &mut self,
        targets: &[(usize, StateHandling)],
        conditions: &[&Node<'b>],
    ) -> Result<Result<Leaf, AnalysisError>, Cut> {
        self.target = None;
        let mut held = Vec::with_capacity(conditions.len());
        for condition in conditions {
            held.push(self.holds(condition, &TermSubject::Condition)?);
        }
        let mut decisions = Vec::with_capacity(targets.len());
        for (at, (target, heed)) in targets.iter().enumerate() {
            self.target = Some(at);
            decisions.push(self.decide(*target, *heed)?);
        }
        let part = |share: Result<Share, AnalysisError>, (from, to): &(Bucket, Bucket)| match to - from {
            BUCKETS => share,
            some => share?.checked_mul(Share::of_buckets(some)),
        };
        let share = self.ranges.iter().fold(Ok(Share::ALL), part);
        Ok(share.map(|share| Leaf { ranges: self.ranges.clone(), share, decisions, conditions: held }))
    }

    fn decide(&mut self, at: usize, heed: StateHandling) -> Result<(VariantId, DecidedBy), Cut> {
        let engine = self.engine;
        let Some(lowered) = engine.lowering.flags.get(at) else { return Ok((VariantId(0), DecidedBy::Default)) };
        let flag = lowered.flag;
        match (&flag.state, heed) {
            (State::Enabled, _) | (_, StateHandling::RulesOnly) => {}
            (State::Disabled, _) => return Ok((flag.off, DecidedBy::Disabled)),
            (State::Killed { .. }, _) => return Ok((flag.off, DecidedBy::Killed)),
        }
        for (prerequisite, node) in lowered.prerequisites.iter().enumerate() {
            let subject = TermSubject::Prerequisite { flag: flag.key.to_string(), prerequisite };
            if !self.holds(node, &subject)? {
                return Ok((flag.off, DecidedBy::Prerequisite(prerequisite)));
            }
        }
        for (at, rule) in lowered.rules.iter().enumerate() {
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
                && !(self.has_unit(lowered) && self.below(lowered, lowered.gate, share.buckets())?)
            {
                continue;
            }
            let ranges = match &rule.rule.serve {
                Serve::Variant(id) => return Ok((*id, DecidedBy::Rule(at))),
                Serve::Split(ranges) => ranges,
            };
            if !self.has_unit(lowered) {
                return Ok((flag.off, DecidedBy::Rule(at)));
            }
            for (end, id) in ranges {
                if *end >= BUCKETS || *end > 0 && self.below(lowered, lowered.split, *end)? {
                    return Ok((*id, DecidedBy::Rule(at)));
                }
            }
            return Ok((flag.off, DecidedBy::Rule(at)));
        }
        Ok((flag.default, DecidedBy::Default))
    }

    fn holds(&mut self, node: &Node<'b>, subject: &TermSubject) -> Result<bool, Cut> {
        match &node.kind {
            NodeKind::Plain => Ok(self.ask(node.literal, || Query {
                literal: node.literal,
                side: node.side,
                subject: subject.clone(),
                condition: Some((node.condition, node.want)),
                class: None,
            })),
            NodeKind::All(inner) => {
                for node in inner {
                    if !self.holds(node, subject)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            NodeKind::Any(inner) => {
                for node in inner {
                    if self.holds(node, subject)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            NodeKind::Served(flag, variants, want) => {
                let (served, _) = self.decide(*flag, StateHandling::State)?;
                Ok(variants.contains(&served) == (*want == Want::True))
            }
        }
    }

    fn ask(&mut self, literal: Literal, make: impl FnOnce() -> Query<'b>) -> bool {
        let truth = self.engine.lowering.solver.truth();
        if literal.var() != truth.var() && self.asked.insert(literal.var()) {
            let ask = make();
            self.asks.push(ask);
        }
        self.model.holds(literal)
    }

    fn has_unit(&mut self, flag: &LoweredFlag<'b>) -> bool {
        let Unit { there, .. } = flag.unit;
        let subject = TermSubject::Unit { attribute: self.attribute(flag) };
        self.ask(there, || Query { literal: there, side: flag.side, subject, condition: None, class: None })
    }

    fn attribute(&self, flag: &LoweredFlag<'b>) -> String {
        let domain = flag.unit.domain.and_then(|at| self.engine.lowering.domains.get(at));
        domain.map(|domain| domain.name.clone()).unwrap_or_default()
    }

    /// Whether the unit's bucket lies below the end. A unit that a condition names is hashed.
    fn below(&mut self, flag: &LoweredFlag<'b>, dimension: Option<usize>, end: Bucket) -> Result<bool, Cut> {
        let engine = self.engine;
        let Some(at) = dimension else { return Ok(false) };
        let Some(dimension) = engine.lowering.dimensions.get(at) else { return Ok(false) };
        let subject = TermSubject::Named { attribute: self.attribute(flag) };
        let ask = |literal, class| Query { literal, side: flag.side, subject, condition: None, class };
        self.used.extend(self.target.map(|target| (target, at)));
        let named = flag.unit.named;
        if self.model.holds(named)
            && let Some(Form::Text(text)) = engine.lowering.domains.get(dimension.domain).map(|domain| &domain.form)
            && let Some((place, class)) =
                text.classes.iter().enumerate().find(|(_, class)| self.model.holds(class.holds))
        {
            self.ask(class.holds, || ask(class.holds, Some((dimension.domain, place))));
            let unit = class.members.first().map_or("", String::as_str);
            return Ok(dimension.hash.bucketer.bucket(dimension.hash.domain, unit) < end);
        }
        self.ask(named, || ask(named, None));
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
