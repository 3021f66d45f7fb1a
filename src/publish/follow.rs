//! Following an environment: the next bundle of a reader that knows the one before it, and the reader's own copy.
//!
//! The copy has the layout of a target, so reading it after a restart makes the same checks as reading the target. It
//! has only the newest entry.

use std::fs;
use std::path::Path;

use crate::bundle::Bundle;
use crate::publish::channel::{Channel, LogEntry};
use crate::publish::current::{CurrentEntry, checked};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::pull::check_bundle;
use crate::publish::signature::AllowedSigners;
use crate::publish::state::PullState;
use crate::store::ObjectVersion;

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

/// The entry that a reader has.
#[derive(Debug, Clone)]
pub struct KnownEntry {
    digest: Digest,
    state: PullState,
    /// The version of the file at the target, or `None` if the entry is from the reader's copy.
    version: Option<ObjectVersion>,
}

impl KnownEntry {
    /// Returns the same entry without the version of its file, for reading it at another place.
    #[must_use]
    pub fn from_copy(self) -> Self {
        Self { version: None, ..self }
    }
}

/// Returns the current bundle if it differs from the one that the reader knows, and what the reader knows then.
///
/// # Errors
/// Returns [`PublishError`] if a check fails, if the bundle is not in flagctl's format, or if the target cannot be read.
pub fn newer_bundle(
    channel: &Channel<'_>,
    known: Option<&KnownEntry>,
    options: FollowOptions<'_>,
) -> Result<Option<(VerifiedBundle, KnownEntry)>, PublishError> {
    let changed = channel.changed_current(known.and_then(|known| known.version.as_ref()))?;
    let Some((entry, version)) = changed else { return Ok(None) };
    if known.is_some_and(|known| known.digest == entry.digest) {
        return Ok(None);
    }
    let CurrentEntry { entry, .. } = checked(channel, entry, options.signers, options.target)?;
    if let Some(known) = known {
        known.state.check(channel, &entry)?;
    }
    let bytes = channel.bundle(&entry.manifest.bundle)?;
    let Some(bundle) = check_bundle(&bytes, &entry)? else {
        return Err(PublishError::NotEvaluable { environment: entry.manifest.environment });
    };
    let known = KnownEntry { digest: entry.digest.clone(), state: PullState::new(&entry), version: Some(version) };
    Ok(Some((VerifiedBundle { entry, bundle, bytes }, known)))
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
