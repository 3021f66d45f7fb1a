//! An environment in a store: the files of its bundles, its log, and its current entry.

use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::manifest::{BundleFormat, BundleRef, Manifest};
use crate::store::{Mutability, PutResult, Store};

const MANIFEST: &str = "manifest.json";
const FLAGS: &str = "flags.json";

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
        self.read(MANIFEST, None)
    }

    /// Returns the entry with this number, or `None` if no program has taken the number.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the file is not the manifest of this number, or cannot be read.
    pub fn entry(&self, sequence: u64) -> Result<Option<LogEntry>, PublishError> {
        self.read(&entry_path(sequence), Some(sequence))
    }

    /// Returns the newest entry of the log, which may not be current yet.
    ///
    /// # Errors
    /// Returns [`PublishError`] if an entry does not contain the digest of the previous entry, or cannot be read.
    pub fn head(&self) -> Result<Option<LogEntry>, PublishError> {
        let mut head = self.current()?;
        loop {
            let next = head.as_ref().map_or(1, |head| head.manifest.sequence + 1);
            let Some(found) = self.entry(next)? else { return Ok(head) };
            if found.manifest.previous != head.map(|head| head.digest) {
                return Err(PublishError::broken(self.path(&entry_path(next)), "does not follow the entry before it"));
            }
            head = Some(found);
        }
    }

    /// Returns the bytes of a bundle, after checking that they are the bytes that were published.
    ///
    /// # Errors
    /// Returns [`PublishError`] if the bytes differ, or if the bundle is missing.
    pub fn bundle(&self, bundle: &BundleRef) -> Result<Vec<u8>, PublishError> {
        let broken = |why: String| PublishError::broken(self.path(&bundle.path), why);
        let found = self.store.get(&self.path(&bundle.path))?.ok_or_else(|| broken("is missing".to_owned()))?;
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
        Ok(self.store.get(&self.path(FLAGS))?.map(|object| object.bytes))
    }

    /// Returns the signature of the manifest with this digest, or `None` if it has no signature.
    pub(super) fn signature(&self, digest: &Digest) -> Result<Option<Vec<u8>>, PublishError> {
        Ok(self.store.get(&self.path(&signature_path(digest)))?.map(|object| object.bytes))
    }

    pub(super) fn put_bundle(&self, bundle: &BundleRef, bytes: &[u8]) -> Result<(), PublishError> {
        self.put_once(&self.path(&bundle.path), bytes)
    }

    pub(super) fn put_signature(&self, entry: &LogEntry, signature: &[u8]) -> Result<(), PublishError> {
        self.put_once(&self.path(&signature_path(&entry.digest)), signature)
    }

    /// Creates the file of an entry, which reserves the number of the entry. The result is also [`PutResult::Written`]
    /// if the file already has this entry, because the store's response to an earlier attempt may have been lost.
    pub(super) fn put_entry(&self, entry: &LogEntry) -> Result<PutResult, PublishError> {
        let path = self.path(&entry_path(entry.manifest.sequence));
        if self.store.create(&path, &entry.bytes, Mutability::Immutable)? == PutResult::Written {
            return Ok(PutResult::Written);
        }
        let found = self.store.get(&path)?;
        Ok(if found.is_some_and(|found| found.bytes == entry.bytes) { PutResult::Written } else { PutResult::Conflict })
    }

    /// Makes an entry current, unless a newer entry is current. Several programs may call this at the same time.
    pub(super) fn settle(&self, head: &LogEntry) -> Result<(), PublishError> {
        loop {
            let path = self.path(MANIFEST);
            let found = self.store.get(&path)?;
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
        }
        self.settle_flags()
    }

    /// Writes the current bundle to `flags.json`. Repeats this until the file is up to date, because another program
    /// may make another entry current in the meantime.
    fn settle_flags(&self) -> Result<(), PublishError> {
        let path = self.path(FLAGS);
        loop {
            // The file is read before the manifest, so an older bundle never replaces it.
            let found = self.store.get(&path)?;
            let Some(current) = self.current()? else { return Ok(()) };
            let bundle = &current.manifest.bundle;
            if bundle.format != BundleFormat::Flagd
                || found.as_ref().is_some_and(|found| Digest::sha256(&found.bytes) == bundle.sha256)
            {
                return Ok(());
            }
            let bytes = self.bundle(bundle)?;
            match found {
                Some(found) => self.store.replace(&path, &found.version, &bytes, Mutability::Replaceable)?,
                None => self.store.create(&path, &bytes, Mutability::Replaceable)?,
            };
        }
    }

    /// Writes a file that is named by its digest. An existing file has the same bytes, or is damaged.
    fn put_once(&self, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
        while self.store.create(path, bytes, Mutability::Immutable)? == PutResult::Conflict {
            let Some(found) = self.store.get(path)? else { continue };
            if found.bytes == bytes
                || self.store.replace(path, &found.version, bytes, Mutability::Immutable)? == PutResult::Written
            {
                break;
            }
        }
        Ok(())
    }

    fn read(&self, path: &str, sequence: Option<u64>) -> Result<Option<LogEntry>, PublishError> {
        let found = self.store.get(&self.path(path))?;
        found.map(|object| self.parse(path, object.bytes, sequence)).transpose()
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

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.environment)
    }
}

/// Returns the path of an entry. The number has nine digits, so the names of the files sort in the order of the log.
fn entry_path(sequence: u64) -> String {
    format!("log/{sequence:09}.json")
}

fn signature_path(digest: &Digest) -> String {
    format!("signatures/{digest}.sig")
}
