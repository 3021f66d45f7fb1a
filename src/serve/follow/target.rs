//! A target with published bundles.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::publish::{
    AllowedSigners, Channel, FollowOptions, KnownEntry, PublishError, VerifiedBundle, copy_bundle, newer_bundle,
};
use crate::serve::follower::{Follower, Freshness, NewBundle, Reading};
use crate::serve::served_bundle::Origin;
use crate::store::Store;

/// Follows environments at a target. With a cache, the last bundle of each environment outlives the process.
pub struct PublishedTarget {
    store: Store,
    cache: Option<Cache>,
    checks: TargetChecks,
    environments: Vec<Followed>,
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

struct Followed {
    environment: String,
    /// The entry that was returned last.
    known: Option<KnownEntry>,
}

impl PublishedTarget {
    /// Creates a follower of a target. `cache` is the folder of the cache.
    pub fn new(store: Store, environments: Vec<String>, checks: TargetChecks, cache: Option<PathBuf>) -> Self {
        let cache = cache.map(|folder| Cache { store: Store::folder(&folder), folder });
        let followed = |environment| Followed { environment, known: None };
        Self { store, cache, checks, environments: environments.into_iter().map(followed).collect() }
    }
}

impl Follower for PublishedTarget {
    fn environments(&self) -> Vec<String> {
        self.environments.iter().map(|followed| followed.environment.clone()).collect()
    }

    fn read(&mut self) -> Vec<(String, Reading)> {
        let options = FollowOptions { signers: self.checks.signers.as_ref(), target: self.checks.target.as_deref() };
        let (store, cache) = (&self.store, self.cache.as_ref());
        let readings = self.environments.iter_mut().map(|followed| {
            let reading = followed.read(store, cache, options);
            (followed.environment.clone(), reading.unwrap_or_else(|error| Reading::Failed(error.into())))
        });
        readings.collect()
    }
}

impl Followed {
    fn read(
        &mut self,
        store: &Store,
        cache: Option<&Cache>,
        options: FollowOptions<'_>,
    ) -> Result<Reading, PublishError> {
        let channel = Channel::new(store, &self.environment);
        let copy = cache.map(|cache| (Channel::new(&cache.store, &self.environment), &cache.folder));
        // The cache is read first, so the log must lead from the cached entry to the current one.
        let cached = match &copy {
            Some((copy, _)) if self.known.is_none() => self.newer(copy, options).ok().flatten(),
            _ => None,
        };
        if cached.is_some() {
            self.known = self.known.take().map(KnownEntry::from_copy);
        }
        match (self.newer(&channel, options), cached) {
            (Ok(Some(new)), _) => {
                // A bundle is served even if it cannot be copied, because it may have a kill.
                let copied = copy.map_or(Ok(()), |(copy, folder)| copy_bundle(&new, &channel, &copy, folder));
                let problem = copied.err().map(|error| format!("the cache cannot be written: {error}"));
                Ok(reading(new, Freshness::Current, problem))
            }
            (Ok(None), Some(cached)) => Ok(reading(cached, Freshness::Current, None)),
            (Ok(None), None) => Ok(Reading::Unchanged),
            (Err(error), Some(cached)) => Ok(reading(cached, Freshness::Cached, Some(error.to_string()))),
            (Err(error), None) => Err(error),
        }
    }

    fn newer(
        &mut self,
        channel: &Channel<'_>,
        options: FollowOptions<'_>,
    ) -> Result<Option<VerifiedBundle>, PublishError> {
        let new = newer_bundle(channel, self.known.as_ref(), options)?;
        Ok(new.map(|(bundle, known)| {
            self.known = Some(known);
            bundle
        }))
    }
}

fn reading(verified: VerifiedBundle, freshness: Freshness, problem: Option<String>) -> Reading {
    let manifest = &verified.entry.manifest;
    let created = manifest.created.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let origin = Origin { commit: Some(manifest.commit.clone()), sequence: Some(manifest.sequence), created };
    Reading::New(Box::new(NewBundle { bundle: verified.bundle, origin, freshness, problem, definitions: None }))
}
