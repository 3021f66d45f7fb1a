//! A local copy of what is current, for programs that read a file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tempfile::Builder;

use crate::bundle::Bundle;
use crate::publish::{AllowedSigners, Channel, Digest, Entry, Format, PublishError};

/// What was current when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    version: u32,
    environment: String,
    /// The number that it had.
    pub sequence: u64,
    /// Of the manifest with that number.
    pub manifest: Digest,
}

/// What became of a local file.
#[derive(Debug)]
pub enum Pulled {
    /// It has what is current.
    Replaced(Entry),
    /// It had that already.
    Unchanged(Entry),
}

/// Reads a state; none if there is no such file.
///
/// # Errors
/// [`PublishError::Io`] if it cannot be read, [`PublishError::Broken`] if it is no state.
pub fn state(path: &Path) -> Result<Option<State>, PublishError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let broken = |why| PublishError::broken(path.display().to_string(), format!("is no state of flagctl's: {why}"));
    serde_json::from_slice(&bytes).map(Some).map_err(broken)
}

/// Replaces a file by what is current, after checking that; on any error the file stays as it is.
///
/// The number is kept beside it, in a file with `.state` at the end of its name, and never goes back.
///
/// # Errors
/// [`PublishError`] if what is current does not do, or cannot be had.
pub fn pull(channel: &Channel<'_>, file: &Path, signers: Option<&AllowedSigners>) -> Result<Pulled, PublishError> {
    let current = channel.current()?.ok_or_else(|| PublishError::Nothing(channel.environment().to_owned()))?;
    if let Some(signers) = signers {
        signers.check(channel, &current)?;
    }
    let beside = state_path(file);
    let known = state(&beside)?;
    if let Some(known) = &known {
        in_order(&current, known)?;
    }
    let bundle = &current.manifest.bundle;
    let there = read(file)?.is_some_and(|bytes| Digest::of(&bytes) == bundle.sha256);
    let next = State {
        version: 1,
        environment: channel.environment().to_owned(),
        sequence: current.manifest.sequence,
        manifest: current.digest.clone(),
    };
    if there && known.as_ref() == Some(&next) {
        return Ok(Pulled::Unchanged(current));
    }
    let bytes = channel.bundle(bundle)?;
    fits(&bytes, &current)?;
    let mut text = serde_json::to_vec(&next).map_err(|error| PublishError::Json(error.to_string()))?;
    text.push(b'\n');
    // First the number: whoever is killed between the two has an older file, and never an older number.
    replace(&beside, &text)?;
    if there {
        return Ok(Pulled::Unchanged(current));
    }
    replace(file, &bytes)?;
    Ok(Pulled::Replaced(current))
}

/// Beside the file.
fn state_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".state");
    name.into()
}

/// That what is current is the same or follows.
pub(super) fn in_order(current: &Entry, known: &State) -> Result<(), PublishError> {
    let manifest = &current.manifest;
    let environment = manifest.environment.clone();
    if known.environment != environment {
        let why = format!("is of `{}`, not of `{environment}`", known.environment);
        return Err(PublishError::broken("the state", why));
    }
    if manifest.sequence < known.sequence {
        return Err(PublishError::Backwards { environment, found: manifest.sequence, known: known.sequence });
    }
    if manifest.sequence == known.sequence && current.digest != known.manifest {
        return Err(PublishError::Rewritten { environment, sequence: known.sequence });
    }
    Ok(())
}

/// That readers of the format will understand it.
fn fits(bytes: &[u8], current: &Entry) -> Result<(), PublishError> {
    let manifest = &current.manifest;
    let broken = |why: String| PublishError::broken(manifest.bundle.path.clone(), why);
    let flags = match manifest.bundle.format {
        Format::Flagctl => {
            let bundle = Bundle::from_json(bytes).map_err(|error| broken(format!("does not do: {error}")))?;
            if *bundle.environment != *manifest.environment {
                return Err(broken(format!("is of the environment `{}`", bundle.environment)));
            }
            bundle.flags.len()
        }
        Format::Flagd => {
            let json: Json = serde_json::from_slice(bytes).map_err(|error| broken(format!("is no JSON: {error}")))?;
            let flags = json.get("flags").and_then(Json::as_object);
            flags.ok_or_else(|| broken("has no flags".to_owned()))?.len()
        }
    };
    if flags == manifest.bundle.flags {
        Ok(())
    } else {
        Err(broken(format!("has {flags} flags, not {}", manifest.bundle.flags)))
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

/// All or nothing, also when the power fails.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    // What a link leads to is replaced, not the link.
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
