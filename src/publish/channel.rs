//! An environment in a store: the files of its bundles, its log, and its current entry.

use std::time::Duration;

use jiff::Timestamp;

use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::manifest::{BundleFormat, BundleRef, MAX_BUNDLE_BYTES, MAX_MANIFEST_BYTES, Manifest};
use crate::publish::seal::{MAX_SEAL_BYTES, Seal};
use crate::retry::{Backoff, RetryLimit};
#[cfg(feature = "serve")]
use crate::store::{ConditionalRead, ObjectVersion};
use crate::store::{Mutability, Object, PutResult, Store, StoreError};

pub(super) const MANIFEST: &str = "manifest.json";
const FLAGS: &str = "flags.json";

/// The number of retries. It exceeds the number of jobs that publish at the same time in a usual deployment.
const MAX_RETRIES: u32 = 100;
/// The maximum number of doublings of a pause. The longest possible pause is therefore 1.28 s.
const MAX_DOUBLINGS: u32 = 6;
/// The unit of the pauses. The longest possible pause is this duration, doubled once for each failed attempt.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// An environment at a target.
pub struct Channel<'s> {
    store: &'s Store,
    environment: String,
}

/// An entry of the log: a manifest, with the bytes that are hashed and signed.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The manifest.
    pub manifest: Manifest,
    /// The bytes of its file.
    pub bytes: Vec<u8>,
    /// The digest of the bytes.
    pub digest: Digest,
}

impl LogEntry {
    pub(super) fn new(manifest: Manifest) -> Result<Self, PublishError> {
        let bytes = manifest.to_json()?;
        Ok(Self { manifest, digest: Digest::sha256(&bytes), bytes })
    }

    /// Returns whether this entry can be the next one after `before`: it has the digest of `before`, and the name of
    /// its target. The first entry with a name may follow one without a name.
    pub(super) fn follows(&self, before: Option<&Self>) -> bool {
        let Some(before) = before else { return self.manifest.previous.is_none() };
        let target = &before.manifest.target;
        self.manifest.previous.as_ref() == Some(&before.digest)
            && self.manifest.previous_sequence() == Some(before.manifest.sequence)
            && (target.is_none() || *target == self.manifest.target)
    }
}

impl<'s> Channel<'s> {
    /// Creates a channel for the environment with this name in the store.
    pub fn new(store: &'s Store, environment: &str) -> Self {
        Self { store, environment: environment.to_owned() }
    }

    /// Returns the environment's name.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Returns the current entry, from which readers start, or `None` if no entry was published yet.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the file is not a manifest of this environment, or cannot be read.
    pub fn current(&self) -> Result<Option<LogEntry>, PublishError> {
        let found = self.get(MANIFEST, MAX_MANIFEST_BYTES)?;
        found.map(|object| self.parse(MANIFEST, object.bytes, None)).transpose()
    }

    /// Returns the current entry with the version of its file, or `None` if the file still has the known version.
    ///
    /// # Errors
    /// Returns [`PublishError`] if nothing is published, if the file is not a manifest of this environment, or if it
    /// cannot be read.
    #[cfg(feature = "serve")]
    pub(super) fn changed_current(
        &self,
        known: Option<&ObjectVersion>,
    ) -> Result<Option<(LogEntry, ObjectVersion)>, PublishError> {
        match self.store.get_if_changed(&self.path(MANIFEST), known, MAX_MANIFEST_BYTES)? {
            ConditionalRead::Changed(object) => Ok(Some((self.parse(MANIFEST, object.bytes, None)?, object.version))),
            ConditionalRead::Unchanged => Ok(None),
            ConditionalRead::Missing => Err(PublishError::NothingPublished(self.environment.clone())),
        }
    }

    /// Returns the entry with this number, or `None` if no program has taken the number.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the file is not the manifest of this number, or cannot be read.
    pub fn entry(&self, sequence: u64) -> Result<Option<LogEntry>, PublishError> {
        let bytes = self.entry_bytes(sequence)?;
        bytes.map(|bytes| self.parse_entry(sequence, bytes)).transpose()
    }

    /// Returns the entry with this number, or `None` if it does not exist, is void, or was never completed.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the file is not the manifest of this number, or cannot be read.
    pub fn complete_entry(&self, sequence: u64) -> Result<Option<LogEntry>, PublishError> {
        match self.seal(sequence)? {
            Some(Seal::Signature(_) | Seal::Unsigned) => self.entry(sequence),
            Some(Seal::Void) | None => Ok(None),
        }
    }

    /// Returns the file of an entry without checking it.
    pub(super) fn entry_bytes(&self, sequence: u64) -> Result<Option<Vec<u8>>, PublishError> {
        Ok(self.get(&entry_path(sequence), MAX_MANIFEST_BYTES)?.map(|object| object.bytes))
    }

