//! The command that reverts an action.

use crate::actions::session::Destination;
use crate::actions::targets::Targets;
use crate::bundle::Percent;

/// The command that reverts an action, without the quoting of a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The command and what it is about.
    pub command: UndoCommand,
    /// The branch and the remote that the action was for.
    pub destination: Destination,
}

/// The commands that revert an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoCommand {
    /// `flagctl revive`
    Revive(Targets),
    /// `flagctl kill`
    Kill {
        /// The flags to kill again.
        targets: Targets,
        /// The reason that the kills had, or `None` if no kill had one.
        reason: Option<String>,
    },
    /// `flagctl rollout`
    Rollout {
        /// The key of the flag.
        flag: String,
        /// The names of the environments that share the rule.
        environments: Vec<String>,
        /// The name of the rule, or its number, such as `#2`.
        rule: String,
        /// The rollout that the rule had.
        percent: Percent,
    },
}
