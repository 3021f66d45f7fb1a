//! One environment in a store: its bundles, its log, and what is current.

use crate::publish::{BundleRef, Digest, Format, Manifest, PublishError};
use crate::store::{Lifetime, Put, Store};

const MANIFEST: &str = "manifest.json";
const FLAGS: &str = "flags.json";

/// An environment of a target.
pub struct Channel<'s> {
    store: &'s Store,
    environment: String,
}

/// A manifest with the bytes that its digest and its signature are of.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it says.
    pub manifest: Manifest,
    /// As it lies there.
    pub bytes: Vec<u8>,
    /// Of the bytes.
    pub digest: Digest,
}

impl Entry {
    pub(super) fn new(manifest: Manifest) -> Result<Self, PublishError> {
        let bytes = manifest.to_json()?;
        Ok(Self { manifest, digest: Digest::of(&bytes), bytes })
    }
}

impl<'s> Channel<'s> {
    /// The environment of that name.
    pub fn new(store: &'s Store, environment: &str) -> Self {
        Self { store, environment: environment.to_owned() }
    }

    /// Its name.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The manifest that readers begin with; none before the first.
    ///
    /// # Errors
    /// [`PublishError`] if it is none of this environment.
    pub fn current(&self) -> Result<Option<Entry>, PublishError> {
        self.read(MANIFEST, None)
    }

    /// The manifest with that number, if it was ever taken.
    ///
    /// # Errors
    /// [`PublishError`] if what has its place does not belong there.
    pub fn entry(&self, sequence: u64) -> Result<Option<Entry>, PublishError> {
        self.read(&entry_path(sequence), Some(sequence))
    }

    /// The newest manifest of the log, which may be about to become current.
    ///
    /// # Errors
    /// [`PublishError`] if the log has been tampered with there.
    pub fn head(&self) -> Result<Option<Entry>, PublishError> {
        let mut head = self.current()?;
        loop {
            let next = head.as_ref().map_or(1, |head| head.manifest.sequence + 1);
            let Some(found) = self.entry(next)? else { return Ok(head) };
            if found.manifest.previous != head.map(|head| head.digest) {
                return Err(PublishError::broken(self.path(&entry_path(next)), "does not follow the one before it"));
            }
            head = Some(found);
        }
    }

    /// The bytes of a bundle, which are those that it had when it was published.
    ///
    /// # Errors
    /// [`PublishError`] if they are not, or are gone.
    pub fn bundle(&self, bundle: &BundleRef) -> Result<Vec<u8>, PublishError> {
        let broken = |why: String| PublishError::broken(self.path(&bundle.path), why);
        let found = self.store.get(&self.path(&bundle.path))?.ok_or_else(|| broken("is not there".to_owned()))?;
        let size = found.bytes.len() as u64;
        if size != bundle.size {
            return Err(broken(format!("has {size} bytes, not {}", bundle.size)));
        }
        let digest = Digest::of(&found.bytes);
        if digest != bundle.sha256 {
            return Err(broken(format!("has the digest {digest}: it was changed after it was published")));
        }
        Ok(found.bytes)
    }

    /// What plain flagd reads, as it lies there.
    pub(super) fn flags(&self) -> Result<Option<Vec<u8>>, PublishError> {
        Ok(self.store.get(&self.path(FLAGS))?.map(|object| object.bytes))
    }

    /// The signature of a manifest, if there is one.
    pub(super) fn signature(&self, digest: &Digest) -> Result<Option<Vec<u8>>, PublishError> {
        Ok(self.store.get(&self.path(&signature_path(digest)))?.map(|object| object.bytes))
    }

    pub(super) fn put_bundle(&self, bundle: &BundleRef, bytes: &[u8]) -> Result<(), PublishError> {
        self.put_known(&self.path(&bundle.path), bytes)
    }

    pub(super) fn put_signature(&self, entry: &Entry, signature: &[u8]) -> Result<(), PublishError> {
        self.put_known(&self.path(&signature_path(&entry.digest)), signature)
    }