    pub(super) fn parse_entry(&self, sequence: u64, bytes: Vec<u8>) -> Result<LogEntry, PublishError> {
        self.parse(&entry_path(sequence), bytes, Some(sequence))
    }

    /// Returns the entry that was current before this one, or `None` for the first entry.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the log does not have the manifest whose digest is in this entry.
    pub fn before(&self, entry: &LogEntry) -> Result<Option<LogEntry>, PublishError> {
        let sequence = entry.manifest.sequence;
        let previous = entry.manifest.previous_sequence().unwrap_or_default();
        if previous == 0 {
            return Ok(None);
        }
        let environment = || self.environment.clone();
        let missing = || PublishError::Gap { environment: environment(), sequence: previous };
        let before = self.entry(previous)?.ok_or_else(missing)?;
        if entry.follows(Some(&before)) {
            Ok(Some(before))
        } else {
            Err(PublishError::NotFollowing { environment: environment(), sequence })
        }
    }

    /// Returns the bytes of a bundle, after checking that they are the bytes that were published.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the bytes differ, or if the bundle is missing.
    pub fn bundle(&self, bundle: &BundleRef) -> Result<Vec<u8>, PublishError> {
        let broken = |why: String| PublishError::broken(self.path(&bundle.path), why);
        let found = self.get(&bundle.path, bundle.size)?.ok_or_else(|| broken("is missing".to_owned()))?;
        let size = found.bytes.len() as u64;
        if size != bundle.size {
            return Err(broken(format!("is damaged: expected {} bytes, found {size}", bundle.size)));
        }
        let digest = Digest::sha256(&found.bytes);
        if digest != bundle.sha256 {
            return Err(broken(format!("was changed after it was published: its digest is {digest}")));
        }
        Ok(found.bytes)
    }

    /// Returns the file that flagd reads, without checking it, or `None` if it is missing.
    pub(super) fn flags(&self) -> Result<Option<Vec<u8>>, PublishError> {
        Ok(self.get(FLAGS, MAX_BUNDLE_BYTES)?.map(|object| object.bytes))
    }

    /// Returns the seal of the entry with this number, or `None` if the entry is not complete.
    pub(super) fn seal(&self, sequence: u64) -> Result<Option<Seal>, PublishError> {
        let found = self.get(&seal_path(sequence), MAX_SEAL_BYTES)?;
        Ok(found.map(|object| Seal::from_bytes(object.bytes)))
    }

    /// Returns the time at which the entry with this number was completed: the time at which the store wrote its seal,
    /// which is created once and never replaced. No commit and no publisher can choose this time.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the entry has no seal, if the store does not know the time, or if the target cannot be
    /// read.
    pub fn completed_at(&self, sequence: u64) -> Result<Timestamp, PublishError> {
        let broken = |why: &str| PublishError::broken(self.path(&seal_path(sequence)), why);
        let seal = self.get(&seal_path(sequence), MAX_SEAL_BYTES)?.ok_or_else(|| broken("is missing"))?;
        seal.written.ok_or_else(|| broken("has no time: the target does not say when it was written"))
    }

    pub(super) fn put_bundle(&self, bundle: &BundleRef, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path(&bundle.path);
        let mut backoff = self.backoff();
        // An existing file has the same bytes, or is damaged.
        while self.store.create(&path, bytes, Mutability::Immutable)? == PutResult::Conflict {
            if let Some(found) = self.get(&bundle.path, MAX_BUNDLE_BYTES)?
                && (found.bytes == bytes
                    || self.store.replace(&path, &found.version, bytes, Mutability::Immutable)? == PutResult::Written)
            {
                break;
            }
            self.pause(&mut backoff)?;
        }
        Ok(())
    }

    /// Creates the file of an entry, which reserves the number of the entry. The result is also [`PutResult::Written`]
    /// if the file already has this entry, because the store's response to an earlier attempt may have been lost.
    pub(super) fn put_entry(&self, entry: &LogEntry) -> Result<PutResult, PublishError> {
        let sequence = entry.manifest.sequence;
        let path = self.path(&entry_path(sequence));
        if self.store.create(&path, &entry.bytes, Mutability::Immutable)? == PutResult::Written {
            return Ok(PutResult::Written);
        }
        let found = self.entry_bytes(sequence)?;
        Ok(if found.is_some_and(|found| found == entry.bytes) { PutResult::Written } else { PutResult::Conflict })
    }

