//! Pulling: a local copy of the current bundle, for programs that read a file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tempfile::Builder;

use crate::bundle::Bundle;
use crate::publish::channel::{Channel, LogEntry};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::manifest::BundleFormat;
use crate::publish::signature::AllowedSigners;

/// The entry that was current at the last pull. It is stored in the folder of the local file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullState {
    version: u32,
    environment: String,
    /// The number of the entry.
    pub sequence: u64,
    /// The digest of its manifest.
    pub manifest: Digest,
}

/// The result of pulling.
#[derive(Debug)]
pub enum PullOutcome {
    /// The local file was replaced by the current bundle.
    Replaced(LogEntry),
    /// The local file already was the current bundle.
    Unchanged(LogEntry),
}

impl PullState {
    /// Reads a state from its file. Returns `None` if the file does not exist.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if the file cannot be read, and [`PublishError::Broken`] if it is not a state.
    pub fn read(path: &Path) -> Result<Option<Self>, PublishError> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        let broken = |error| {
            let why = format!("is not a file that `flagctl pull` keeps: {error}");
            PublishError::broken(path.display().to_string(), why)
        };
        serde_json::from_slice(&bytes).map(Some).map_err(broken)
    }

    /// Checks that an entry is the entry of this state or a later entry.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the entry is older, if it has the same number but another manifest, or if it belongs
    /// to another environment.
    pub(super) fn check(&self, current: &LogEntry) -> Result<(), PublishError> {
        let manifest = &current.manifest;
        let environment = manifest.environment.clone();
        if self.environment != environment {
            return Err(PublishError::WrongState { environment, found: self.environment.clone() });
        }
        if manifest.sequence < self.sequence {
            return Err(PublishError::Backwards { environment, found: manifest.sequence, known: self.sequence });
        }
        if manifest.sequence == self.sequence && current.digest != self.manifest {
            return Err(PublishError::Rewritten { environment, sequence: self.sequence });
        }
        Ok(())
    }
}

/// Replaces a local file with the current bundle, after checking the bundle. On any error, the file does not change.
///
/// A file in the same folder, with the suffix `.state`, contains the number of the entry. The number never decreases.
///
/// # Errors
/// Returns [`PublishError`] if the current entry or its bundle is not valid, or cannot be read.
pub fn pull(channel: &Channel<'_>, file: &Path, signers: Option<&AllowedSigners>) -> Result<PullOutcome, PublishError> {
    let current = channel.current()?.ok_or_else(|| PublishError::NothingPublished(channel.environment().to_owned()))?;
    if let Some(signers) = signers {
        signers.check(channel, &current)?;
    }
    let state_path = state_path(file);
    let known = PullState::read(&state_path)?;
    if let Some(known) = &known {
        known.check(&current)?;
    }
    let bundle = &current.manifest.bundle;
    let up_to_date = read(file)?.is_some_and(|bytes| Digest::sha256(&bytes) == bundle.sha256);
    let next = PullState {
        version: 1,
        environment: channel.environment().to_owned(),
        sequence: current.manifest.sequence,
        manifest: current.digest.clone(),
    };
    if up_to_date && known.as_ref() == Some(&next) {
        return Ok(PullOutcome::Unchanged(current));
    }
    let bytes = channel.bundle(bundle)?;
    check_bundle(&bytes, &current)?;
    let mut text = serde_json::to_vec(&next)?;
    text.push(b'\n');
    // The number is written first. A killed program may therefore leave an older bundle, but never an older number.
    replace(&state_path, &text)?;
    if up_to_date {
        return Ok(PullOutcome::Unchanged(current));
    }
    replace(file, &bytes)?;
    Ok(PullOutcome::Replaced(current))
}

/// Returns the path of the state, which is the path of the file with the suffix `.state`.
fn state_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".state");
    name.into()
}

/// Checks that a bundle is valid in its format and matches its manifest.
fn check_bundle(bytes: &[u8], current: &LogEntry) -> Result<(), PublishError> {
    let manifest = &current.manifest;
    let broken = |why: String| PublishError::broken(manifest.bundle.path.clone(), why);
    let flags = match manifest.bundle.format {
        BundleFormat::Flagctl => {
            let bundle = Bundle::from_json(bytes).map_err(|error| broken(format!("is not a valid bundle: {error}")))?;
            if *bundle.environment != *manifest.environment {
                return Err(broken(format!(
                    "belongs to the environment `{}`, not `{}`",
                    bundle.environment, manifest.environment
                )));
            }
            bundle.flags.len()
        }
        BundleFormat::Flagd => {
            let json: Json = serde_json::from_slice(bytes).map_err(|error| broken(format!("is not JSON: {error}")))?;
            let flags = json.get("flags").and_then(Json::as_object);
            flags.ok_or_else(|| broken("has no object `flags`".to_owned()))?.len()
        }
    };
    if flags == manifest.bundle.flags {
        Ok(())
    } else {
        Err(broken(format!("is damaged: expected {} flags, found {flags}", manifest.bundle.flags)))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, PublishError> {
    #[allow(clippy::disallowed_methods, reason = "a copy of what was published, not a definition")]
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PublishError::io(path)(error)),
    }
}

/// Replaces a file atomically. After a crash or a power failure, the file has either its old or its new content.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    // If the path is a symbolic link, the target of the link is replaced, and not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut builder = Builder::new();
        builder.prefix(".unfinished-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    write().map_err(PublishError::io(&path))
}
