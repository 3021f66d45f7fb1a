//! Partitions the buckets of all units into cells. Within a cell, all units get the same decisions.
//!
//! The input is an assignment of the search, which fixes everything except the buckets. The partitioner repeats each
//! decision in the same way as the evaluator, and splits the buckets at each boundary of a slot, a
//! rollout or a split. The
//! output is the cells with their decisions, and the queries, which are the facts about the context that the decisions
//! needed. For a rollout of 10 %, the cells are `[0, 10 %)` with `on` and `[10 %, 100 %)` with `off`.
//!
//! **Invariant:** two assignments that give the same answers to all queries have the same cells.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::{
    ConditionShape, EncodedCondition, EncodedFlag, EncodedRule, EncodedUnit, WantedTruth,
};
use crate::analyze::error::{AnalysisError, Excess};
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::share::Share;
use crate::analyze::search::context_search::Search;
use crate::analyze::search::known_parts::KnownParts;
use crate::analyze::search::solver::{Literal, Model, Variable};
use crate::analyze::side::Side;
use crate::bundle::{BUCKETS, Bucket, Condition, Percent, Rule, Serve, State, VariantId};

/// The maximum number of cells that are decided for wider ranges of one cell.
const MAX_WIDENING_CELLS: u64 = 20_000;

/// Whether a decision respects the state of its flag: a kill or `enabled: false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateHandling {
    Respect,
    /// The decision ignores a kill and `enabled: false`.
    Ignore,
}

/// A fact about the context that a decision depends on.
#[derive(Debug, Clone)]
pub(crate) struct Query<'b> {
    pub(crate) literal: Literal,
    pub(crate) side: Side,
    pub(crate) fact: QueriedFact<'b>,
}

#[derive(Debug, Clone)]
pub(crate) enum QueriedFact<'b> {
    /// The condition has this truth value.
    Condition(&'b Condition, WantedTruth),
    /// The attribute with this name is a unit: a text that is not empty.
    HasUnit(String),
    /// Conditions name the unit, which is the value of the attribute with this name.
    IsNamed(String),
    /// The unit belongs to a class of named units. The two numbers are the indices of the domain and of the class.
    InClass(String, (usize, usize)),
}

impl Query<'_> {
    /// Returns the name of the attribute, if the fact is about a unit.
    pub(crate) fn unit(&self) -> Option<&str> {
        match &self.fact {
            QueriedFact::Condition(..) => None,
            QueriedFact::HasUnit(attribute) | QueriedFact::IsNamed(attribute) | QueriedFact::InClass(attribute, _) => {
                Some(attribute)
            }
        }
    }

    /// Returns the class of named units, if the fact is that the unit belongs to it.
    pub(crate) fn class(&self) -> Option<(usize, usize)> {
        match &self.fact {
            QueriedFact::InClass(_, class) => Some(*class),
            QueriedFact::Condition(..) | QueriedFact::HasUnit(_) | QueriedFact::IsNamed(_) => None,
        }
    }
}

/// A set of buckets in which all decisions are the same: one range for each dimension.
#[derive(Debug, Clone)]
pub(crate) struct BucketCell {
    /// A half-open range for each dimension of the encoder.
    pub(crate) ranges: Vec<(Bucket, Bucket)>,
    /// The share of the units of the partition that fall into the cell.
    pub(crate) share: Share,
    /// The decision of each target.
    pub(crate) decisions: Vec<(VariantId, DecidedBy)>,
    /// For each condition of the question, whether it has the wanted truth value.
    pub(crate) conditions: Vec<bool>,
}

impl BucketCell {
    /// Returns the share of units whose buckets in these dimensions lie in the cell.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the fraction does not fit into 128 bits.
    pub(crate) fn share_of_dimensions(&self, dimensions: &[usize]) -> Result<Share, AnalysisError> {
        share_of_ranges(dimensions.iter().filter_map(|dimension| self.ranges.get(*dimension)))
    }

    /// Returns the part of the cell with this narrower range in a dimension.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the fraction does not fit into 128 bits.
    pub(crate) fn with_range(&self, dimension: usize, range: (Bucket, Bucket)) -> Result<Self, AnalysisError> {
        let mut cell = self.clone();
        if let Some(slot) = cell.ranges.get_mut(dimension) {
            *slot = range;
        }
        cell.share = share_of_ranges(cell.ranges.iter())?;
        Ok(cell)
    }
}

