//! The file that kills a flag in an environment: its path and its text.

use jiff::Timestamp;
use serde::Serialize;

use crate::actions::error::ActionError;
use crate::model::KILLS;

/// The fields of the file.
#[derive(Serialize)]
struct KillFile<'k> {
    reason: &'k str,
    by: &'k str,
    at: String,
}

/// Returns the path of the file, from the root of the flag repository.
pub(super) fn kill_path(flag: &str, environment: &str) -> String {
    format!("{KILLS}/{environment}/{flag}.yaml")
}

/// Returns the text of the file. `seconds` is the time of the kill since 1970.
pub(super) fn kill_text(reason: &str, by: &str, seconds: i64) -> Result<String, ActionError> {
    let file = KillFile { reason, by, at: Timestamp::from_second(seconds)?.to_string() };
    Ok(serde_yaml::to_string(&file)?)
}
