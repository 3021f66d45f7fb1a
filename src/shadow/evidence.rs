//! A report on a dark launch, as a policy reads it.

use serde::Deserialize;

use crate::shadow::verdict::ShadowVerdict;

/// The version of a report.
const VERSION: u32 = 1;

/// What a policy needs of a report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShadowEvidence {
    version: u32,
    /// The key of the flag.
    pub flag: String,
    /// The environment.
    pub environment: String,
    /// The digest of the definition on which the report is based.
    pub definition: String,
    /// The verdict.
    pub verdict: String,
}

/// The reason why a text is not a report.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The text is not the JSON of a report.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The report has another version.
    #[error("the report has version {0}, and this flagctl reads version {VERSION}")]
    Version(u32),
}

impl ShadowEvidence {
    /// Reads the JSON of a report.
    ///
    /// # Errors
    /// Returns [`EvidenceError`] if the text is not a report of this version.
    pub fn parse(json: &[u8]) -> Result<Self, EvidenceError> {
        let evidence: Self = serde_json::from_slice(json)?;
        if evidence.version == VERSION { Ok(evidence) } else { Err(EvidenceError::Version(evidence.version)) }
    }

    /// Returns whether the candidate meets the criteria.
    pub fn is_equivalent(&self) -> bool {
        self.verdict == ShadowVerdict::Equivalent.name()
    }
}