/// Returns the product of the shares of the ranges.
fn share_of_ranges<'r>(mut ranges: impl Iterator<Item = &'r (Bucket, Bucket)>) -> Result<Share, AnalysisError> {
    ranges.try_fold(Share::ALL, |share, (from, to)| match to - from {
        BUCKETS => Ok(share),
        width => share.checked_mul(Share::of_buckets(width)),
    })
}

/// The cells of all buckets. They apply to all contexts that give the same answers to the queries as the assignment.
pub(crate) struct BucketPartition<'b> {
    pub(crate) cells: Vec<BucketCell>,
    pub(crate) queries: Vec<Query<'b>>,
    /// The pairs of a target and a dimension that its decision for units that no condition names depends on, by index.
    pub(crate) used_dimensions: BTreeSet<(usize, usize)>,
    /// The dimensions in which the cells have different ranges, by index.
    pub(crate) dividing_dimensions: BTreeSet<usize>,
    /// The rules whose outcome for units that no condition names depends on a bucket, each with the index of its target.
    hashing_rules: Vec<(usize, &'b Rule)>,
}

impl BucketPartition<'_> {
    pub(crate) fn literals(&self) -> impl Iterator<Item = Literal> + '_ {
        self.queries.iter().map(|query| query.literal)
    }

    /// Returns whether the outcome of the rule depends on a bucket, in the decision of a target.
    pub(crate) fn hashes(&self, target: usize, rule: &Rule) -> bool {
        self.hashing_rules.iter().any(|(user, hashing)| *user == target && std::ptr::eq(*hashing, rule))
    }

    /// Returns whether each of two targets depends on a hash that the other one does not depend on. The decisions of
    /// the two targets are then independent of each other.
    pub(crate) fn is_independent(&self) -> bool {
        let dimensions_of = |target| {
            let used = self.used_dimensions.iter().filter(move |(user, _)| *user == target);
            used.map(|(_, dimension)| *dimension)
        };
        let (old, new): (BTreeSet<usize>, BTreeSet<usize>) = (dimensions_of(0).collect(), dimensions_of(1).collect());
        old.difference(&new).next().is_some() && new.difference(&old).next().is_some()
    }
}

/// The decision depends on whether the bucket is below this boundary, so the cell must be split there.
struct Cut {
    dimension: usize,
    boundary: Bucket,
}

/// Partitions the buckets of all dimensions that are not `known` by the decisions of the targets. A target is the index
/// of a flag.
///
/// # Errors
/// Returns [`AnalysisError::Exhausted`] if the budget of cells is exceeded.
pub(crate) fn partition_buckets<'b>(
    search: &mut Search<'b>,
    model: &Model,
    targets: &[(usize, StateHandling)],
    conditions: &[&EncodedCondition<'b>],
    known: &KnownParts,
) -> Result<BucketPartition<'b>, AnalysisError> {
    let dimensions = search.encoder.dimensions.iter().enumerate();
    let start = dimensions.map(|(index, dimension)| match known.dimensions.contains(&index) {
        true => dimension.range(model),
        false => (0, BUCKETS),
    });
    let start = start.collect();
    let mut remaining = search.budget.bucket_cells;
    let mut partitioner = Partitioner::new(search, model, known);
    let cells = partitioner.cells(start, &mut remaining, targets, conditions)?;
    let Partitioner { queries, used_dimensions, hashing_rules, .. } = partitioner;
    search.budget.bucket_cells = remaining;
    let ranges = cells.iter().flat_map(|cell| cell.ranges.iter().enumerate());
    let divided = ranges.filter(|(_, range)| **range != (0, BUCKETS)).map(|(index, _)| index);
    let dividing_dimensions = divided.filter(|index| !known.dimensions.contains(index)).collect();
    Ok(BucketPartition { cells, queries, used_dimensions, dividing_dimensions, hashing_rules })
}

