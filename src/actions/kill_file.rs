//! The file that kills a flag in an environment: its path and its text.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::actions::error::ActionError;

/// The fields of the file.
#[derive(Serialize)]
struct KillFile<'k> {
    reason: &'k str,
    by: &'k str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// When a kill should have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillExpiry {
    /// At a time.
    At(Timestamp),
    /// This duration after the kill.
    After(SignedDuration),
}

/// Returns the text of the file. `seconds` is the time of the kill since 1970.
///
/// # Errors
/// Returns an error if a time is after the year 9999.
pub(super) fn kill_text(
    reason: &str,
    by: &str,
    seconds: i64,
    expires: Option<KillExpiry>,
) -> Result<String, ActionError> {
    let at = Timestamp::from_second(seconds)?;
    let expires = match expires {
        None => None,
        Some(KillExpiry::At(time)) => Some(time.to_string()),
        Some(KillExpiry::After(duration)) => Some(at.checked_add(duration)?.to_string()),
    };
    Ok(serde_yaml::to_string(&KillFile { reason, by, at: at.to_string(), expires })?)
}
