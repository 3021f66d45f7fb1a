//! Questions to the search, which are counted.

use crate::analyze::error::AnalysisError;
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;

/// Searches for a context in which all assumptions hold.
///
/// # Errors
/// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
pub(super) fn ask(search: &mut Search<'_>, assumptions: &[Literal]) -> Result<SearchResult, AnalysisError> {
    let left = search.budget.description_questions.checked_sub(1);
    search.budget.description_questions = left.ok_or_else(|| search.encoder.too_many_conditions())?;
    search.solve(assumptions)
}

/// Returns whether no context satisfies the assumptions.
///
/// # Errors
/// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
pub(super) fn is_impossible(search: &mut Search<'_>, assumptions: &[Literal]) -> Result<bool, AnalysisError> {
    Ok(matches!(ask(search, assumptions)?, SearchResult::Unsatisfiable(_)))
}