/// Returns the cell with wider ranges in the known dimensions. The known conditions have the truth of the model in all of
/// these ranges. It is easier to find a unit in a wider cell.
pub(crate) fn widen(search: &Search<'_>, model: &Model, cell: &BucketCell, known: &KnownParts) -> BucketCell {
    let mut widened = cell.clone();
    let mut remaining = MAX_WIDENING_CELLS;
    let nothing = KnownParts::default();
    for index in &known.dimensions {
        let Some(dimension) = search.encoder.dimensions.get(*index) else { continue };
        let conditions = known.conditions_of(&search.encoder, *index);
        let with_range = |widened: &BucketCell, range| {
            let mut ranges = widened.ranges.clone();
            ranges.iter_mut().skip(*index).take(1).for_each(|slot| *slot = range);
            ranges
        };
        let mut is_known = |ranges| {
            let cells = Partitioner::new(search, model, &nothing).cells(ranges, &mut remaining, &[], &conditions);
            let wanted = || conditions.iter().map(|condition| model.holds(condition.literal));
            cells.is_ok_and(|cells| cells.iter().all(|cell| cell.conditions.iter().copied().eq(wanted())))
        };
        let (from, to) = dimension.range(model);
        let mut starts = std::iter::once(0).chain(dimension.below.keys().copied().filter(|start| *start < from));
        let start = starts.find(|start| is_known(with_range(&widened, (*start, to)))).unwrap_or(from);
        let mut ends = std::iter::once(BUCKETS).chain(dimension.below.keys().rev().copied().filter(|end| *end > to));
        let end = ends.find(|end| is_known(with_range(&widened, (start, *end)))).unwrap_or(to);
        widened.ranges = with_range(&widened, (start, end));
    }
    widened
}

/// Does the same for all buckets, or if they have too many cells, for the cell of the model. For a question about the
/// existence of a context, that cell is sufficient.
///
/// # Errors
/// Returns [`AnalysisError::Exhausted`] if a share does not fit into 128 bits.
pub(crate) fn partition_or_cell<'b>(
    search: &mut Search<'b>,
    model: &Model,
    targets: &[(usize, StateHandling)],
    conditions: &[&EncodedCondition<'b>],
) -> Result<BucketPartition<'b>, AnalysisError> {
    match partition_buckets(search, model, targets, conditions, &KnownParts::default()) {
        Err(AnalysisError::Exhausted(Excess::Buckets(_) | Excess::Fractions)) => {
            // Later partitions of the question have too many cells as well.
            search.budget.bucket_cells = 1;
            let known = KnownParts::all_buckets(&search.encoder);
            partition_buckets(search, model, targets, conditions, &known)
        }
        partition => partition,
    }
}

/// The unit that a decision hashes.
#[derive(Clone, Copy)]
struct Hashed<'b> {
    side: Side,
    unit: EncodedUnit,
    /// The rule that hashes it, or `None` for the default of a flag whose kill admits a share of units.
    rule: Option<&'b Rule>,
}

impl<'b> Hashed<'b> {
    fn of_rule(side: Side, rule: &EncodedRule<'b>) -> Self {
        Self { side, unit: rule.unit, rule: Some(rule.rule) }
    }
}

/// Decides the targets for each cell in turn.
struct Partitioner<'e, 'b> {
    search: &'e Search<'b>,
    model: &'e Model,
    known: &'e KnownParts,
    queries: Vec<Query<'b>>,
    /// The variables of the recorded queries. Each fact is recorded once.
    asked: BTreeSet<Variable>,
    /// The cell that is being decided.
    ranges: Vec<(Bucket, Bucket)>,
    /// The index of the target that is being decided.
    target: Option<usize>,
    used_dimensions: BTreeSet<(usize, usize)>,
    hashing_rules: Vec<(usize, &'b Rule)>,
}

impl<'e, 'b> Partitioner<'e, 'b> {
    fn new(search: &'e Search<'b>, model: &'e Model, known: &'e KnownParts) -> Self {
        let (asked, used_dimensions) = (BTreeSet::new(), BTreeSet::new());
        let (queries, ranges, hashing_rules) = (vec![], vec![], vec![]);
        Self { search, model, known, queries, asked, ranges, target: None, used_dimensions, hashing_rules }
    }