    /// Takes a number; also done if this very manifest has it already, as after an answer that was lost.
    pub(super) fn put_entry(&self, entry: &Entry) -> Result<Put, PublishError> {
        let path = self.path(&entry_path(entry.manifest.sequence));
        if self.store.create(&path, &entry.bytes, Lifetime::Immutable)? == Put::Done {
            return Ok(Put::Done);
        }
        let found = self.store.get(&path)?;
        Ok(if found.is_some_and(|found| found.bytes == entry.bytes) { Put::Done } else { Put::Lost })
    }

    /// Makes the newest entry current, unless a newer one is; whoever else tries the same does no harm.
    pub(super) fn settle(&self, head: &Entry) -> Result<(), PublishError> {
        loop {
            let path = self.path(MANIFEST);
            let found = self.store.get(&path)?;
            let now = match &found {
                Some(object) => Some(self.parse(MANIFEST, object.bytes.clone(), None)?.manifest.sequence),
                None => None,
            };
            if now.is_some_and(|now| now >= head.manifest.sequence) {
                break;
            }
            // What readers are led to must be there, whoever has written it.
            self.bundle(&head.manifest.bundle)?;
            let done = match found {
                Some(object) => self.store.replace(&path, &object.version, &head.bytes, Lifetime::Current)?,
                None => self.store.create(&path, &head.bytes, Lifetime::Current)?,
            };
            if done == Put::Done {
                break;
            }
        }
        self.settle_flags()
    }

    /// Makes `flags.json` the current bundle, and looks again: it may have become another one meanwhile.
    fn settle_flags(&self) -> Result<(), PublishError> {
        let path = self.path(FLAGS);
        loop {
            // Read before the manifest, so that what replaces it is never older than it.
            let found = self.store.get(&path)?;
            let Some(current) = self.current()? else { return Ok(()) };
            let bundle = &current.manifest.bundle;
            if bundle.format != Format::Flagd
                || found.as_ref().is_some_and(|found| Digest::of(&found.bytes) == bundle.sha256)
            {
                return Ok(());
            }
            let bytes = self.bundle(bundle)?;
            match found {
                Some(found) => self.store.replace(&path, &found.version, &bytes, Lifetime::Current)?,
                None => self.store.create(&path, &bytes, Lifetime::Current)?,
            };
        }
    }

    /// Puts what only ever has these bytes, or is wrong.
    fn put_known(&self, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
        while self.store.create(path, bytes, Lifetime::Immutable)? == Put::Lost {
            let Some(found) = self.store.get(path)? else { continue };
            if found.bytes == bytes
                || self.store.replace(path, &found.version, bytes, Lifetime::Immutable)? == Put::Done
            {
                break;
            }
        }
        Ok(())
    }

    fn read(&self, path: &str, sequence: Option<u64>) -> Result<Option<Entry>, PublishError> {
        let found = self.store.get(&self.path(path))?;
        found.map(|object| self.parse(path, object.bytes, sequence)).transpose()
    }

    fn parse(&self, path: &str, bytes: Vec<u8>, sequence: Option<u64>) -> Result<Entry, PublishError> {
        let broken = |why: String| PublishError::broken(self.path(path), why);
        let manifest = Manifest::from_json(&bytes).map_err(broken)?;
        if manifest.environment != self.environment {
            return Err(broken(format!("is of the environment `{}`", manifest.environment)));
        }
        if sequence.is_some_and(|sequence| sequence != manifest.sequence) {
            return Err(broken(format!("has the number {}", manifest.sequence)));
        }
        Ok(Entry { digest: Digest::of(&bytes), manifest, bytes })
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.environment)
    }
}

/// Nine digits, so that a listing is in order.
fn entry_path(sequence: u64) -> String {
    format!("log/{sequence:09}.json")
}

fn signature_path(digest: &Digest) -> String {
    format!("signatures/{digest}.sig")
}
