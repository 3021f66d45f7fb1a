//! The text of a kill file that a guard writes.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::actions::error::ActionError;
use crate::bundle::Percent;

/// The fields of the file.
#[derive(Serialize)]
struct GuardKillFile<'k> {
    reason: &'k str,
    by: &'k str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    admit: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    evidence: Map<String, Json>,
}

/// Returns the text of the file. `at` is written to the second. `admit` is the share of a probe.
///
/// # Errors
/// Returns an error if the time cannot be written.
pub fn guard_kill_text(
    reason: &str,
    by: &str,
    at: Timestamp,
    admit: Option<Percent>,
    evidence: &[(String, Json)],
) -> Result<String, ActionError> {
    let at = Timestamp::from_second(at.as_second())?;
    let evidence = evidence.iter().cloned().collect();
    let admit = admit.map(|admit| admit.to_string());
    Ok(serde_yaml::to_string(&GuardKillFile { reason, by, at: at.to_string(), admit, evidence })?)
}
