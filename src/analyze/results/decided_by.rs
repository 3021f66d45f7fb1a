//! The part of a flag that decided: a kill, a prerequisite, a rule or the default.

use crate::eval::{Cause, Decision, Reason};

/// The part of a flag that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecidedBy {
    /// A kill, which serves `off`.
    Killed,
    /// The field `enabled: false`, which serves `off`.
    Disabled,
    /// The prerequisite with this index is not met, so `off` is served.
    Prerequisite(usize),
    /// The rule with this index. This includes a rule whose split serves `off` because the context has no unit.
    Rule(usize),
    /// No rule matched.
    Default,
}

/// Returns the part of the flag that made the evaluator's decision.
pub(crate) fn decided_by(decision: &Decision<'_>) -> DecidedBy {
    match (decision.reason, decision.rule) {
        (Reason::Disabled(Cause::Kill), _) => DecidedBy::Killed,
        (Reason::Disabled(Cause::Disabled), _) => DecidedBy::Disabled,
        (Reason::Disabled(Cause::Prerequisite(index)), _) => DecidedBy::Prerequisite(index),
        (_, Some(index)) => DecidedBy::Rule(index),
        (_, None) => DecidedBy::Default,
    }
}
