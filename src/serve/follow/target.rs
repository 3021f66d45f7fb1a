//! An environment at a target.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::publish::{
    AllowedSigners, BundleCopy, Channel, FollowOptions, KnownEntry, LogEntry, PublishError, VerifiedBundle,
    newer_bundle,
};
use crate::serve::follower::{Follower, Freshness, NewBundle, Reading};
use crate::serve::served_bundle::Origin;
use crate::store::Store;

/// Follows an environment at a target. With a cache, its last bundle outlives the process.
pub struct PublishedTarget {
    store: Store,
    environment: String,
    cache: Option<Cache>,
    checks: TargetChecks,
    /// The entry that was read last.
    known: Option<KnownEntry>,
    /// The bundle that the cache does not have yet.
    not_cached: Option<BundleCopy>,
}

/// The checks of each new manifest, in addition to digests and the chain of the log.
#[derive(Debug, Clone, Default)]
pub struct TargetChecks {
    /// One of these signers must have signed it. Without signers, the store is trusted.
    pub signers: Option<AllowedSigners>,
    /// It must have the name of this target.
    pub target: Option<String>,
}

struct Cache {
    folder: PathBuf,
    store: Store,
}

impl TargetChecks {
    fn options(&self) -> FollowOptions<'_> {
        FollowOptions { signers: self.signers.as_ref(), target: self.target.as_deref() }
    }
}

impl PublishedTarget {
    /// Creates a follower of an environment. `cache` is the folder of the cache.
    pub fn new(store: Store, environment: String, checks: TargetChecks, cache: Option<PathBuf>) -> Self {
        let cache = cache.map(|folder| Cache { store: Store::folder(&folder), folder });
        Self { store, environment, cache, checks, known: None, not_cached: None }
    }

    /// Reads the bundle of the cache, which a process before this one has written. From then on, the log must lead from
    /// its entry to the current one.
    fn read_cache(&mut self) -> Result<Option<VerifiedBundle>, PublishError> {
        let Some(cache) = self.cache.as_ref().filter(|_| self.known.is_none()) else { return Ok(None) };
        let channel = Channel::new(&cache.store, &self.environment);
        match newer_bundle(&channel, None, self.checks.options()) {
            Ok(Some((cached, known))) => {
                self.known = Some(known.from_copy());
                Ok(Some(cached))
            }
            Ok(None) | Err(PublishError::NothingPublished(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_target(&mut self) -> Result<Option<VerifiedBundle>, PublishError> {
        let channel = Channel::new(&self.store, &self.environment);
        let new = newer_bundle(&channel, self.known.as_ref(), self.checks.options())?;
        Ok(new.map(|(bundle, known)| {
            self.known = Some(known);
            bundle
        }))
    }

    /// Writes the last bundle to the cache, if it is not there yet.
    fn write_cache(&mut self) -> Result<(), PublishError> {
        if let (Some(cache), Some(copy)) = (&self.cache, &self.not_cached) {
            copy.write(&Channel::new(&self.store, &self.environment), &cache.folder)?;
        }
        self.not_cached = None;
        Ok(())
    }
}

impl Follower for PublishedTarget {
    fn environments(&self) -> Vec<String> {
        vec![self.environment.clone()]
    }

    fn read(&mut self, apply: &mut dyn FnMut(&str, Reading)) {
        let environment = self.environment.clone();
        let mut apply = |reading: Reading| apply(&environment, reading);
        match self.read_cache() {
            Ok(Some(cached)) => apply(reading(cached.bundle, &cached.entry, Freshness::Cached)),
            Ok(None) => {}
            Err(error) => apply(Reading::Failed(format!("the cache is not used: {error}").into())),
        }
        let read = self.read_target();
        let problem = match read {
            Ok(Some(VerifiedBundle { entry, bundle, copy })) => {
                // A bundle may have a kill, so it is served before it is copied.
                apply(reading(bundle, &entry, Freshness::Current));
                self.not_cached = self.cache.is_some().then_some(copy);
                None
            }
            Ok(None) => None,
            Err(error) => Some(error.to_string()),
        };
        let copied = self.write_cache().err().map(|error| format!("the cache cannot be written: {error}"));
        apply(problem.or(copied).map_or(Reading::Unchanged, |problem| Reading::Failed(problem.into())));
    }
}

fn reading(bundle: Bundle, entry: &LogEntry, freshness: Freshness) -> Reading {
    let manifest = &entry.manifest;
    let created = manifest.created.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let origin = Origin { commit: Some(manifest.commit.clone()), sequence: Some(manifest.sequence), created };
    Reading::New(Box::new(NewBundle { bundle, origin, freshness, definitions: None }))
}
