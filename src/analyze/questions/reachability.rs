//! Finds the rules, variants and prerequisites of a flag that no context reaches, and the reasons.
//!
//! The input is a flag. The output is, for each rule, a context for which it decides, or the reason why no such context
//! exists. For example, rules 1 and 3 together match every context of rule 4.
//!
//! **Invariant:** a kill and `enabled: false` are ignored, because they do not affect the rules.

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{StateHandling, partition_or_cell};
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;
use crate::analyze::search::witness_search::find_witness;
use crate::analyze::side::Side;
use crate::bundle::{Percent, VariantId};

/// Whether a rule decides for any context, and the reason if it does not.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleReachability {
    /// The rule decides for this context. The value is `None` if no unit with the necessary buckets was found, or if
    /// the search for units is disabled.
    Reachable(Option<Witness>),
    /// Earlier rules or unmet prerequisites decide for every context that the rule matches.
    Unreachable {
        /// The indices of the rules that decide instead. Each of them is necessary.
        covered_by: Vec<usize>,
        /// The indices of the prerequisites that exclude the remaining contexts.
        prerequisites: Vec<usize>,
    },
    /// The condition holds for no context.
    NeverHolds,
    /// The rollout is 0 %.
    ZeroRollout,
}

/// The parts of a flag that contexts reach, if the flag is neither killed nor disabled.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagReachability {
    /// One entry for each rule, as in [`Flag::rules`](crate::bundle::Flag::rules).
    pub rules: Vec<RuleReachability>,
    /// Whether a context exists for which no rule decides.
    pub default: bool,
    /// For each variant, whether a context gets it, as in [`Flag::variants`](crate::bundle::Flag::variants).
    pub variants: Vec<bool>,
    /// The indices of prerequisites that no context meets.
    pub unmet: Vec<usize>,
}

/// Determines which rules, variants and prerequisites of the flag are reached by contexts.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn reachability(definition: Definition<'_>, budget: &Budget) -> Result<FlagReachability, AnalysisError> {
    let flags = [(Side::Before, definition)];
    let mut search = Search::new(vec![(Side::Before, definition.bundle)], &flags, &[], budget);
    let flag_index = search.encode_flag(Side::Before, definition);
    let Some(encoded) = search.encoder.flags.get(flag_index) else {
        return Err(search.encoder.too_many_conditions());
    };
    let prerequisites: Vec<Literal> = encoded.prerequisites.iter().map(|condition| condition.literal).collect();
    let truth = search.encoder.solver.truth();
    let rules: Vec<(Literal, Literal)> = encoded
        .rules
        .iter()
        .map(|rule| (rule.condition.as_ref().map_or(truth, |condition| condition.literal), rule.applies))
        .collect();
    let mut unmet = Vec::new();
    for (index, literal) in prerequisites.iter().enumerate() {
        if search.is_unsatisfiable(&[*literal])? {
            unmet.push(index);
        }
    }
    let mut reach = Vec::with_capacity(rules.len());
    let mut earlier: Vec<Literal> = Vec::new();
    for (rule_index, (condition, applies)) in rules.iter().enumerate() {
        let has_zero_rollout =
            definition.flag().rules.get(rule_index).is_some_and(|rule| rule.rollout == Percent::ZERO);
        reach.push(if has_zero_rollout {
            RuleReachability::ZeroRollout
        } else if search.is_unsatisfiable(&[*condition])? {
            RuleReachability::NeverHolds
        } else {
            let assumed: Vec<_> =
                prerequisites.iter().copied().chain(earlier.iter().map(|rule| !*rule)).chain([*applies]).collect();
            match search.solve(&assumed)? {
                SearchResult::Unsatisfiable(core) => covered(&mut search, core, *applies, &prerequisites, &earlier)?,
                SearchResult::Satisfiable(assignment) => {
                    let targets = [(flag_index, StateHandling::Ignore)];
                    let partition = partition_or_cell(&mut search, &assignment.model, &targets, &[])?;
                    let by_rule = |(_, decided): &(VariantId, DecidedBy)| *decided == DecidedBy::Rule(rule_index);
                    let mut cells: Vec<_> =
                        partition.cells.iter().filter(|cell| cell.decisions.iter().all(by_rule)).collect();
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
    for outcome in search.encoder.flags.get(flag_index).map(|flag| flag.outcomes_if_enabled.clone()).unwrap_or_default()
    {
        variants.push(!search.is_unsatisfiable(&[outcome])?);
    }
    Ok(FlagReachability { rules: reach, default, variants, unmet })
}

/// Reduces an unsatisfiable core to the rules and prerequisites that are needed for the contradiction.
///
/// The rule itself is tried last, because more of the other rules would be necessary without it.
fn covered(
    search: &mut Search<'_>,
    core: Vec<Literal>,
    applies: Literal,
    prerequisites_met: &[Literal],
    earlier: &[Literal],
) -> Result<RuleReachability, AnalysisError> {
    let mut core: Vec<_> =
        std::iter::once(applies).chain(core.into_iter().filter(|literal| *literal != applies)).collect();
    let mut index = core.len();
    while index > 0 {
        index -= 1;
        let mut fewer = core.clone();
        fewer.remove(index);
        if search.is_unsatisfiable(&fewer)? {
            core = fewer;
        }
    }
    let (mut covered_by, mut prerequisites) = (Vec::new(), Vec::new());
    // Two rules, or a rule and a prerequisite, can have the same literal. The result then contains only one of them.
    for literal in core.into_iter().filter(|literal| *literal != applies) {
        match earlier.iter().position(|rule| !*rule == literal) {
            Some(rule) => covered_by.push(rule),
            None => prerequisites.extend(prerequisites_met.iter().position(|prerequisite| *prerequisite == literal)),
        }
    }
    covered_by.sort_unstable();
    prerequisites.sort_unstable();
    Ok(RuleReachability::Unreachable { covered_by, prerequisites })
}
