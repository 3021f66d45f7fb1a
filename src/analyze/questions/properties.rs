//! Proves or refutes properties of flags and conditions for all contexts.
//!
//! Takes a property such as "this flag never serves `on` to minors"; gives a proof, or a context that breaks it. It searches
//! for a counterexample: a context and a bucket for which the property does not hold. If the search finds none, the
//! property is proven.
//!
//! **Invariant:** a property is proven only if no context in any bucket breaks it.

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::encoding::encoded::{EncodedCondition, WantedTruth};
use crate::analyze::error::AnalysisError;
use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::share::Share;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{BucketCell, StateHandling, partition_buckets};
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;
use crate::analyze::search::witness_search::find_witness;
use crate::analyze::side::Side;
use crate::bundle::{Bundle, Condition, VariantId};

/// Whether a promise is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum ProofResult {
    /// By every context.
    Proven,
    /// Not by this one.
    Refuted(Witness),
    /// Perhaps not by some.
    Undecided(UndecidedReason),
}

/// Why a promise is neither proven nor refuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndecidedReason {
    /// Some buckets break it, and no unit was found that falls in them.
    NoUnit,
    /// It takes a pattern that is too large to decide.
    Pattern,
}

/// A flag's serving one of its variants.
#[derive(Debug, Clone, Copy)]
pub struct ServedVariant<'b> {
    /// The flag.
    pub flag: Definition<'b>,
    /// The variant.
    pub variant: VariantId,
}

impl<'b> ServedVariant<'b> {
    /// None where the flag has no variant of that name.
    pub fn find(flag: Definition<'b>, variant: &str) -> Option<Self> {
        let at = flag.flag().variants.iter().position(|one| one.name.as_ref() == variant)?;
        Some(Self { flag, variant: VariantId(u16::try_from(at).ok()?) })
    }
}

/// A question in the making.
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
            let (_, bundle) = bundles.iter().find(|(other, _)| other == side)?;
            Some(search.encoder.condition(*side, bundle, condition, WantedTruth::True))
        });
        let conditions = encoded.collect();
        Self { search, targets, conditions }
    }

    fn of(flags: &[ServedVariant<'b>], condition: Option<&'b Condition>, budget: &Budget) -> Self {
        let bundles = flags.first().map(|served| (Side::Before, served.flag.bundle)).into_iter().collect();
        let flags: Vec<_> = flags.iter().map(|served| (Side::Before, served.flag)).collect();
        let condition = condition.map(|condition| (Side::Before, condition));
        Self::new(bundles, &flags, condition.as_slice(), budget)
    }

    fn served(&self, at: usize, variant: VariantId) -> Literal {
        let flag = self.targets.get(at).map_or(usize::MAX, |(flag, _)| *flag);
        self.search.outcome(flag, variant)
    }

    fn condition(&self, at: usize) -> Literal {
        self.conditions.get(at).map_or(self.search.encoder.solver.truth(), |node| node.literal)
    }

    /// Looks for a context in which all of `wanted` hold; `broken` says the same of a leaf.
    fn refute(
        mut self,
        wanted: &[Literal],
        broken: impl Fn(&[BucketCell]) -> Result<Vec<&BucketCell>, AnalysisError>,
    ) -> Result<ProofResult, AnalysisError> {
        let guard = self.search.encoder.solver.fresh();
        let assumed: Vec<_> = wanted.iter().copied().chain([guard]).collect();
        let mut doubt = None;
        while let SearchResult::Satisfiable(assignment) = self.search.solve(&assumed)? {
            let conditions: Vec<_> = self.conditions.iter().collect();
            let partition = partition_buckets(&mut self.search, &assignment.model, &self.targets, &conditions)?;
            let mut cells = broken(&partition.cells)?;
            cells.sort_by_key(|cell| std::cmp::Reverse(cell.share));
            for cell in cells.into_iter().take(2) {
                let found =
                    find_witness(&mut self.search, &assignment, cell, &partition.queries, &self.targets, &conditions)?;
                if let Some(witness) = found {
                    return Ok(ProofResult::Refuted(witness));
                }
                let unsure = assignment.certainty == Certainty::Possible || !self.search.retyped.is_empty();
                doubt = Some(if unsure { UndecidedReason::Pattern } else { UndecidedReason::NoUnit });
            }
            self.search.block(guard, partition.literals(), &assignment.model);
        }
        Ok(doubt.map_or(ProofResult::Proven, ProofResult::Undecided))
    }

    fn refute_leaf(
        self,
        wanted: &[Literal],
        broken: impl Fn(&BucketCell) -> bool,
    ) -> Result<ProofResult, AnalysisError> {
        self.refute(wanted, |cells| Ok(cells.iter().filter(|cell| broken(cell)).collect()))
    }
}

fn gets(cell: &BucketCell, at: usize, variant: VariantId) -> bool {
    cell.decisions.get(at).is_some_and(|(served, _)| *served == variant)
}

