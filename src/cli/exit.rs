//! Exit codes, and the type of errors that are mistakes on the command line.

use crate::actions::{ActionError, NameError};

/// The result of a run, which determines the exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command ran, and its answer is yes: exit code 0.
    Yes,
    /// The command ran, and its answer is no: exit code 1.
    No,
    /// The command line asks for something that is impossible: exit code 2.
    Usage,
    /// The command could not run, or could not find the answer: exit code 3.
    Failed,
}

impl Exit {
    /// Returns the exit code of the process.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Failed => 3,
        }
    }
}

/// A mistake on the command line that flagctl can detect only after it has read the definitions.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

/// Returns the exit of a run that failed with `error`.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    let is_mistake = matches!(
        error.downcast_ref(),
        Some(
            ActionError::Ambiguous(_)
                | ActionError::Name(
                    NameError::Invalid { .. } | NameError::Same(_) | NameError::Reserved(_) | NameError::Unportable(_)
                )
        )
    );
    if is_mistake || error.is::<UsageError>() { Exit::Usage } else { Exit::Failed }
}