    /// Divides the ranges into cells.
    fn cells(
        &mut self,
        start: Vec<(Bucket, Bucket)>,
        remaining: &mut u64,
        targets: &[(usize, StateHandling)],
        conditions: &[&EncodedCondition<'b>],
    ) -> Result<Vec<BucketCell>, AnalysisError> {
        let (mut open, mut cells) = (vec![start], Vec::new());
        while let Some(ranges) = open.pop() {
            *remaining = remaining.checked_sub(1).ok_or_else(|| self.search.encoder.too_many_buckets())?;
            self.ranges = ranges;
            match self.cell(targets, conditions) {
                Ok(cell) => cells.push(cell?),
                Err(Cut { dimension, boundary }) => {
                    let (mut low, mut high) = (self.ranges.clone(), std::mem::take(&mut self.ranges));
                    if let (Some(low), Some(high)) = (low.get_mut(dimension), high.get_mut(dimension)) {
                        low.1 = boundary;
                        high.0 = boundary;
                    }
                    open.push(high);
                    open.push(low);
                }
            }
        }
        Ok(cells)
    }

    /// Decides all targets for the current ranges, or returns the boundary at which the ranges must be split.
    fn cell(
        &mut self,
        targets: &[(usize, StateHandling)],
        conditions: &[&EncodedCondition<'b>],
    ) -> Result<Result<BucketCell, AnalysisError>, Cut> {
        self.target = None;
        let mut held = Vec::with_capacity(conditions.len());
        for condition in conditions {
            held.push(self.holds(condition)?);
        }
        let mut decisions = Vec::with_capacity(targets.len());
        for (index, (target, handling)) in targets.iter().enumerate() {
            self.target = Some(index);
            decisions.push(self.decide(*target, *handling)?);
        }
        let counted = self.ranges.iter().enumerate().filter(|(index, _)| !self.known.dimensions.contains(index));
        let share = share_of_ranges(counted.map(|(_, range)| range));
        Ok(share.map(|share| BucketCell { ranges: self.ranges.clone(), share, decisions, conditions: held }))
    }

    /// Decides a flag in the same order as the evaluator.
    fn decide(&mut self, flag: usize, handling: StateHandling) -> Result<(VariantId, DecidedBy), Cut> {
        let search = self.search;
        let Some(encoded) = search.encoder.flags.get(flag) else { return Ok((VariantId(0), DecidedBy::Default)) };
        let flag = encoded.flag;
        match (&flag.state, handling) {
            (State::Enabled, _) | (_, StateHandling::Ignore) => self.decide_by_rules(encoded),
            (State::Disabled, _) => Ok((flag.off, DecidedBy::Disabled)),
            (State::Killed { admit: Percent::ZERO, .. }, _) => Ok((flag.off, DecidedBy::Killed)),
            (State::Killed { admit, .. }, _) => {
                let (variant, decided_by) = self.decide_by_rules(encoded)?;
                let rule = match decided_by {
                    DecidedBy::Rule(index) => encoded.rules.get(index),
                    DecidedBy::Default | DecidedBy::Killed | DecidedBy::Disabled | DecidedBy::Prerequisite(_) => None,
                };
                let (hashed, dimension) = match rule {
                    Some(rule) => (Hashed::of_rule(encoded.side, rule), rule.rollout_dimension),
                    None => {
                        let hashed = Hashed { side: encoded.side, unit: encoded.default_unit, rule: None };
                        (hashed, encoded.default_dimension)
                    }
                };
                let keeps =
                    variant == flag.off || self.has_unit(hashed) && self.below(hashed, dimension, admit.buckets())?;
                Ok(if keeps { (variant, decided_by) } else { (flag.off, DecidedBy::Killed) })
            }
        }
    }

    /// Decides a flag as if it were enabled.
    fn decide_by_rules(&mut self, encoded: &EncodedFlag<'b>) -> Result<(VariantId, DecidedBy), Cut> {
        let flag = encoded.flag;
        for (prerequisite, condition) in encoded.prerequisites.iter().enumerate() {
            if !self.holds(condition)? {
                return Ok((flag.off, DecidedBy::Prerequisite(prerequisite)));
            }
        }
        for (rule_index, rule) in encoded.rules.iter().enumerate() {
            if rule.rule.rollout == Percent::ZERO {
                continue;
            }
            if let Some(condition) = &rule.condition
                && !self.holds(condition)?
            {
                continue;
            }
            let rollout = rule.rule.rollout;
            let hashed = Hashed::of_rule(encoded.side, rule);
            if let Some(slot) = rule.rule.partial_slot()
                && !(self.has_unit(hashed) && self.within(hashed, rule.slot_dimension, slot.range.buckets())?)
            {
                continue;
            }
            if rollout != Percent::ALL
                && !(self.has_unit(hashed) && self.below(hashed, rule.rollout_dimension, rollout.buckets())?)
            {
                continue;
            }
            let ranges = match &rule.rule.serve {
                Serve::Variant(id) => return Ok((*id, DecidedBy::Rule(rule_index))),
                Serve::Split(ranges) => ranges,
            };
            if !self.has_unit(hashed) {
                return Ok((flag.off, DecidedBy::Rule(rule_index)));
            }
            for (end, id) in ranges {
                if *end >= BUCKETS || *end > 0 && self.below(hashed, rule.split_dimension, *end)? {
                    return Ok((*id, DecidedBy::Rule(rule_index)));
                }
            }
            return Ok((flag.off, DecidedBy::Rule(rule_index)));
        }
        Ok((flag.default, DecidedBy::Default))
    }

    /// Returns whether the condition has its wanted truth value, and records the queries that this depends on.
    fn holds(&mut self, condition: &EncodedCondition<'b>) -> Result<bool, Cut> {
        let query = || Query {
            literal: condition.literal,
            side: condition.side,
            fact: QueriedFact::Condition(condition.condition, condition.want),
        };
        match &condition.shape {
            ConditionShape::BucketFree => Ok(self.query(condition.literal, query)),
            ConditionShape::FlagServes { .. } if self.known.conditions.contains(&condition.literal.var()) => {
                Ok(self.query(condition.literal, query))
            }
            ConditionShape::All(inner) => {
                for operand in inner {
                    if !self.holds(operand)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            ConditionShape::Any(inner) => {
                for operand in inner {
                    if self.holds(operand)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ConditionShape::FlagServes { flag, variants, want } => {
                let (served, _) = self.decide(*flag, StateHandling::Respect)?;
                Ok(variants.contains(&served) == (*want == WantedTruth::True))
            }
        }
    }

    /// Returns the literal's value in the model, and records the query unless the literal is constant or recorded
    /// already.
    fn query(&mut self, literal: Literal, make: impl FnOnce() -> Query<'b>) -> bool {
        let truth = self.search.encoder.solver.truth();
        if literal.var() != truth.var() && self.asked.insert(literal.var()) {
            let query = make();
            self.queries.push(query);
        }
        self.model.holds(literal)
    }

    fn has_unit(&mut self, Hashed { side, unit, .. }: Hashed<'b>) -> bool {
        let EncodedUnit { present, .. } = unit;
        let fact = QueriedFact::HasUnit(self.attribute(unit));
        self.query(present, || Query { literal: present, side, fact })
    }

    /// Returns the name of the attribute that identifies the unit.
    fn attribute(&self, unit: EncodedUnit) -> String {
        let domain = unit.domain.and_then(|index| self.search.encoder.domains.get(index));
        domain.map(|domain| domain.name.clone()).unwrap_or_default()
    }

    /// Returns whether the unit's bucket is in the range.
    fn within(&mut self, hashed: Hashed<'b>, dimension: Option<usize>, range: Range<Bucket>) -> Result<bool, Cut> {
        let is_before = range.start > 0 && self.below(hashed, dimension, range.start)?;
        Ok(!is_before && (range.end >= BUCKETS || self.below(hashed, dimension, range.end)?))
    }

    /// Returns whether the unit's bucket is below the end. A unit that a condition names is hashed. Every other unit
    /// can have any bucket.
    fn below(&mut self, hashed: Hashed<'b>, dimension: Option<usize>, end: Bucket) -> Result<bool, Cut> {
        let Hashed { side, unit, rule } = hashed;
        let search = self.search;
        let Some(index) = dimension else { return Ok(false) };
        let Some(dimension) = search.encoder.dimensions.get(index) else { return Ok(false) };
        let attribute = self.attribute(unit);
        let named = unit.named;
        if self.model.holds(named)
            && let Some(DomainEncoding::Text(text)) =
                search.encoder.domains.get(dimension.domain).map(|domain| &domain.encoding)
            && let Some((class_index, class)) =
                text.classes.iter().enumerate().find(|(_, class)| self.model.holds(class.holds))
        {
            let fact = QueriedFact::InClass(attribute, (dimension.domain, class_index));
            self.query(class.holds, || Query { literal: class.holds, side, fact });
            let unit = class.members.first().map_or("", String::as_str);
            return Ok(dimension.hash.bucketer.bucket(dimension.hash.domain, unit) < end);
        }
        self.query(named, || Query { literal: named, side, fact: QueriedFact::IsNamed(attribute) });
        if let Some(target) = self.target {
            self.used_dimensions.insert((target, index));
            let is_new = |rule: &&Rule| {
                !self.hashing_rules.iter().any(|(user, known)| *user == target && std::ptr::eq(*known, *rule))
            };
            let new = rule.filter(is_new);
            self.hashing_rules.extend(new.map(|rule| (target, rule)));
        }
        let (from, to) = self.ranges.get(index).copied().unwrap_or((0, BUCKETS));
        if to <= end {
            Ok(true)
        } else if end <= from {
            Ok(false)
        } else {
            Err(Cut { dimension: index, boundary: end })
        }
    }
}
