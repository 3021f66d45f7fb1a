//! The part of a flag that decided: a kill, a prerequisite, a rule or the default.

use crate::eval::{Cause, Decision, Reason};

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecidedBy {
    /// A kill: `off`.
    Killed,
    /// `enabled: false`: `off`.
    Disabled,
    /// The prerequisite at that place is not met: `off`.
    Prerequisite(usize),
    /// The rule at that place, also where its split finds no unit and serves `off`.
    Rule(usize),
    /// No rule matched.
    Default,
}

/// The place that decided.
pub(crate) fn decided_by(decision: &Decision<'_>) -> DecidedBy {
    match (decision.reason, decision.rule) {
        (Reason::Disabled(Cause::Kill), _) => DecidedBy::Killed,
        (Reason::Disabled(Cause::Disabled), _) => DecidedBy::Disabled,
        (Reason::Disabled(Cause::Prerequisite(at)), _) => DecidedBy::Prerequisite(at),
        (_, Some(at)) => DecidedBy::Rule(at),
        (_, None) => DecidedBy::Default,
    }
}
