//! Finds the rules, variants and prerequisites of a flag that no context reaches.
//!
//! Takes a flag; gives for each rule a context that it decides, or the reason why there is none: for example, that rules 1 and
//! 3 together match every context of rule 4.
//!
//! **Invariant:** a kill and `enabled: false` are ignored: they say nothing about the rules.

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{StateHandling, partition_buckets};
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;
use crate::analyze::search::witness_search::find_witness;
use crate::analyze::side::Side;
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
    let mut search = Search::new(vec![(Side::Before, definition.bundle)], &flags, &[], budget);
    let at = search.encode_flag(Side::Before, definition);
    let Some(encoded) = search.encoder.flags.get(at) else { return Err(AnalysisError::Exhausted) };
    let prerequisites: Vec<Literal> = encoded.prerequisites.iter().map(|node| node.literal).collect();
    let truth = search.encoder.solver.truth();
    let rules: Vec<(Literal, Literal)> = encoded
        .rules
        .iter()
        .map(|rule| (rule.condition.as_ref().map_or(truth, |node| node.literal), rule.applies))
        .collect();
    let mut unmet = Vec::new();
    for (place, literal) in prerequisites.iter().enumerate() {
        if search.is_unsatisfiable(&[*literal])? {
            unmet.push(place);
        }
    }
    let mut reach = Vec::with_capacity(rules.len());
    let mut earlier: Vec<Literal> = Vec::new();
    for (place, (condition, applies)) in rules.iter().enumerate() {
        let closed = definition.flag().rules.get(place).is_some_and(|rule| rule.rollout == Percent::ZERO);
        reach.push(if closed {
            RuleReachability::ZeroRollout
        } else if search.is_unsatisfiable(&[*condition])? {
            RuleReachability::NeverHolds
        } else {
            let assumed: Vec<_> =
                prerequisites.iter().copied().chain(earlier.iter().map(|rule| !*rule)).chain([*applies]).collect();
            match search.solve(&assumed)? {
                SearchResult::Unsatisfiable(core) => covered(&mut search, core, *applies, &prerequisites, &earlier)?,
                SearchResult::Satisfiable(assignment) => {
                    let targets = [(at, StateHandling::Ignore)];
                    let partition = partition_buckets(&mut search, &assignment.model, &targets, &[])?;
                    let here = |(_, decided): &(VariantId, DecidedBy)| *decided == DecidedBy::Rule(place);
                    let mut cells: Vec<_> =
                        partition.cells.iter().filter(|cell| cell.decisions.iter().all(here)).collect();
                    cells.sort_by_key(|cell| std::cmp::Reverse(cell.share));
                    let Some(cell) = cells.first() else {
                        return Err(AnalysisError::Disagreement(
                            "a rule was reached in no range of buckets".to_owned(),
                        ));
                    };
                    RuleReachability::Reachable(find_witness(
                        &mut search,
                        &assignment,
                        cell,
                        &partition.queries,
                        &targets,
                        &[],
                    )?)
                }
            }
        });
        earlier.push(*applies);
    }
    let assumed: Vec<_> = prerequisites.iter().copied().chain(earlier.iter().map(|rule| !*rule)).collect();
    let default = !search.is_unsatisfiable(&assumed)?;
    let mut variants = Vec::new();
    for outcome in search.encoder.flags.get(at).map(|flag| flag.outcomes_if_enabled.clone()).unwrap_or_default() {
        variants.push(!search.is_unsatisfiable(&[outcome])?);
    }
    Ok(FlagReachability { rules: reach, default, variants, unmet })
}

/// Leaves out of the core what is not needed for it; last the rule itself, since fewer others then suffice.
fn covered(
    search: &mut Search<'_>,
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
        if search.is_unsatisfiable(&fewer)? {
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
