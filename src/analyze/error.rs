//! The two ways in which a question can end without an answer.

/// There is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// The work allowed does not suffice.
    #[error("the question takes more work than is allowed")]
    Exhausted,
    /// The analysis and the evaluator differ, which is a fault of this program.
    #[error("analysis and evaluation disagree, which is a fault of flagctl: {0}")]
    Disagreement(String),
}
