//! Promises about flags, for all contexts.
//!
//! Takes what must never be; gives a proof that it never is, or a context for which it is.
//!
//! **Invariant:** a promise is proven only if no context in any bucket breaks it.

use crate::analyze::bucket_partition::{Leaf, StateHandling, explore};
use crate::analyze::encode::{Node, Want};
use crate::analyze::region::Witness;
use crate::analyze::search::{Certainty, Engine, SearchResult};
use crate::analyze::share::Share;
use crate::analyze::solver::Literal;
use crate::analyze::{AnalysisError, Budget, Definition, Side, witness};
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
struct Question<'b> {
    engine: Engine<'b>,
    targets: Vec<(usize, StateHandling)>,
    conditions: Vec<Node<'b>>,
}

impl<'b> Question<'b> {
    fn new(
        bundles: Vec<(Side, &'b Bundle)>,
        flags: &[(Side, Definition<'b>)],
        conditions: &[(Side, &'b Condition)],
        budget: &Budget,
    ) -> Self {
        let mut engine = Engine::new(bundles.clone(), flags, conditions, budget);
        let targets = flags.iter().map(|(side, flag)| (engine.lower(*side, *flag), StateHandling::State)).collect();
        let lowered = conditions.iter().filter_map(|(side, condition)| {
            let (_, bundle) = bundles.iter().find(|(other, _)| other == side)?;
            Some(engine.lowering.condition(*side, bundle, condition, Want::True))
        });
        let conditions = lowered.collect();
        Self { engine, targets, conditions }
    }

    fn of(flags: &[ServedVariant<'b>], condition: Option<&'b Condition>, budget: &Budget) -> Self {
        let bundles = flags.first().map(|served| (Side::Before, served.flag.bundle)).into_iter().collect();
        let flags: Vec<_> = flags.iter().map(|served| (Side::Before, served.flag)).collect();
        let condition = condition.map(|condition| (Side::Before, condition));
        Self::new(bundles, &flags, condition.as_slice(), budget)
    }

    fn served(&self, at: usize, variant: VariantId) -> Literal {
        let flag = self.targets.get(at).map_or(usize::MAX, |(flag, _)| *flag);
        self.engine.outcome(flag, variant)
    }

    fn condition(&self, at: usize) -> Literal {
        self.conditions.get(at).map_or(self.engine.lowering.solver.truth(), |node| node.literal)
    }

    /// Looks for a context in which all of `wanted` hold; `broken` says the same of a leaf.
    fn refute(
        mut self,
        wanted: &[Literal],
        broken: impl Fn(&[Leaf]) -> Result<Vec<&Leaf>, AnalysisError>,
    ) -> Result<ProofResult, AnalysisError> {
        let guard = self.engine.lowering.solver.fresh();
        let assumed: Vec<_> = wanted.iter().copied().chain([guard]).collect();
        let mut doubt = None;
        while let SearchResult::Assignment(instance) = self.engine.solve(&assumed)? {
            let conditions: Vec<_> = self.conditions.iter().collect();
            let tree = explore(&mut self.engine, &instance.model, &self.targets, &conditions)?;
            let mut leaves = broken(&tree.leaves)?;
            leaves.sort_by_key(|leaf| std::cmp::Reverse(leaf.share));
            for leaf in leaves.into_iter().take(2) {
                let found = witness::find(&mut self.engine, &instance, leaf, &tree.asks, &self.targets, &conditions)?;
                if let Some(witness) = found {
                    return Ok(ProofResult::Refuted(witness));
                }
                let unsure = instance.certainty == Certainty::Possible || !self.engine.retyped.is_empty();
                doubt = Some(if unsure { UndecidedReason::Pattern } else { UndecidedReason::NoUnit });
            }
            self.engine.block(guard, &tree.asks, &instance.model);
        }
        Ok(doubt.map_or(ProofResult::Proven, ProofResult::Undecided))
    }

    fn refute_leaf(self, wanted: &[Literal], broken: impl Fn(&Leaf) -> bool) -> Result<ProofResult, AnalysisError> {
        self.refute(wanted, |leaves| Ok(leaves.iter().filter(|leaf| broken(leaf)).collect()))
    }
}

fn gets(leaf: &Leaf, at: usize, variant: VariantId) -> bool {
    leaf.decisions.get(at).is_some_and(|(served, _)| *served == variant)
}

fn held(leaf: &Leaf) -> bool {
    leaf.conditions.iter().all(|held| *held)
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
    let question = Question::of(&[served], when, budget);
    let wanted = [question.served(0, served.variant), question.condition(0)];
    question.refute_leaf(&wanted, |leaf| held(leaf) && gets(leaf, 0, served.variant))
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
    let question = Question::of(&[served], when, budget);
    let wanted = [!question.served(0, served.variant), question.condition(0)];
    question.refute_leaf(&wanted, |leaf| held(leaf) && !gets(leaf, 0, served.variant))
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
    let question = Question::of(&[served], when, budget);
    let target = question.targets.first().and_then(|(at, _)| question.engine.lowering.flags.get(*at));
    let named = target.map_or(question.engine.lowering.false_literal(), |flag| flag.unit.named);
    let wanted = [question.served(0, served.variant), question.condition(0), !named];
    question.refute(&wanted, |leaves| {
        let some: Vec<_> = leaves.iter().filter(|leaf| held(leaf) && gets(leaf, 0, served.variant)).collect();
        let mut sum = Share::NONE;
        for leaf in &some {
            sum = sum.checked_add(leaf.share)?;
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
    let mut question = Question::of(served, when, budget);
    let literals: Vec<_> = served.iter().enumerate().map(|(at, one)| question.served(at, one.variant)).collect();
    let mut both = Vec::new();
    for (at, one) in literals.iter().enumerate() {
        for other in literals.iter().skip(at + 1) {
            both.push(question.engine.lowering.solver.all([*one, *other]));
        }
    }
    let two = question.engine.lowering.solver.any(both);
    let count = |leaf: &Leaf| served.iter().enumerate().filter(|(at, one)| gets(leaf, *at, one.variant)).count();
    let wanted = [two, question.condition(0)];
    question.refute_leaf(&wanted, |leaf| held(leaf) && count(leaf) > 1)
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
    let question = Question::of(&[first, second], when, budget);
    let wanted = [question.served(0, first.variant), !question.served(1, second.variant), question.condition(0)];
    let broken = |leaf: &Leaf| held(leaf) && gets(leaf, 0, first.variant) && !gets(leaf, 1, second.variant);
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
    let question = Question::new(bundles, &flags, when.as_slice(), budget);
    let still = kept.map_or(question.engine.lowering.false_literal(), |kept| question.served(1, kept));
    let wanted = [question.served(0, before.variant), !still, question.condition(0)];
    let keeps = |leaf: &Leaf| kept.is_some_and(|kept| gets(leaf, 1, kept));
    question.refute_leaf(&wanted, |leaf| held(leaf) && gets(leaf, 0, before.variant) && !keeps(leaf))
}

/// A context for which the condition holds; none is a proof that there is none.
///
/// # Errors
/// [`AnalysisError`]
pub fn unsatisfiable(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<ProofResult, AnalysisError> {
    let question = Question::new(vec![(Side::Before, bundle)], &[], &[(Side::Before, condition)], budget);
    let wanted = [question.condition(0)];
    question.refute_leaf(&wanted, held)
}

/// The condition holds for everyone.
///
/// # Errors
/// [`AnalysisError`]
pub fn valid(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<ProofResult, AnalysisError> {
    let question = Question::new(vec![(Side::Before, bundle)], &[], &[(Side::Before, condition)], budget);
    let wanted = [!question.condition(0)];
    question.refute_leaf(&wanted, |leaf| !held(leaf))
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
        Question::new(vec![(Side::Before, bundle)], &[], &[first, second].map(|one| (Side::Before, one)), budget);
    let wanted = [question.condition(0), !question.condition(1)];
    question.refute_leaf(&wanted, |leaf| leaf.conditions == [true, false])
}