fn held(cell: &BucketCell) -> bool {
    cell.conditions.iter().all(|held| *held)
}

/// Nobody for whom `when` holds gets the variant.
///
/// # Errors
/// [`AnalysisError`]
pub fn never(
    served: ServedVariant<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of(&[served], when, budget);
    let wanted = [question.served(0, served.variant), question.condition(0)];
    question.refute_leaf(&wanted, |cell| held(cell) && gets(cell, 0, served.variant))
}

/// Everyone for whom `when` holds gets the variant.
///
/// # Errors
/// [`AnalysisError`]
pub fn always(
    served: ServedVariant<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of(&[served], when, budget);
    let wanted = [!question.served(0, served.variant), question.condition(0)];
    question.refute_leaf(&wanted, |cell| held(cell) && !gets(cell, 0, served.variant))
}

/// Of no contexts that are alike does more than this share of units get the variant while `when` holds.
///
/// Units that a condition names count for nothing here: they are no share of all units.
///
/// # Errors
/// [`AnalysisError`]
pub fn at_most(
    served: ServedVariant<'_>,
    share: Share,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of(&[served], when, budget);
    let target = question.targets.first().and_then(|(at, _)| question.search.encoder.flags.get(*at));
    let named = target.map_or(question.search.encoder.false_literal(), |flag| flag.unit.named);
    let wanted = [question.served(0, served.variant), question.condition(0), !named];
    question.refute(&wanted, |cells| {
        let some: Vec<_> = cells.iter().filter(|cell| held(cell) && gets(cell, 0, served.variant)).collect();
        let mut sum = Share::NONE;
        for cell in &some {
            sum = sum.checked_add(cell.share)?;
        }
        Ok(if sum > share { some } else { Vec::new() })
    })
}

/// Nobody for whom `when` holds gets two of these, all of flags of one bundle.
///
/// # Errors
/// [`AnalysisError`]
pub fn exclusive(
    served: &[ServedVariant<'_>],
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let mut question = PropertySearch::of(served, when, budget);
    let literals: Vec<_> = served.iter().enumerate().map(|(at, one)| question.served(at, one.variant)).collect();
    let mut both = Vec::new();
    for (at, one) in literals.iter().enumerate() {
        for other in literals.iter().skip(at + 1) {
            both.push(question.search.encoder.solver.all([*one, *other]));
        }
    }
    let two = question.search.encoder.solver.any(both);
    let count = |cell: &BucketCell| served.iter().enumerate().filter(|(at, one)| gets(cell, *at, one.variant)).count();
    let wanted = [two, question.condition(0)];
    question.refute_leaf(&wanted, |cell| held(cell) && count(cell) > 1)
}

/// Everyone for whom `when` holds and who gets the first gets the second, a variant of a flag of the same bundle.
///
/// # Errors
/// [`AnalysisError`]
pub fn follows(
    first: ServedVariant<'_>,
    second: ServedVariant<'_>,
    when: Option<&Condition>,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::of(&[first, second], when, budget);
    let wanted = [question.served(0, first.variant), !question.served(1, second.variant), question.condition(0)];
    let broken = |cell: &BucketCell| held(cell) && gets(cell, 0, first.variant) && !gets(cell, 1, second.variant);
    question.refute_leaf(&wanted, broken)
}

/// Nobody for whom `when` holds after and who had the variant loses it, whatever value it has.
///
/// # Errors
/// [`AnalysisError`]
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
    question.refute_leaf(&wanted, |cell| held(cell) && gets(cell, 0, before.variant) && !keeps(cell))
}

/// A context for which the condition holds; none is a proof that there is none.
///
/// # Errors
/// [`AnalysisError`]
pub fn unsatisfiable(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::new(vec![(Side::Before, bundle)], &[], &[(Side::Before, condition)], budget);
    let wanted = [question.condition(0)];
    question.refute_leaf(&wanted, held)
}

/// The condition holds for everyone.
///
/// # Errors
/// [`AnalysisError`]
pub fn valid(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<ProofResult, AnalysisError> {
    let question = PropertySearch::new(vec![(Side::Before, bundle)], &[], &[(Side::Before, condition)], budget);
    let wanted = [!question.condition(0)];
    question.refute_leaf(&wanted, |cell| !held(cell))
}

/// The second condition holds for everyone for whom the first does.
///
/// # Errors
/// [`AnalysisError`]
pub fn implies(
    bundle: &Bundle,
    first: &Condition,
    second: &Condition,
    budget: &Budget,
) -> Result<ProofResult, AnalysisError> {
    let question =
        PropertySearch::new(vec![(Side::Before, bundle)], &[], &[first, second].map(|one| (Side::Before, one)), budget);
    let wanted = [question.condition(0), !question.condition(1)];
    question.refute_leaf(&wanted, |cell| cell.conditions == [true, false])
}