    /// Creates the seal of an entry, and returns the seal that the entry has then. It is another one if another program
    /// was faster.
    pub(super) fn put_seal(&self, sequence: u64, seal: Seal) -> Result<Seal, PublishError> {
        let path = self.path(&seal_path(sequence));
        if self.store.create(&path, seal.bytes(), Mutability::Immutable)? == PutResult::Written {
            return Ok(seal);
        }
        let missing = || PublishError::broken(path.clone(), "was removed while it was read");
        self.seal(sequence)?.ok_or_else(missing)
    }

    /// Makes a complete entry current, unless a newer entry is current. Several programs may call this at the same
    /// time.
    pub(super) fn settle(&self, head: &LogEntry) -> Result<(), PublishError> {
        let mut backoff = self.backoff();
        loop {
            let path = self.path(MANIFEST);
            let found = self.get(MANIFEST, MAX_MANIFEST_BYTES)?;
            let current = match &found {
                Some(object) => Some(self.parse(MANIFEST, object.bytes.clone(), None)?.manifest.sequence),
                None => None,
            };
            if current.is_some_and(|sequence| sequence >= head.manifest.sequence) {
                break;
            }
            // The bundle must be complete before the manifest refers to it. Another program may have written the
            // bundle.
            self.bundle(&head.manifest.bundle)?;
            let done = match found {
                Some(object) => self.store.replace(&path, &object.version, &head.bytes, Mutability::Replaceable)?,
                None => self.store.create(&path, &head.bytes, Mutability::Replaceable)?,
            };
            if done == PutResult::Written {
                break;
            }
            self.pause(&mut backoff)?;
        }
        self.settle_flags()
    }

    /// Writes the current bundle to `flags.json`. Repeats this until the file is up to date, because another program
    /// may make another entry current in the meantime.
    fn settle_flags(&self) -> Result<(), PublishError> {
        let path = self.path(FLAGS);
        let mut backoff = self.backoff();
        loop {
            // The file is read before the manifest, so an older bundle never replaces it.
            let found = self.get(FLAGS, MAX_BUNDLE_BYTES)?;
            let Some(current) = self.current()? else { return Ok(()) };
            let bundle = &current.manifest.bundle;
            if bundle.format != BundleFormat::Flagd
                || found.as_ref().is_some_and(|found| Digest::sha256(&found.bytes) == bundle.sha256)
            {
                return Ok(());
            }
            let bytes = self.bundle(bundle)?;
            let done = match found {
                Some(found) => self.store.replace(&path, &found.version, &bytes, Mutability::Replaceable)?,
                None => self.store.create(&path, &bytes, Mutability::Replaceable)?,
            };
            if done == PutResult::Conflict {
                self.pause(&mut backoff)?;
            }
        }
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(RetryLimit::Retries(MAX_RETRIES), MAX_DOUBLINGS)
    }

    /// Sleeps before another attempt, after another program was faster.
    ///
    /// # Errors
    /// Returns [`PublishError::Contended`] with the number of attempts if there were too many.
    pub(super) fn pause(&self, backoff: &mut Backoff) -> Result<(), PublishError> {
        let environment = || self.environment.clone();
        backoff
            .pause(PAUSE)
            .map_err(|exhausted| PublishError::Contended { environment: environment(), attempts: exhausted.attempts })
    }

    /// Reads an object of at most `max_bytes`.
    fn get(&self, path: &str, max_bytes: u64) -> Result<Option<Object>, PublishError> {
        self.store.get(&self.path(path), max_bytes).map_err(|error| match error {
            StoreError::TooLarge { .. } => {
                PublishError::broken(self.path(path), format!("is too large: expected at most {max_bytes} bytes"))
            }
            error => error.into(),
        })
    }

    fn parse(&self, path: &str, bytes: Vec<u8>, sequence: Option<u64>) -> Result<LogEntry, PublishError> {
        let broken = |why: String| PublishError::broken(self.path(path), why);
        let manifest = Manifest::from_json(&bytes).map_err(broken)?;
        if manifest.environment != self.environment {
            return Err(broken(format!(
                "belongs to the environment `{}`, not `{}`",
                manifest.environment, self.environment
            )));
        }
        if let Some(sequence) = sequence.filter(|sequence| *sequence != manifest.sequence) {
            return Err(broken(format!("has the number {}, not {sequence}", manifest.sequence)));
        }
        Ok(LogEntry { digest: Digest::sha256(&bytes), manifest, bytes })
    }

    pub(super) fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.environment)
    }
}

/// Returns the path of an entry. The number has nine digits, so the names of the files sort in the order of the log.
pub(super) fn entry_path(sequence: u64) -> String {
    format!("log/{sequence:09}.json")
}

pub(super) fn seal_path(sequence: u64) -> String {
    format!("log/{sequence:09}.sig")
}
