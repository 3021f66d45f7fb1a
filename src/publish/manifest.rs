//! Manifests: the stored form of the entries in an environment's log.

use serde::{Deserialize, Serialize};

use crate::publish::digest::Digest;

/// The version of the manifest's structure.
pub const VERSION: u32 = 1;
/// The maximum size of the file of a manifest. A manifest with `MAX_VOID` void entries needs a third of it.
pub(super) const MAX_MANIFEST_BYTES: u64 = 64 << 10;
/// The maximum size of a bundle. A bundle of 100,000 flags needs a fifth of it.
pub const MAX_BUNDLE_BYTES: u64 = 256 << 20;
/// The greatest number of an entry: the names of the files have nine digits.
pub(super) const MAX_SEQUENCE: u64 = 999_999_999;
/// The maximum number of commits in `kept`.
pub(super) const MAX_KEPT: usize = 100;
/// The maximum number of void entries between two entries.
pub(super) const MAX_VOID: usize = 100;

/// The manifest of one entry. The entry is current in its environment until the entry with the next number becomes
/// current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this structure.
    pub version: u32,
    /// The name of the target in `flagctl.yaml`, or `None` if the manifest was published to a location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The environment's name.
    pub environment: String,
    /// The number of the entry. Numbers start at one and have no gaps.
    pub sequence: u64,
    /// The digest of the manifest that was current before, or `None` for the first manifest.
    pub previous: Option<Digest>,
    /// The entries between the previous one and this one. They never were current.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub void: Vec<VoidEntry>,
    /// The reason for publishing.
    pub kind: EntryKind,
    /// The full id of the commit from which the bundle was compiled.
    pub commit: String,
    /// The full id of the newest commit whose kills are in the bundle. It differs from `commit` if a publication had only
    /// kills, and after a rollback, which keeps the kills that are live.
    pub kills: String,
    /// The full ids of older commits whose kills are in the bundle, too. `kills` has revived them, and a revival waits
    /// for a commit that is published as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// The full id of the newest commit that was ever published. After a rollback, it differs from `commit`.
    pub newest: String,
    /// The time of `kills`, or of `commit` after a rollback, as a timestamp.
    pub created: String,
    /// The current bundle.
    pub bundle: BundleRef,
}

/// An entry that a program began and did not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoidEntry {
    /// The number of the entry.
    pub sequence: u64,
    /// The digest of its file.
    pub sha256: Digest,
}

/// The reason for publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// An ordinary change.
    Normal,
    /// An emergency, such as a kill.
    Emergency,
    /// A return to the bundle of an earlier entry.
    Rollback,
}

/// The format of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleFormat {
    /// For flagctl's own evaluator.
    Flagctl,
    /// For flagd and its clients.
    Flagd,
}

impl BundleFormat {
    /// Returns the name of the format in manifests and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flagctl => "flagctl",
            Self::Flagd => "flagd",
        }
    }
}

/// A reference to a bundle by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleRef {
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its path, relative to the manifest's folder.
    pub path: String,
    /// Its format.
    pub format: BundleFormat,
    /// The number of flags in it.
    pub flags: usize,
}

impl BundleRef {
    pub(super) fn new(bytes: &[u8], format: BundleFormat, flags: usize) -> Self {
        let sha256 = Digest::sha256(bytes);
        Self { path: bundle_path(&sha256), sha256, size: bytes.len() as u64, format, flags }
    }
}

fn bundle_path(sha256: &Digest) -> String {
    format!("bundles/{sha256}.json")
}

impl Manifest {
    /// Returns the manifest as JSON with a line break at its end. The bytes of a manifest are the same on every
    /// machine.
    ///
    /// # Errors
    /// Returns the error of serde. This does not happen in practice, because every part of a manifest has a JSON form.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the bytes that [`Manifest::to_json`] wrote.
    ///
    /// # Errors
    /// Returns a message that completes a sentence about the file: `is not a manifest: …`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| format!("is not a manifest: {error}"))?;
        if manifest.version != VERSION {
            return Err(format!("has version {}, and this flagctl reads version {VERSION}", manifest.version));
        }
        if !(1..=MAX_SEQUENCE).contains(&manifest.sequence) {
            return Err(format!("has the number {}: expected a number from 1 to {MAX_SEQUENCE}", manifest.sequence));
        }
        if manifest.void.len() > MAX_VOID {
            return Err(format!("names {} void entries: expected at most {MAX_VOID}", manifest.void.len()));
        }
        let before = manifest.previous_sequence().ok_or("names more void entries than there are before it")?;
        if !(before + 1..manifest.sequence).eq(manifest.void.iter().map(|void| void.sequence)) {
            return Err("names other void entries than those directly before it".to_owned());
        }
        if manifest.previous.is_none() != (before == 0) {
            return Err("has a digest of the previous manifest that does not fit its number".to_owned());
        }
        if manifest.kept.len() > MAX_KEPT {
            return Err(format!("names {} commits in `kept`: expected at most {MAX_KEPT}", manifest.kept.len()));
        }
        for commit in [&manifest.commit, &manifest.kills, &manifest.newest].into_iter().chain(&manifest.kept) {
            if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("has `{commit}` as a commit: expected a full id"));
            }
        }
        if manifest.bundle.size > MAX_BUNDLE_BYTES {
            return Err(format!(
                "has a bundle of {} bytes: expected at most {MAX_BUNDLE_BYTES} bytes",
                manifest.bundle.size
            ));
        }
        // Readers use the path to find the bundle, so it must not lead to another file.
        let expected = bundle_path(&manifest.bundle.sha256);
        if manifest.bundle.path != expected {
            return Err(format!("has the path `{}` for a bundle at `{expected}`", manifest.bundle.path));
        }
        Ok(manifest)
    }

    /// Returns the number of the entry that was current before, or 0 for the first entry. Returns `None` if there are
    /// more void entries than numbers.
    pub(super) fn previous_sequence(&self) -> Option<u64> {
        self.sequence.checked_sub(self.void.len() as u64 + 1)
    }
}
