//! Which parts of a flag anybody ever reaches.
//!
//! Takes a flag; gives for each rule a context that it decides, or what keeps all contexts from it.
//!
//! **Invariant:** a kill or `enabled: false` is left out of account: it says nothing about the rules.

use crate::analyze::bucket_partition::{StateHandling, explore};
use crate::analyze::region::{DecidedBy, Witness};
use crate::analyze::search::{Engine, SearchResult};
use crate::analyze::solver::Literal;
use crate::analyze::{AnalysisError, Budget, Definition, Side, witness};
use crate::bundle::{Percent, VariantId};

/// Whether a rule ever decides.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleReachability {
    /// It decides for this context; none where no unit with such buckets was found.
    Reachable(Option<Witness>),
    /// Whoever it is for is served before.
    Unreachable {
        /// By these rules together, none of which can be left out.
        covered_by: Vec<usize>,
        /// These prerequisites have a part in it: whoever meets them is never one of those that are left.
        prerequisites: Vec<usize>,
    },
    /// Its condition holds for nobody.
    NeverHolds,
    /// Its rollout admits nobody.
    ZeroRollout,
}

/// What of a flag is ever reached, were it neither killed nor disabled.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagReachability {
    /// As in [`Flag::rules`](crate::bundle::Flag::rules).
    pub rules: Vec<RuleReachability>,
    /// Whether some context gets to the end of the rules.
    pub default: bool,
    /// Whether some context gets the variant, as in [`Flag::variants`](crate::bundle::Flag::variants).
    pub variants: Vec<bool>,
    /// Prerequisites, by place, that nobody ever meets.
    pub unmet: Vec<usize>,
}

/// Everything that can ever be reached in the flag.
///
/// # Errors
/// [`AnalysisError`]
pub fn reachability(definition: Definition<'_>, budget: &Budget) -> Result<FlagReachability, AnalysisError> {
    let flags = [(Side::Before, definition)];
    let mut engine = Engine::new(vec![(Side::Before, definition.bundle)], &flags, &[], budget);
    let at = engine.lower(Side::Before, definition);
    let Some(lowered) = engine.lowering.flags.get(at) else { return Err(AnalysisError::Exhausted) };
    let prerequisites: Vec<Literal> = lowered.prerequisites.iter().map(|node| node.literal).collect();
    let truth = engine.lowering.solver.truth();
    let rules: Vec<(Literal, Literal)> = lowered
        .rules
        .iter()
        .map(|rule| (rule.condition.as_ref().map_or(truth, |node| node.literal), rule.applies))
        .collect();
    let mut unmet = Vec::new();
    for (place, literal) in prerequisites.iter().enumerate() {
        if engine.impossible(&[*literal])? {
            unmet.push(place);
        }
    }
    let mut reach = Vec::with_capacity(rules.len());
    let mut earlier: Vec<Literal> = Vec::new();
    for (place, (condition, applies)) in rules.iter().enumerate() {
        let closed = definition.flag().rules.get(place).is_some_and(|rule| rule.rollout == Percent::ZERO);
        reach.push(if closed {
            RuleReachability::ZeroRollout
        } else if engine.impossible(&[*condition])? {
            RuleReachability::NeverHolds
        } else {
            let assumed: Vec<_> =
                prerequisites.iter().copied().chain(earlier.iter().map(|rule| !*rule)).chain([*applies]).collect();
            match engine.solve(&assumed)? {
                SearchResult::Core(core) => covered(&mut engine, core, *applies, &prerequisites, &earlier)?,
                SearchResult::Assignment(instance) => {
                    let targets = [(at, StateHandling::RulesOnly)];
                    let tree = explore(&mut engine, &instance.model, &targets, &[])?;
                    let here = |(_, decided): &(VariantId, DecidedBy)| *decided == DecidedBy::Rule(place);
                    let mut leaves: Vec<_> =
                        tree.leaves.iter().filter(|leaf| leaf.decisions.iter().all(here)).collect();
                    leaves.sort_by_key(|leaf| std::cmp::Reverse(leaf.share));
                    let Some(leaf) = leaves.first() else {
                        return Err(AnalysisError::Disagreement(
                            "a rule was reached in no range of buckets".to_owned(),
                        ));
                    };
                    RuleReachability::Reachable(witness::find(&mut engine, &instance, leaf, &tree.asks, &targets, &[])?)
                }
            }
        });
        earlier.push(*applies);
    }
    let assumed: Vec<_> = prerequisites.iter().copied().chain(earlier.iter().map(|rule| !*rule)).collect();
    let default = !engine.impossible(&assumed)?;
    let mut variants = Vec::new();
    for outcome in engine.lowering.flags.get(at).map(|flag| flag.enabled.clone()).unwrap_or_default() {
        variants.push(!engine.impossible(&[outcome])?);
    }
    Ok(FlagReachability { rules: reach, default, variants, unmet })
}

/// Leaves out of the core what is not needed for it; last the rule itself, since fewer others then suffice.
fn covered(
    engine: &mut Engine<'_>,
    core: Vec<Literal>,
    applies: Literal,
    met: &[Literal],
    earlier: &[Literal],
) -> Result<RuleReachability, AnalysisError> {
    let mut core: Vec<_> =
        std::iter::once(applies).chain(core.into_iter().filter(|literal| *literal != applies)).collect();
    let mut at = core.len();
    while at > 0 {
        at -= 1;
        let mut fewer = core.clone();
        fewer.remove(at);
        if engine.impossible(&fewer)? {
            core = fewer;
        }
    }
    let (mut covered_by, mut prerequisites) = (Vec::new(), Vec::new());
    // Several reasons can be one formula, and so can a reason and the rule itself; one of them is enough.
    for literal in core.into_iter().filter(|literal| *literal != applies) {
        match earlier.iter().position(|rule| !*rule == literal) {
            Some(rule) => covered_by.push(rule),
            None => prerequisites.extend(met.iter().position(|prerequisite| *prerequisite == literal)),
        }
    }
    covered_by.sort_unstable();
    prerequisites.sort_unstable();
    Ok(RuleReachability::Unreachable { covered_by, prerequisites })
}
