//! Following an environment: the next bundle of a reader that knows the one before it, and the reader's own copy.
//!
//! The copy has the layout of a target, so reading it after a restart makes the same checks as reading the target. It
//! has only the newest entry.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bundle::Bundle;
use crate::publish::channel::{Channel, LogEntry, MANIFEST, entry_path, seal_path};
use crate::publish::current::{CurrentEntry, checked};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::local_file;
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
    /// What the reader's own copy needs.
    pub copy: BundleCopy,
}

/// A bundle that passed all checks, as it is at the target.
#[derive(Debug)]
pub struct BundleCopy {
    entry: LogEntry,
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
    let copy = BundleCopy { entry: entry.clone(), bytes };
    Ok(Some((VerifiedBundle { entry, bundle, copy }, known)))
}

impl BundleCopy {
    /// Writes the bundle with its manifest and its seal to the folder of a reader's own copy, in the layout of a target, and
    /// removes older entries from it. The manifest is written when the files that it needs are complete.
    ///
    /// The copy belongs to one reader, which has checked the entry. It therefore replaces whatever the folder has.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the seal cannot be read from the target, or if the copy cannot be written.
    pub fn write(&self, target: &Channel<'_>, folder: &Path) -> Result<(), PublishError> {
        let manifest = &self.entry.manifest;
        let sequence = manifest.sequence;
        let missing = || PublishError::broken(target.path("log"), format!("has no seal of the entry {sequence}"));
        let seal = target.seal(sequence)?.ok_or_else(missing)?;
        let environment = folder.join(target.environment());
        let (bundles, log) = (environment.join("bundles"), environment.join("log"));
        for folder in [&bundles, &log] {
            fs::create_dir_all(folder).map_err(PublishError::io(folder))?;
        }
        let [entry, sealed] = [entry_path(sequence), seal_path(sequence)].map(|path| environment.join(path));
        local_file::replace(&environment.join(&manifest.bundle.path), &self.bytes)?;
        local_file::replace(&entry, &self.entry.bytes)?;
        local_file::replace(&sealed, seal.bytes())?;
        local_file::replace(&environment.join(MANIFEST), &self.entry.bytes)?;
        remove_all_but(&bundles, &[&environment.join(&manifest.bundle.path)])?;
        remove_all_but(&log, &[&entry, &sealed])
    }
}

fn remove_all_but(folder: &Path, kept: &[&PathBuf]) -> Result<(), PublishError> {
    let remove = || {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if !kept.contains(&&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    };
    remove().map_err(PublishError::io(folder))
}
