//! The state of a pulled file: the entry that it has, in a file with the suffix `.state`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::local_file;
use crate::publish::manifest::MAX_MANIFEST_BYTES;

/// The maximum number of entries that a reader checks between its own entry and the current one. Beyond that, the
/// signature of the current manifest has to suffice, as at the first pull.
const MAX_STEPS: usize = 1_000;

/// The entry that was current at the last pull. It is stored in the folder of the local file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullState {
    version: u32,
    /// The name of the target, if the manifest had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    environment: String,
    /// The number of the entry.
    pub sequence: u64,
    /// The digest of its manifest.
    pub manifest: Digest,
}

impl PullState {
    /// Returns the state of a reader that has this entry.
    pub(super) fn new(current: &LogEntry) -> Self {
        Self {
            version: 1,
            target: current.manifest.target.clone(),
            environment: current.manifest.environment.clone(),
            sequence: current.manifest.sequence,
            manifest: current.digest.clone(),
        }
    }

    /// Returns the path of the state, which is the path of the file with the suffix `.state`.
    pub(super) fn path(file: &Path) -> PathBuf {
        local_file::with_suffix(file, ".state")
    }

    /// Reads a state from its file. Returns `None` if the file does not exist.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if the file cannot be read, and [`PublishError::Broken`] if it is not a state.
    pub fn read(path: &Path) -> Result<Option<Self>, PublishError> {
        let broken = |why: String| {
            let why = format!("is not a file that `flagctl pull` keeps: {why}");
            PublishError::broken(path.display().to_string(), why)
        };
        let Some(bytes) = local_file::read(path, MAX_MANIFEST_BYTES)? else {
            // A state that cannot be read must not look like a first pull.
            return if path.exists() { Err(broken("it is too large".to_owned())) } else { Ok(None) };
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| broken(error.to_string()))
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, PublishError> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Checks that an entry is the entry of this state, or a later entry whose chain of digests leads to this state.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the entry is older, if the log does not contain the entry of this state any more, or
    /// if the entry belongs to another environment or target.
    pub(super) fn check(&self, channel: &Channel<'_>, current: &LogEntry) -> Result<(), PublishError> {
        let manifest = &current.manifest;
        let environment = || manifest.environment.clone();
        if self.environment != manifest.environment {
            return Err(PublishError::WrongState { environment: environment(), found: self.environment.clone() });
        }
        check_target(current, self.target.as_deref())?;
        if manifest.sequence < self.sequence {
            let (found, known) = (manifest.sequence, self.sequence);
            return Err(PublishError::Backwards { environment: environment(), found, known });
        }
        let rewritten = || PublishError::Rewritten { environment: environment(), sequence: self.sequence };
        let mut entry = current.clone();
        for _ in 0..MAX_STEPS {
            if entry.manifest.sequence <= self.sequence {
                return if entry.digest == self.manifest { Ok(()) } else { Err(rewritten()) };
            }
            entry = channel.before(&entry)?.ok_or_else(rewritten)?;
        }
        Ok(())
    }
}

/// Checks that an entry belongs to the target that a reader expects, if it expects one.
pub(super) fn check_target(current: &LogEntry, expected: Option<&str>) -> Result<(), PublishError> {
    let Some(expected) = expected else { return Ok(()) };
    if current.manifest.target.as_deref() == Some(expected) {
        return Ok(());
    }
    Err(PublishError::OtherTarget {
        environment: current.manifest.environment.clone(),
        found: current.manifest.target.clone(),
        expected: expected.to_owned(),
    })
}
