//! Where published objects lie: a folder, or a bucket of an object store.
//!
//! Takes a target such as `dist/flags` or `s3://bucket/flags`; gives objects by path, each whole, and writes them
//! under a condition, so that of several writers one wins and the others know it.
//!
//! **Invariant:** a reader sees an object as it was before or after a write, never in between.
//! **Invariant:** nothing here knows what is published, and nothing is ever removed.

#[cfg(feature = "cloud")]
mod cloud;
mod error;
mod folder;

use std::path::Path;
use std::time::Duration;

pub use crate::store::error::StoreError;

use crate::store::folder::Folder;

/// For how long caches between the store and its readers may keep an object whose content changes.
pub const CACHED: Duration = Duration::from_secs(5);

/// A target that was opened.
pub struct Store {
    place: Place,
    name: String,
}

enum Place {
    Folder(Folder),
    #[cfg(feature = "cloud")]
    Cloud(cloud::Cloud),
}

/// What lies at a path.
pub struct Object {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Tells it from what was there before and will be there after.
    pub version: Version,
}

/// A version of an object, as its store tells them apart.
#[derive(Debug, Clone, Default)]
pub struct Version {
    tag: Option<String>,
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "folders have none"))]
    generation: Option<String>,
}

/// What becomes of an object after it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Its path says what it is, for ever.
    Immutable,
    /// It is replaced by what follows it.
    Current,
}

/// What a conditional write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Done,
    /// Somebody else was faster; nothing was written.
    Lost,
}

impl Store {
    /// Opens a target; `environment` has what the programs of the object stores call it by, such as
    /// `AWS_ACCESS_KEY_ID`.
    ///
    /// # Errors
    /// [`StoreError`] for a kind of target that is not known, or settings that do not do.
    #[cfg_attr(not(feature = "cloud"), allow(unused_variables, reason = "a folder has no settings"))]
    pub fn open(target: &str, environment: &[(String, String)]) -> Result<Self, StoreError> {
        let name = target.trim_end_matches('/').to_owned();
        let place = match target.split_once("://") {
            None => Place::Folder(Folder::new(Path::new(target))),
            Some(("file", path)) => Place::Folder(Folder::new(Path::new(path))),
            #[cfg(feature = "cloud")]
            Some(("s3" | "gs" | "az", _)) => Place::Cloud(cloud::Cloud::open(target, environment)?),
            #[cfg(not(feature = "cloud"))]
            Some(("s3" | "gs" | "az", _)) => return Err(StoreError::NotBuilt(target.to_owned())),
            Some((scheme, _)) => return Err(StoreError::Scheme(scheme.to_owned())),
        };
        Ok(Self { place, name })
    }

    /// The target without a `/` at its end.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long a reader may go on getting what was there before a write.
    pub fn delay(&self) -> Duration {
        match &self.place {
            Place::Folder(_) => Duration::ZERO,
            #[cfg(feature = "cloud")]
            Place::Cloud(_) => CACHED,
        }
    }

    /// What lies at the path; none if nothing does.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be said.
    pub fn get(&self, path: &str) -> Result<Option<Object>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.get(path),
            #[cfg(feature = "cloud")]
            Place::Cloud(cloud) => cloud.get(path),
        }
    }

    /// Puts an object where nothing lies yet.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn create(&self, path: &str, bytes: &[u8], lifetime: Lifetime) -> Result<Put, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.create(path, bytes, lifetime),
            #[cfg(feature = "cloud")]
            Place::Cloud(cloud) => cloud.create(path, bytes, lifetime),
        }
    }

    /// Puts an object in the place of the one that was read, if that still lies there.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn replace(&self, path: &str, old: &Version, bytes: &[u8], lifetime: Lifetime) -> Result<Put, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.replace(path, old, bytes, lifetime),
            #[cfg(feature = "cloud")]
            Place::Cloud(cloud) => cloud.replace(path, old, bytes, lifetime),
        }
    }

    /// The names of the folders right below the target, sorted.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be listed.
    pub fn folders(&self) -> Result<Vec<String>, StoreError> {
        match &self.place {
            Place::Folder(folder) => folder.folders(),
            #[cfg(feature = "cloud")]
            Place::Cloud(cloud) => cloud.folders(),
        }
    }
}
