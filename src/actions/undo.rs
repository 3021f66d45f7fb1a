//! The command that reverts an action.

use crate::actions::session::Destination;
use crate::actions::targets::Targets;
use crate::bundle::Percent;

/// The command that reverts an action. Its arguments are not quoted for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The command and its arguments.
    pub command: UndoCommand,
    /// The branch and the remote of the action.
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
        /// The reason of the kills, or `None` if no kill had a reason.
        reason: Option<String>,
    },
    /// `git revert`
    Revert,
    /// `flagctl rollout`
    Rollout {
        /// The key of the flag.
        flag: String,
        /// The names of the environments that share the rule.
        environments: Vec<String>,
        /// The name of the rule, or its number, such as `#2`.
        rule: String,
        /// The previous rollout of the rule.
        percent: Percent,
    },
}
