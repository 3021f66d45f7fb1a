//! The reasons why a question can end without an answer.

/// The reason why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// The question needs more work than the budget allows.
    #[error("the question takes more work than is allowed")]
    Exhausted,
    /// The analysis and the evaluator have different results, which is a bug in flagctl.
    #[error("analysis and evaluation disagree, which is a fault of flagctl: {0}")]
    Disagreement(String),
}
