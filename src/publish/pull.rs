//! Pulling: a local copy of the current bundle, for programs that read a file.
//!
//! The checks are in this order: the signature of the current manifest, its target, the chain of digests from the entry
//! that the file has, its age, then the size, the digest and the content of the bundle. The first check that fails
//! ends the pull, and the file stays as it is.

use std::path::Path;

use serde_json::Value as Json;

use crate::bundle::Bundle;
use crate::publish::channel::{Channel, LogEntry};
use crate::publish::current::{CurrentEntry, current as read_current};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::freshness::MaxAge;
use crate::publish::local_file;
use crate::publish::local_file::Lock;
use crate::publish::manifest::BundleFormat;
use crate::publish::signature::AllowedSigners;
use crate::publish::state::PullState;

/// The optional checks of a pull. Digests and the chain of the log are always checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct PullOptions<'c> {
    /// One of these signers must have signed the current manifest. Without signers, the store is trusted.
    pub signers: Option<&'c AllowedSigners>,
    /// The manifest must have the name of this target.
    pub target: Option<&'c str>,
    /// The maximum age of the current commit.
    pub max_age: Option<MaxAge>,
}

/// The result of pulling.
#[derive(Debug)]
pub struct Pulled {
    /// The current entry.
    pub current: LogEntry,
    /// The signer of its manifest, if signatures were checked.
    pub signer: Option<String>,
    /// Whether the file had to be replaced.
    pub outcome: PullOutcome,
}

/// Whether a pull had to replace the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullOutcome {
    /// The local file was replaced by the current bundle.
    Replaced,
    /// The local file already was the current bundle.
    Unchanged,
}

/// Replaces a local file with the current bundle, after checking the bundle. On any error, the file does not change.
///
/// A file in the same folder, with the suffix `.state`, contains the number of the entry. The number never decreases:
/// it is written by the owner of a lock, and only if it still has the value with which the current entry was compared.
///
/// # Errors
/// Returns [`PublishError`] if the current entry or its bundle is not valid, or cannot be read.
pub fn pull(channel: &Channel<'_>, file: &Path, options: &PullOptions<'_>) -> Result<Pulled, PublishError> {
    let state_path = PullState::path(file);
    let mut backoff = channel.backoff();
    loop {
        let known = PullState::read(&state_path)?;
        let CurrentEntry { entry: current, signer } = read_current(channel, options.signers, options.target)?;
        if let Some(known) = &known {
            known.check(channel, &current)?;
        }
        if let Some(problem) = options.max_age.and_then(|max_age| max_age.problem(&current)) {
            return Err(PublishError::Stale(problem));
        }
        let bundle = &current.manifest.bundle;
        let next = PullState::new(&current);
        let has_bundle = || -> Result<bool, PublishError> {
            Ok(local_file::read(file, bundle.size)?.is_some_and(|bytes| Digest::sha256(&bytes) == bundle.sha256))
        };
        if known.as_ref() == Some(&next) && has_bundle()? {
            return Ok(Pulled { current, signer, outcome: PullOutcome::Unchanged });
        }
        let bytes = channel.bundle(bundle)?;
        check_bundle(&bytes, &current)?;
        let lock = Lock::acquire(file)?;
        if PullState::read(&state_path)? != known {
            // Another pull has replaced the file in the meantime, perhaps with a later entry.
            drop(lock);
            channel.pause(&mut backoff)?;
            continue;
        }
        // The number is written first. A killed program may therefore leave an older bundle, but never an older number.
        lock.replace_state(&state_path, &next.to_json()?)?;
        let outcome = if has_bundle()? { PullOutcome::Unchanged } else { PullOutcome::Replaced };
        if outcome == PullOutcome::Replaced {
            lock.replace(&bytes)?;
        }
        return Ok(Pulled { current, signer, outcome });
    }
}

/// Checks that a bundle is valid in its format and matches its manifest. Returns it, if it is in flagctl's format.
pub(super) fn check_bundle(bytes: &[u8], current: &LogEntry) -> Result<Option<Bundle>, PublishError> {
    let manifest = &current.manifest;
    let broken = |why: String| PublishError::broken(manifest.bundle.path.clone(), why);
    let (flags, bundle) = match manifest.bundle.format {
        BundleFormat::Flagctl => {
            let bundle = Bundle::from_json(bytes).map_err(|error| broken(format!("is not a valid bundle: {error}")))?;
            if *bundle.environment != *manifest.environment {
                return Err(broken(format!(
                    "belongs to the environment `{}`, not `{}`",
                    bundle.environment, manifest.environment
                )));
            }
            (bundle.flags.len(), Some(bundle))
        }
        BundleFormat::Flagd => {
            let json: Json = serde_json::from_slice(bytes).map_err(|error| broken(format!("is not JSON: {error}")))?;
            let flags = json.get("flags").and_then(Json::as_object);
            (flags.ok_or_else(|| broken("has no object `flags`".to_owned()))?.len(), None)
        }
    };
    if flags == manifest.bundle.flags {
        Ok(bundle)
    } else {
        Err(broken(format!("is damaged: expected {} flags, found {flags}", manifest.bundle.flags)))
    }
}
