//! The reasons why a question can end without an answer.

/// The reason why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// The question needs more work than the budget allows.
    #[error("the question takes more work than is allowed: {0}")]
    Exhausted(Excess),
    /// The analysis and the evaluator have different results, which is a bug in flagctl.
    #[error("analysis and evaluation disagree, which is a fault of flagctl: {0}")]
    Disagreement(String),
}

/// The part of a question that was too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// The automata of the patterns of an attribute have too many states together.
    #[error("the patterns of `{attribute}` are too large together: {}", quoted(.patterns))]
    Patterns {
        /// The attribute's name.
        attribute: String,
        /// The regular expressions of the patterns.
        patterns: Vec<String>,
    },
    /// The conditions of the flags with these keys have too many combinations.
    #[error("the conditions of {} have too many combinations", quoted(.0))]
    Conditions(Vec<String>),
    /// The rollouts and splits of the flags with these keys have too many combinations. The list is empty if the flags
    /// are those that the question names.
    #[error("the rollouts and splits of {} have too many combinations", quoted(.0))]
    Buckets(Vec<String>),
    /// The change affects more groups of contexts than are listed.
    #[error("more than {0} groups of contexts change")]
    Regions(usize),
    /// The search for units of an attribute took too long.
    #[error("too few values of `{0}` have the buckets that the rollouts and splits need")]
    Units(String),
    /// A share is a fraction that is too long for exact arithmetic.
    #[error("the shares of its nested rollouts and splits are too long as fractions")]
    Fractions,
}

/// Returns the names with quotes, the first few only.
fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    shown.extend(names.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("{more} more")));
    if shown.is_empty() { "its flags".to_owned() } else { shown.join(", ") }
}
