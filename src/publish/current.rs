//! The current entry of an environment, after the checks that every reader makes.

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::error::PublishError;
use crate::publish::signature::AllowedSigners;
use crate::publish::state::check_target;

/// The current entry, and who has signed it.
#[derive(Debug, Clone)]
pub struct CurrentEntry {
    /// The entry.
    pub entry: LogEntry,
    /// The signer of its manifest, if signatures were checked.
    pub signer: Option<String>,
}

/// Reads the current entry of an environment, and checks its signature and the name of its target.
///
/// # Errors
/// Returns [`PublishError`] if nothing is published, if a check fails, or if the target cannot be read.
pub fn current(
    channel: &Channel<'_>,
    signers: Option<&AllowedSigners>,
    target: Option<&str>,
) -> Result<CurrentEntry, PublishError> {
    let nothing = || PublishError::NothingPublished(channel.environment().to_owned());
    checked(channel, channel.current()?.ok_or_else(nothing)?, signers, target)
}

/// Checks the signature of a current entry, and the name of its target.
///
/// # Errors
/// Returns [`PublishError`] if a check fails, or if the target cannot be read.
pub(super) fn checked(
    channel: &Channel<'_>,
    entry: LogEntry,
    signers: Option<&AllowedSigners>,
    target: Option<&str>,
) -> Result<CurrentEntry, PublishError> {
    let signer = signers.map(|signers| signers.check(channel, &entry)).transpose()?;
    check_target(&entry, target)?;
    Ok(CurrentEntry { entry, signer })
}
