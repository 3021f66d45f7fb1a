//! Proves or refutes properties of flags and conditions for all contexts.
//!
//! The input is a property such as "this flag never serves `on` to minors". The output is a proof, or a context that
//! violates the property. The algorithm searches for a counterexample: a context and a bucket for which the property
//! does not hold. If no counterexample exists, the property is proven.
//!
//! **Invariant:** a property is proven only if no context violates it in any bucket.

use std::collections::BTreeSet;

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::encoding::atoms::hash_key;
use crate::analyze::encoding::encoded::{ConditionShape, EncodedCondition, HashDimension, WantedTruth};
use crate::analyze::error::{AnalysisError, Excess};
use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::share::Share;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{BucketCell, StateHandling, partition_buckets, partition_or_cell};
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::known_parts::KnownParts;
use crate::analyze::search::solver::Literal;
use crate::analyze::search::witness_search::find_witness;
use crate::analyze::side::Side;
use crate::bundle::{BUCKETS, Bucket, Bundle, Condition, Flag, HashDomain, Rule, Serve, State, VariantId};

/// Whether a property holds for all contexts.
#[derive(Debug, Clone, PartialEq)]
pub enum ProofResult {
    /// The property holds for every context.
    Proven,
    /// The property does not hold for this context.
    Refuted(Witness),
    /// The context and the contexts that differ from it only in their unit exceed a greatest share.
    Exceeded {
        /// One of the contexts that get the variant.
        witness: Witness,
        /// The share of these contexts that get the variant.
        share: Share,
    },
    /// The property may fail for some contexts.
    Undecided(UndecidedReason),
}

/// The reason why a property is neither proven nor refuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndecidedReason {
    /// The property fails in some buckets, but no unit was found that falls into them.
    NoUnit,
    /// The property depends on a pattern that is too large to analyse, or on an attribute whose type changed.
    Pattern,
}

/// A variant of a flag that a property is about.
#[derive(Debug, Clone, Copy)]
pub struct ServedVariant<'b> {
    /// The flag.
    pub flag: Definition<'b>,
    /// The variant.
    pub variant: VariantId,
}

impl<'b> ServedVariant<'b> {
    /// Returns the variant with this name, or `None` if the flag has no such variant.
    pub fn find(flag: Definition<'b>, variant: &str) -> Option<Self> {
        let index = flag.flag().variants.iter().position(|candidate| candidate.name.as_ref() == variant)?;
        Some(Self { flag, variant: VariantId(u16::try_from(index).ok()?) })
    }
}

/// A cell of buckets that violates a property.
struct BrokenCell {
    cell: BucketCell,
    /// The share of units that get the variant, if the property bounds a share.
    exceeding: Option<Share>,
}

/// The cells of buckets that a property is checked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NeededCells {
    /// All cells of an assignment, because the property is about shares.
    All,
    /// One cell that violates the property.
    One,
}

/// The search for a counterexample of one property.
struct PropertySearch<'b> {
    search: Search<'b>,
    targets: Vec<(usize, StateHandling)>,
    conditions: Vec<EncodedCondition<'b>>,
}

