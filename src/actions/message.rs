//! The message of an action's commit. Its subject is for people, and its trailers are for programs.

use crate::actions::targets::Targets;
use crate::commit::Message;

/// The kind of an action, which programs read from the `Flagctl-Action` trailer of its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// Flags are turned off.
    Kill,
    /// Kills are removed.
    Revive,
    /// The rollout of a rule changes.
    Rollout,
    /// The definition of one environment becomes that of another.
    Promote,
    /// A definition gets another name.
    Rename,
    /// A definition is removed.
    Remove,
}

impl ActionKind {
    /// Returns the name of the kind in the trailer and in the JSON of a plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Revive => "revive",
            Self::Rollout => "rollout",
            Self::Promote => "promote",
            Self::Rename => "rename",
            Self::Remove => "remove",
        }
    }
}

/// Returns a message whose subject contains the key of the only flag, or the number of flags.
pub(super) fn message(action: ActionKind, targets: &Targets, reason: Option<&str>) -> Message {
    let (flags, environments) = (targets.flags(), targets.environments().join(", "));
    let subject = match flags.as_slice() {
        [flag] => format!("{} {flag} in {environments}", action.name()),
        _ => format!("{} {} flags in {environments}", action.name(), flags.len()),
    };
    message_with_subject(subject, action, targets, reason)
}

/// Returns a message with the subject, and with trailers for the flags, the environments, the reason and the action.
pub(super) fn message_with_subject(
    subject: String,
    action: ActionKind,
    targets: &Targets,
    reason: Option<&str>,
) -> Message {
    let flags = targets.flags().into_iter().map(|flag| ("Flag", flag));
    let environments = targets.environments().into_iter().map(|environment| ("Environment", environment));
    message_with_names(subject, action, flags.chain(environments), reason)
}

/// Returns a message with the subject, and with trailers for the names, the reason and the action.
pub(super) fn message_with_names<'n>(
    subject: String,
    action: ActionKind,
    names: impl Iterator<Item = (&'static str, &'n str)>,
    reason: Option<&'n str>,
) -> Message {
    let reason = reason.into_iter().map(|reason| ("Reason", reason));
    let action = [("Flagctl-Action", action.name())];
    let trailers = names.chain(reason).chain(action);
    let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Message { trailers, ..Message::new(subject) }
}
