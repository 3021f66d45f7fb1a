//! What a manifest says, and how it is written.

use serde::{Deserialize, Serialize};

use crate::publish::{Digest, Edition, PublishError};

/// The version of the manifest's shape.
pub const VERSION: u32 = 1;

/// What is current in an environment from one number to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this structure.
    pub version: u32,
    /// Its name.
    pub environment: String,
    /// From one, without gaps.
    pub sequence: u64,
    /// Of the manifest with the number before.
    pub previous: Option<Digest>,
    /// Why it was published.
    pub kind: Kind,
    /// The commit that the bundle is from.
    pub commit: String,
    /// The newest commit that was ever published; another one than `commit` after a rollback.
    pub newest: String,
    /// When `commit` was made.
    pub created: String,
    /// What to read.
    pub bundle: BundleRef,
}

/// Why something is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Work as usual.
    Normal,
    /// To turn something off.
    Emergency,
    /// To get back to what was before.
    Rollback,
}

/// What a bundle is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// flagctl's own evaluator.
    Flagctl,
    /// flagd and its clients.
    Flagd,
}

/// A bundle, by what cannot be mistaken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleRef {
    /// Of its bytes.
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
    /// From the manifest's folder.
    pub path: String,
    /// What it is written for.
    pub format: Format,
    /// How many flags it defines.
    pub flags: usize,
}

impl BundleRef {
    pub(super) fn new(edition: &Edition) -> Self {
        let sha256 = Digest::of(&edition.bytes);
        let path = path(&sha256);
        Self { sha256, size: edition.bytes.len() as u64, path, format: edition.format, flags: edition.flags }
    }
}

fn path(sha256: &Digest) -> String {
    format!("bundles/{sha256}.json")
}

impl Manifest {
    /// With a line's end, the same for the same manifest on every machine.
    ///
    /// # Errors
    /// None in practice: every part of a manifest has a JSON form.
    pub fn to_json(&self) -> Result<Vec<u8>, PublishError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|error| PublishError::Json(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads what [`Manifest::to_json`] wrote.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| format!("is no manifest: {error}"))?;
        if manifest.version != VERSION {
            return Err(format!("has version {}, this flagctl reads version {VERSION}", manifest.version));
        }
        // A path that leads elsewhere would be read as this bundle.
        if manifest.bundle.path != path(&manifest.bundle.sha256) {
            return Err(format!("names `{}`, which is not where that bundle lies", manifest.bundle.path));
        }
        Ok(manifest)
    }
}
