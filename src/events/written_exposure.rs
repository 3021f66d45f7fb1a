//! Writes exposures as lines of NDJSON.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::events::exposure::EVENT;

/// An exposure to write.
#[derive(Debug, Clone, Serialize)]
pub struct WrittenExposure<'a> {
    event: &'static str,
    ts: Timestamp,
    #[serde(rename = "feature_flag.key")]
    flag: &'a str,
    #[serde(rename = "feature_flag.result.variant")]
    variant: &'a str,
    #[serde(rename = "feature_flag.result.reason")]
    reason: String,
    #[serde(rename = "feature_flag.context.id")]
    unit: &'a str,
    #[serde(rename = "feature_flag.set.id")]
    environment: &'a str,
    #[serde(rename = "feature_flag.version", skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(rename = "feature_flag.provider.name")]
    provider: &'a str,
    #[serde(rename = "attrs", skip_serializing_if = "Map::is_empty")]
    attributes: Map<String, Json>,
}

/// What was decided by which definitions.
#[derive(Debug, Clone, Copy)]
pub struct DecidedVariant<'a> {
    /// The key of the flag.
    pub flag: &'a str,
    /// The name of the variant.
    pub variant: &'a str,
    /// The reason, as OpenFeature names it.
    pub reason: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The number of the published manifest, or the id of the commit.
    pub version: Option<&'a str>,
}

impl<'a> WrittenExposure<'a> {
    /// Returns the exposure of a unit to a variant.
    pub fn new(decided: DecidedVariant<'a>, unit: &'a str, attributes: Map<String, Json>, at: Timestamp) -> Self {
        Self {
            event: EVENT,
            ts: at,
            flag: decided.flag,
            variant: decided.variant,
            reason: decided.reason.to_ascii_lowercase(),
            unit,
            environment: decided.environment,
            version: decided.version,
            provider: "flagctl",
            attributes,
        }
    }

    /// Returns the exposure as one line, with its line break.
    ///
    /// # Errors
    /// Returns the error of serde. This does not happen in practice, because every part of an exposure has a JSON form.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}
