//! Finds the cheapest statements from which a goal follows.
//!
//! The input is statements with costs, and a goal. The output is the statements with the least sum of costs that
//! together imply the goal. The search keeps counterexamples: contexts for which the goal is false. Each counterexample
//! must be excluded by at least one chosen statement. The search chooses the cheapest statements that exclude all
//! counterexamples so far, and asks the solver for a further counterexample, until there is none. The literature calls
//! this implicit hitting sets.

use crate::analyze::description::candidates::Candidate;
use crate::analyze::description::questions::{ask, is_impossible};
use crate::analyze::error::AnalysisError;
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;

/// The maximum number of statements. Each is one bit of a set.
pub(super) const MAX_STATEMENTS: usize = 128;
/// The maximum number of counterexamples.
const MAX_COUNTEREXAMPLES: usize = 50;
/// The maximum number of steps of one choice among the statements.
const MAX_STEPS: u32 = 2_000;

/// A set of statements: bit `i` stands for the statement with the index `i`.
type Statements = u128;

/// Returns the indices of the cheapest statements that imply the goal, together with the assumptions. If this takes too
/// long, returns statements of which none can be left out. Returns `None` if all statements together do not imply the
/// goal.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget of the search is exceeded.
pub(super) fn cheapest(
    search: &mut Search<'_>,
    statements: &[&Candidate],
    assumptions: &[Literal],
    goal: Literal,
) -> Result<Option<Vec<usize>>, AnalysisError> {
    let all: Vec<usize> = (0..statements.len()).collect();
    let with = |indices: &[usize]| -> Vec<Literal> {
        let chosen = indices.iter().filter_map(|index| statements.get(*index)).map(|statement| statement.literal);
        assumptions.iter().copied().chain(chosen).chain([!goal]).collect()
    };
    let SearchResult::Unsatisfiable(core) = ask(search, &with(&all))? else { return Ok(None) };
    let costs: Vec<u32> = statements.iter().map(|statement| statement.cost).collect();
    let mut counterexamples: Vec<Statements> = Vec::new();
    while counterexamples.len() < MAX_COUNTEREXAMPLES && statements.len() <= MAX_STATEMENTS {
        let Some(chosen) = Choice::new(&costs).excluding(&counterexamples) else { break };
        let chosen: Vec<usize> = all.iter().copied().filter(|index| chosen >> index & 1 == 1).collect();
        let SearchResult::Satisfiable(found) = ask(search, &with(&chosen))? else { return Ok(Some(chosen)) };
        let excluding = statements.iter().enumerate().filter(|(_, other)| !found.model.holds(other.literal));
        counterexamples.push(excluding.fold(0, |set, (index, _)| set | 1 << index));
    }
    let mut needed = all;
    needed.retain(|index| statements.get(*index).is_some_and(|statement| core.contains(&statement.literal)));
    let mut open = needed.clone();
    open.sort_by_key(|index| std::cmp::Reverse(costs.get(*index).copied()));
    for index in open {
        let others: Vec<usize> = needed.iter().copied().filter(|other| *other != index).collect();
        if is_impossible(search, &with(&others))? {
            needed = others;
        }
    }
    Ok(Some(needed))
}

/// The search for the cheapest set that has an element in common with each of some sets.
struct Choice<'c> {
    costs: &'c [u32],
    best: Option<(u32, Statements)>,
    steps: u32,
}

impl<'c> Choice<'c> {
    fn new(costs: &'c [u32]) -> Self {
        Self { costs, best: None, steps: 0 }
    }

    /// Returns the cheapest statements, or `None` if the choice takes too many steps.
    fn excluding(mut self, sets: &[Statements]) -> Option<Statements> {
        self.extend(sets, 0, 0, 0);
        let best = self.best.filter(|_| self.steps <= MAX_STEPS)?;
        Some(best.1)
    }

    /// Adds a statement of the smallest set that has none of the chosen ones, each in turn. `excluded` are statements that
    /// an earlier branch has tried.
    fn extend(&mut self, sets: &[Statements], chosen: Statements, excluded: Statements, cost: u32) {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.best.is_some_and(|(best, _)| cost >= best) {
            return;
        }
        let open = sets.iter().filter(|set| **set & chosen == 0).map(|set| set & !excluded);
        let Some(smallest) = open.min_by_key(|set| set.count_ones()) else {
            self.best = Some((cost, chosen));
            return;
        };
        let mut indices: Vec<usize> = (0..self.costs.len()).filter(|index| smallest >> index & 1 == 1).collect();
        let cost_of = |index: &usize| self.costs.get(*index).copied().unwrap_or(u32::MAX);
        indices.sort_by_key(cost_of);
        let mut excluded = excluded;
        for (index, added) in indices.iter().map(|index| (*index, cost_of(index))).collect::<Vec<_>>() {
            self.extend(sets, chosen | 1 << index, excluded, cost.saturating_add(added));
            excluded |= 1 << index;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Choice;

    #[test]
    fn the_cheapest_set_hits_all_sets() {
        // Two cheap statements are better than one that is too expensive, and one is better than two of the same price.
        assert_eq!(Choice::new(&[10, 10, 25]).excluding(&[0b101, 0b110]), Some(0b011));
        assert_eq!(Choice::new(&[10, 10, 15]).excluding(&[0b101, 0b110]), Some(0b100));
        assert_eq!(Choice::new(&[10, 10]).excluding(&[]), Some(0));
        assert_eq!(Choice::new(&[10, 10]).excluding(&[0b00]), None);
    }
}
