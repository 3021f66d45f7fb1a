//! Following an environment: the next bundle of a reader that knows the one before it, and the reader's own copy.
//!
//! The copy has the layout of a target, so reading it after a restart makes the same checks as reading the target. It
//! has only the newest entry.

use std::fs;
use std::path::Path;

use crate::bundle::Bundle;
use crate::publish::channel::{Channel, LogEntry};
use crate::publish::current::{CurrentEntry, current};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::pull::check_bundle;
use crate::publish::signature::AllowedSigners;
use crate::publish::state::PullState;

/// The checks of a reader, in addition to digests and the chain of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct FollowOptions<'c> {
    /// One of these signers must have signed the current manifest. Without signers, the store is trusted.
    pub signers: Option<&'c AllowedSigners>,
    /// The manifest must have the name of this target.
    pub target: Option<&'c str>,
}

/// A bundle that passed all checks.
#[derive(Debug)]
pub struct VerifiedBundle {
    /// The entry.
    pub entry: LogEntry,
    /// The bundle.
    pub bundle: Bundle,
    /// The bytes of the bundle.
    bytes: Vec<u8>,
}

/// Returns the current bundle if it differs from the one that the reader knows.
///
/// # Errors
/// Returns [`PublishError`] if a check fails, if the bundle is not in flagctl's format, or if the target cannot be read.
pub fn newer_bundle(
    channel: &Channel<'_>,
    known: Option<&Digest>,
    state: Option<&PullState>,
    options: FollowOptions<'_>,
) -> Result<Option<VerifiedBundle>, PublishError> {
    let nothing = || PublishError::NothingPublished(channel.environment().to_owned());
    // The signature is checked only for a new manifest, because a program has to be started for it.
    if known.is_some() && Some(&channel.current()?.ok_or_else(nothing)?.digest) == known {
        return Ok(None);
    }
    let CurrentEntry { entry, .. } = current(channel, options.signers, options.target)?;
    if let Some(state) = state {
        state.check(channel, &entry)?;
    }
    let bytes = channel.bundle(&entry.manifest.bundle)?;
    match check_bundle(&bytes, &entry)? {
        Some(bundle) => Ok(Some(VerifiedBundle { entry, bundle, bytes })),
        None => Err(PublishError::NotEvaluable { environment: entry.manifest.environment }),
    }
}

/// Copies a bundle with its manifest and seal from a target to the reader's copy, and removes older entries from the copy.
///
/// # Errors
/// Returns [`PublishError`] if the copy cannot be written, or has a newer entry.
pub fn copy_bundle(
    verified: &VerifiedBundle,
    from: &Channel<'_>,
    to: &Channel<'_>,
    folder: &Path,
) -> Result<(), PublishError> {
    let manifest = &verified.entry.manifest;
    let sequence = manifest.sequence;
    let seal = from.seal(sequence)?;
    let missing = || PublishError::broken(from.path("log"), format!("has no seal of the entry {sequence}"));
    to.put_bundle(&manifest.bundle, &verified.bytes)?;
    to.put_entry(&verified.entry)?;
    to.put_seal(sequence, seal.ok_or_else(missing)?)?;
    to.settle(&verified.entry)?;
    let name = format!("{}.json", manifest.bundle.sha256);
    let environment = folder.join(to.environment());
    remove_all_but(&environment.join("bundles"), &[&name])?;
    remove_all_but(&environment.join("log"), &[&format!("{sequence:09}.json"), &format!("{sequence:09}.sig")])
}

fn remove_all_but(folder: &Path, kept: &[&str]) -> Result<(), PublishError> {
    let remove = || {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            // The lock of the folder begins with a dot.
            if !name.as_encoded_bytes().starts_with(b".") && !kept.iter().any(|kept| name == *kept) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(PublishError::io(folder))
}