impl<'b> PropertySearch<'b> {
    fn new(
        bundles: Vec<(Side, &'b Bundle)>,
        flags: &[(Side, Definition<'b>)],
        conditions: &[(Side, &'b Condition)],
        budget: &Budget,
    ) -> Self {
        let mut search = Search::new(bundles.clone(), flags, conditions, budget);
        let targets =
            flags.iter().map(|(side, flag)| (search.encode_flag(*side, *flag), StateHandling::Respect)).collect();
        let encoded = conditions.iter().filter_map(|(side, condition)| {
            let (_, bundle) = bundles.iter().find(|(bundle_side, _)| bundle_side == side)?;
            Some(search.encoder.condition(*side, bundle, condition, WantedTruth::True))
        });
        let conditions = encoded.collect();
        Self { search, targets, conditions }
    }

    /// Prepares a property of flags of one bundle.
    fn of_flags(flags: &[ServedVariant<'b>], condition: Option<&'b Condition>, budget: &Budget) -> Self {
        let bundles = flags.first().map(|served| (Side::Before, served.flag.bundle)).into_iter().collect();
        let flags: Vec<_> = flags.iter().map(|served| (Side::Before, served.flag)).collect();
        let condition = condition.map(|condition| (Side::Before, condition));
        Self::new(bundles, &flags, condition.as_slice(), budget)
    }

    /// Returns the literal that is true if the target with this index serves the variant.
    fn served(&self, target: usize, variant: VariantId) -> Literal {
        let flag = self.targets.get(target).map_or(usize::MAX, |(flag, _)| *flag);
        self.search.outcome(flag, variant)
    }

    /// Returns the literal of the condition with this index, or the true literal if the property has no such condition.
    fn condition(&self, index: usize) -> Literal {
        self.conditions.get(index).map_or(self.search.encoder.solver.truth(), |condition| condition.literal)
    }

    /// Searches for a context in which all literals of `wanted` are true. `broken` selects the cells of buckets that
    /// violate the property.
    fn refute(
        mut self,
        wanted: &[Literal],
        needed: NeededCells,
        mut broken: impl FnMut(&[BucketCell]) -> Result<Vec<BrokenCell>, AnalysisError>,
    ) -> Result<ProofResult, AnalysisError> {
        let guard = self.search.encoder.solver.fresh();
        let assumed: Vec<_> = wanted.iter().copied().chain([guard]).collect();
        let mut reason = None;
        while let SearchResult::Satisfiable(assignment) = self.search.solve(&assumed)? {
            let conditions: Vec<_> = self.conditions.iter().collect();
            let (search, model) = (&mut self.search, &assignment.model);
            let partition = match needed {
                NeededCells::All => {
                    partition_buckets(search, model, &self.targets, &conditions, &KnownParts::default())?
                }
                NeededCells::One => partition_or_cell(search, model, &self.targets, &conditions)?,
            };
            let mut cells = broken(&partition.cells)?;
            if needed == NeededCells::One && cells.is_empty() {
                let message = "a counterexample was found in no range of buckets".to_owned();
                return Err(AnalysisError::Disagreement(message));
            }
            cells.sort_by_key(|broken| std::cmp::Reverse(broken.cell.share));
            for BrokenCell { cell, exceeding } in cells.iter().take(2) {
                let found =
                    find_witness(&mut self.search, &assignment, cell, &partition.queries, &self.targets, &conditions)?;
                if let Some(witness) = found {
                    return Ok(match *exceeding {
                        Some(share) => ProofResult::Exceeded { witness, share },
                        None => ProofResult::Refuted(witness),
                    });
                }
                let is_unsure = assignment.certainty == Certainty::Possible;
                reason = Some(if is_unsure { UndecidedReason::Pattern } else { UndecidedReason::NoUnit });
            }
            self.search.block(guard, partition.literals(), &assignment.model);
        }
        Ok(reason.map_or(ProofResult::Proven, ProofResult::Undecided))
    }

    /// Searches for a counterexample of a property that can be checked for each cell separately.
    fn refute_cell(
        self,
        wanted: &[Literal],
        broken: impl Fn(&BucketCell) -> bool,
    ) -> Result<ProofResult, AnalysisError> {
        let found = |cell: &BucketCell| broken(cell).then(|| BrokenCell { cell: cell.clone(), exceeding: None });
        self.refute(wanted, NeededCells::One, |cells| Ok(cells.iter().filter_map(found).collect()))
    }
}

/// Returns whether the target with this index serves the variant in the cell.
fn gets(cell: &BucketCell, target: usize, variant: VariantId) -> bool {
    cell.decisions.get(target).is_some_and(|(served, _)| *served == variant)
}

/// Returns whether all conditions of the property hold in the cell.
fn held(cell: &BucketCell) -> bool {
    cell.conditions.iter().all(|held| *held)
}

/// Proves that no context for which `when` holds gets the variant.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn never(
    served: ServedVariant<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of_flags(&[served], when, budget);
    let wanted = [question.served(0, served.variant), question.condition(0)];
    question.refute_cell(&wanted, |cell| held(cell) && gets(cell, 0, served.variant))
}

/// Proves that every context for which `when` holds gets the variant.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn always(
    served: ServedVariant<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of_flags(&[served], when, budget);
    let wanted = [!question.served(0, served.variant), question.condition(0)];
    question.refute_cell(&wanted, |cell| held(cell) && !gets(cell, 0, served.variant))
}

/// Proves that at most this share of units gets the variant, for every context for which `when` holds.
///
/// For a context `c`, `U(c)` are the contexts that differ from `c` only in the units that the rules of the flag hash, and
/// that conditions distinguish from `c` only by the buckets of these units. All other attributes are fixed, also if they
/// are units of other flags. The share is the number of contexts in `U(c)` that get the variant and for which `when` holds, divided
/// by the number of contexts in `U(c)` for which `when` holds. A context without a unit is the only context in `U(c)`.
///
/// Units that a condition names are not counted: they are finitely many, and therefore not a share of all units.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn at_most(
    served: ServedVariant<'_>,
    share: Share,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let mut question = PropertySearch::of_flags(&[served], when, budget);
    let encoder = &question.search.encoder;
    let target = question.targets.first().and_then(|(flag, _)| encoder.flags.get(*flag));
    let units = target.map_or(&[][..], |flag| flag.units.as_slice());
    let is_own = |dimension: &HashDimension| units.iter().any(|unit| unit.domain == Some(dimension.domain));
    let (own, other): (Vec<usize>, Vec<usize>) =
        (0..encoder.dimensions.len()).partition(|index| encoder.dimensions.get(*index).is_some_and(is_own));
    let named: Vec<Literal> = units.iter().map(|unit| unit.named).collect();
    let condition_is_bucket_free =
        question.conditions.iter().all(|condition| matches!(condition.shape, ConditionShape::BucketFree));
    if condition_is_bucket_free && greatest_share(served.flag.bundle, served.flag.flag(), served.variant)? <= share {
        return Ok(ProofResult::Proven);
    }
    let named = question.search.encoder.solver.all(named);
    let wanted = [question.served(0, served.variant), question.condition(0), !named];
    let mut remaining = budget.bucket_cells;
    question.refute(&wanted, NeededCells::All, |cells| {
        let mut exceeding = Vec::new();
        for cells in cells_by_other_buckets(cells, &other, &mut remaining)? {
            let (mut admitted, mut getting) = (Share::NONE, Share::NONE);
            for cell in cells.iter().filter(|cell| held(cell)) {
                let share = cell.share_of_dimensions(&own)?;
                admitted = admitted.checked_add(share)?;
                if gets(cell, 0, served.variant) {
                    getting = getting.checked_add(share)?;
                }
            }
            if getting > share.checked_mul(admitted)? {
                let found = Some(getting.checked_div(admitted)?);
                let getting = cells.into_iter().filter(|cell| held(cell) && gets(cell, 0, served.variant));
                exceeding.extend(getting.map(|cell| BrokenCell { cell, exceeding: found }));
            }
        }
        Ok(exceeding)
    })
}

/// Returns a share that no context exceeds. It is the share of the units that any rule of the flag can give the
/// variant, times the same share for each prerequisite that buckets the same unit by other hashes. The work is a sum over
/// the flags, and not a product.
fn greatest_share(bundle: &Bundle, flag: &Flag, variant: VariantId) -> Result<Share, AnalysisError> {
    let only_unit = |flag: &Flag| match flag.units().into_iter().collect::<Vec<_>>().as_slice() {
        [unit] => Some(*unit),
        _ => None,
    };
    // The shares of two units are independent of each other, so the rules of one unit alone bound no share.
    let Some(unit) = only_unit(flag) else { return Ok(Share::ALL) };
    let hashes = |flag: &Flag| {
        [HashDomain::Rollout, HashDomain::Split].map(|domain| hash_key(bundle, &flag.bucketer, unit, domain))
    };
    let mut used: BTreeSet<_> = hashes(flag).into_iter().collect();
    let mut product = servable_share(flag, &[variant])?;
    // A flag that is off serves `off` without its prerequisites.
    let mut open: Vec<&Condition> = match variant == flag.off {
        true => Vec::new(),
        false => flag.prerequisites.iter().collect(),
    };
    while let Some(condition) = open.pop() {
        let Condition::Flag { key, variants } = condition else { continue };
        let needed = bundle.flag_at(*key);
        let needed_hashes = hashes(needed);
        if needed.state == State::Enabled
            && only_unit(needed) == Some(unit)
            && !variants.contains(&needed.off)
            && needed_hashes.iter().all(|hash| !used.contains(hash))
        {
            used.extend(needed_hashes);
            product = product.checked_mul(servable_share(needed, variants)?)?;
            open.extend(&needed.prerequisites);
        }
    }
    Ok(product)
}

/// Returns the share of the units that any rule of the flag can give one of the variants. All rules hash the same unit.
fn servable_share(flag: &Flag, variants: &[VariantId]) -> Result<Share, AnalysisError> {
    if variants.contains(&flag.off) || variants.contains(&flag.default) {
        return Ok(Share::ALL);
    }
    let serves = |rule: &Rule, bucket: Bucket| match &rule.serve {
        Serve::Variant(id) => variants.contains(id),
        Serve::Split(_) => rule.serve.ranges().any(|(range, id)| variants.contains(&id) && range.contains(&bucket)),
    };
    let ends = flag.rules.iter().flat_map(|rule| rule.serve.ranges().map(|(range, _)| range.end));
    let ends: BTreeSet<Bucket> = ends.chain([0, BUCKETS]).collect();
    let mut sum = Share::NONE;
    for (from, to) in ends.iter().zip(ends.iter().skip(1)) {
        let serving = flag.rules.iter().filter(|rule| serves(rule, *from));
        let admitted = serving.map(|rule| rule.rollout.buckets()).max().unwrap_or(0);
        let share = Share::of_buckets(admitted).checked_mul(Share::of_buckets(to.saturating_sub(*from)))?;
        sum = sum.checked_add(share)?;
    }
    Ok(sum)
}

/// Groups the cells by the buckets in these dimensions. The cells of a group have the same range in each of them, so a
/// cell with a wide range becomes a cell in several groups.
fn cells_by_other_buckets(
    cells: &[BucketCell],
    dimensions: &[usize],
    remaining: &mut u64,
) -> Result<Vec<Vec<BucketCell>>, AnalysisError> {
    let mut groups = vec![cells.to_vec()];
    for dimension in dimensions {
        let mut narrower = Vec::new();
        for group in groups {
            let range = |cell: &BucketCell| cell.ranges.get(*dimension).copied().unwrap_or_default();
            let boundaries: BTreeSet<Bucket> = group.iter().flat_map(|cell| <[Bucket; 2]>::from(range(cell))).collect();
            let boundaries: Vec<Bucket> = boundaries.into_iter().collect();
            for (from, to) in boundaries.iter().zip(boundaries.iter().skip(1)) {
                let inside = group.iter().filter(|cell| range(cell).0 <= *from && *to <= range(cell).1);
                let inside: Vec<BucketCell> =
                    inside.map(|cell| cell.with_range(*dimension, (*from, *to))).collect::<Result<_, _>>()?;
                *remaining = remaining
                    .checked_sub(inside.len() as u64)
                    .ok_or(AnalysisError::Exhausted(Excess::Buckets(Vec::new())))?;
                narrower.push(inside);
            }
        }
        groups = narrower;
    }
    Ok(groups)
}

/// Proves that no context for which `when` holds gets two of these variants. Their flags belong to one bundle.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn exclusive(
    served: &[ServedVariant<'_>],
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let mut question = PropertySearch::of_flags(served, when, budget);
    let literals: Vec<_> =
        served.iter().enumerate().map(|(target, served)| question.served(target, served.variant)).collect();
    let mut both = Vec::new();
    for (index, left) in literals.iter().enumerate() {
        for right in literals.iter().skip(index + 1) {
            both.push(question.search.encoder.solver.all([*left, *right]));
        }
    }
    let two = question.search.encoder.solver.any(both);
    let count = |cell: &BucketCell| {
        served.iter().enumerate().filter(|(target, served)| gets(cell, *target, served.variant)).count()
    };
    let wanted = [two, question.condition(0)];
    question.refute_cell(&wanted, |cell| held(cell) && count(cell) > 1)
}

/// Proves that every context for which `when` holds and which gets the first variant also gets the second one. Their
/// flags belong to one bundle.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn follows(
    first: ServedVariant<'_>,
    second: ServedVariant<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of_flags(&[first, second], when, budget);
    let wanted = [question.served(0, first.variant), !question.served(1, second.variant), question.condition(0)];
    let broken = |cell: &BucketCell| held(cell) && gets(cell, 0, first.variant) && !gets(cell, 1, second.variant);
    question.refute_cell(&wanted, broken)
}

/// Proves that no context loses the variant, among the contexts for which `when` holds after the change. Variants are
/// compared by name.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn monotone(
    before: ServedVariant<'_>,
    after: Definition<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let name = &before.flag.flag().variant(before.variant).name;
    let kept = ServedVariant::find(after, name).map(|served| served.variant);
    let bundles = vec![(Side::Before, before.flag.bundle), (Side::After, after.bundle)];
    let flags = [(Side::Before, before.flag), (Side::After, after)];
    let when = when.map(|condition| (Side::After, condition));
    let question = PropertySearch::new(bundles, &flags, when.as_slice(), budget);
    let still = kept.map_or(question.search.encoder.false_literal(), |kept| question.served(1, kept));
    let wanted = [question.served(0, before.variant), !still, question.condition(0)];
    let keeps = |cell: &BucketCell| kept.is_some_and(|kept| gets(cell, 1, kept));
    question.refute_cell(&wanted, |cell| held(cell) && gets(cell, 0, before.variant) && !keeps(cell))
}

/// Proves that the condition holds for no context, or refutes it with a context for which the condition holds.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn unsatisfiable(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::new(vec![(Side::Before, bundle)], &[], &[(Side::Before, condition)], budget);
    let wanted = [question.condition(0)];
    question.refute_cell(&wanted, held)
}

/// Proves that the condition holds for every context.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn valid(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::new(vec![(Side::Before, bundle)], &[], &[(Side::Before, condition)], budget);
    let wanted = [!question.condition(0)];
    question.refute_cell(&wanted, |cell| !held(cell))
}

/// Proves that the second condition holds for every context for which the first one holds.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn implies(
    bundle: &Bundle,
    first: &Condition,
    second: &Condition,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::new(
        vec![(Side::Before, bundle)],
        &[],
        &[first, second].map(|condition| (Side::Before, condition)),
        budget,
    );
    let wanted = [question.condition(0), !question.condition(1)];
    question.refute_cell(&wanted, |cell| cell.conditions == [true, false])
}
