//! What is reached, without contexts to show it: the questions that are asked of everything in a repository.
//!
//! Takes a flag or a condition; gives what [`reachability`], [`unsatisfiable`] and [`valid`] would, at once where a
//! guess shows it.

use crate::analyze::glance::{fails_for_someone, glance, holds_for_someone};
use crate::analyze::{
    AnalysisError, Budget, Definition, FlagReachability, ProofResult, RuleReachability, reachability, unsatisfiable,
    valid,
};
use crate::bundle::{Bundle, Condition, Percent};

/// How many contexts a condition holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Satisfiability {
    /// For none.
    Never,
    /// For some, or so many that it cannot be told.
    Sometimes,
    /// For all.
    Always,
}

/// As [`reachability`]; of a rule that is reached no context is given.
///
/// # Errors
/// [`AnalysisError`]
pub fn reachability_without_witnesses(
    definition: Definition<'_>,
    budget: &Budget,
) -> Result<FlagReachability, AnalysisError> {
    let flag = definition.flag();
    let Some(glance) = glance(definition.bundle(), flag) else { return reachability(definition, &blind(budget)) };
    let reach = |closed| if closed { RuleReachability::ZeroRollout } else { RuleReachability::Reachable(None) };
    Ok(FlagReachability {
        rules: flag.rules.iter().map(|rule| reach(rule.rollout == Percent::ZERO)).collect(),
        default: glance.default,
        variants: glance.variants,
        unmet: Vec::new(),
    })
}

/// Whom the condition holds for.
///
/// # Errors
/// [`AnalysisError`]
pub fn satisfiability(
    bundle: &Bundle,
    condition: &Condition,
    budget: &Budget,
) -> Result<Satisfiability, AnalysisError> {
    let budget = blind(budget);
    if !holds_for_someone(bundle, condition) && unsatisfiable(bundle, condition, &budget)? == ProofResult::Proven {
        return Ok(Satisfiability::Never);
    }
    if !fails_for_someone(bundle, condition) && valid(bundle, condition, &budget)? == ProofResult::Proven {
        return Ok(Satisfiability::Always);
    }
    Ok(Satisfiability::Sometimes)
}

/// Nobody looks at the contexts: no unit is hashed for one.
fn blind(budget: &Budget) -> Budget {
    Budget { units_per_witness: 0, ..*budget }
}
