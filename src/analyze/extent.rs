//! What is reached, without contexts to show it: the questions that are asked of everything in a repository.
//!
//! Takes a flag or a condition; gives what [`reachable`], [`satisfiable`] and [`valid`] would, at once where a
//! guess shows it.

use crate::analyze::glance::{fails_for_someone, glance, holds_for_someone};
use crate::analyze::{Answer, Budget, Definition, Failure, Reach, Reachable, reachable, satisfiable, valid};
use crate::bundle::{Bundle, Condition, Percent};

/// How many contexts a condition holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// For none.
    Nobody,
    /// For some, or so many that it cannot be told.
    Some,
    /// For all.
    Everyone,
}

/// As [`reachable`]; of a rule that is reached no context is given.
///
/// # Errors
/// [`Failure`]
pub fn reached(definition: Definition<'_>, budget: &Budget) -> Result<Reachable, Failure> {
    let flag = definition.flag();
    let Some(glance) = glance(definition.bundle(), flag) else { return reachable(definition, &blind(budget)) };
    let reach = |closed| if closed { Reach::Closed } else { Reach::Reachable(None) };
    Ok(Reachable {
        rules: flag.rules.iter().map(|rule| reach(rule.rollout == Percent::ZERO)).collect(),
        default: glance.default,
        variants: glance.variants,
        unmet: Vec::new(),
    })
}

/// Whom the condition holds for.
///
/// # Errors
/// [`Failure`]
pub fn extent(bundle: &Bundle, condition: &Condition, budget: &Budget) -> Result<Extent, Failure> {
    let budget = blind(budget);
    if !holds_for_someone(bundle, condition) && satisfiable(bundle, condition, &budget)? == Answer::Proven {
        return Ok(Extent::Nobody);
    }
    if !fails_for_someone(bundle, condition) && valid(bundle, condition, &budget)? == Answer::Proven {
        return Ok(Extent::Everyone);
    }
    Ok(Extent::Some)
}

/// Nobody looks at the contexts: no unit is hashed for one.
fn blind(budget: &Budget) -> Budget {
    Budget { units_each: 0, ..*budget }
}
