//! Targets of publishing: a folder, a bucket of an object store, or a web server, which can only be read.
//!
//! The module takes a target such as `dist/flags` or `s3://bucket/flags`, and reads and writes complete objects by
//! path. Every write has a condition: the object does not exist, or it has a known version. If several programs write
//! the same object at the same time, one of them succeeds and the others get [`PutResult::Conflict`].
//!
//! **Invariant:** a reader sees an object either before or after a write, and never a partly written object.
//! **Invariant:** no read returns more bytes than its caller allows, and none waits for a device.
//! **Invariant:** this module does not interpret the content of objects, and never removes an object.

#[cfg(feature = "cloud")]
mod bounded_http;
#[cfg(feature = "cloud")]
mod cloud;
mod error;
mod folder;
mod object;
#[cfg(feature = "cloud")]
mod settings;
#[cfg(feature = "cloud")]
mod web_address;

use std::path::Path;
use std::time::Duration;

pub use crate::store::error::StoreError;
pub use crate::store::object::{ConditionalRead, Mutability, Object, ObjectVersion, PutResult};

use crate::store::folder::Folder;

/// The maximum time for which a cache between an object store and its readers may return an old copy of a replaceable
/// object.
#[cfg(feature = "cloud")]
const CACHE_LIFETIME: Duration = Duration::from_secs(5);

/// An open target.
pub struct Store {
    backend: Backend,
    name: String,
}

/// The kinds of targets.
enum Backend {
    Folder(Folder),
    #[cfg(feature = "cloud")]
    Cloud(cloud::Cloud),
}

impl Store {
    /// Opens a target. `environment` has the environment variables, which contain the settings of object stores, such
    /// as `AWS_ACCESS_KEY_ID`.
    ///
    /// # Errors
    /// Returns [`StoreError`] for an unknown scheme, or if settings are missing or invalid.
    #[cfg_attr(not(feature = "cloud"), allow(unused_variables, reason = "a folder has no settings"))]
    pub fn open(target: &str, environment: &[(String, String)]) -> Result<Self, StoreError> {
        let name = target.trim_end_matches('/').to_owned();
        let backend = match target.split_once("://") {
            None => Backend::Folder(Folder::new(Path::new(target))),
            Some(("file", path)) => Backend::Folder(Folder::new(Path::new(path))),
            #[cfg(feature = "cloud")]
            Some(("s3" | "gs" | "az" | "https" | "http", _)) => {
                Backend::Cloud(cloud::Cloud::open(target, environment)?)
            }
            #[cfg(not(feature = "cloud"))]
            Some(("s3" | "gs" | "az" | "https" | "http", _)) => return Err(StoreError::NotBuilt(target.to_owned())),
            Some((scheme, _)) => return Err(StoreError::Scheme(scheme.to_owned())),
        };
        Ok(Self { backend, name })
    }

    /// Opens a folder.
    #[cfg(feature = "serve")]
    pub fn folder(path: &Path) -> Self {
        Self { backend: Backend::Folder(Folder::new(path)), name: path.display().to_string() }
    }

    /// Returns the target without a `/` at its end.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the maximum time after a write for which a reader may get the old object.
    pub fn delay(&self) -> Duration {
        match &self.backend {
            Backend::Folder(_) => Duration::ZERO,
            #[cfg(feature = "cloud")]
            Backend::Cloud(_) => CACHE_LIFETIME,
        }
    }

    /// Returns the object at the path, or `None` if it does not exist. Never reads more than `max_bytes`, whatever the
    /// store says about the size.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the object is larger, or if the target cannot be read.
    pub fn get(&self, path: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        match &self.backend {
            Backend::Folder(folder) => folder.get(path, max_bytes),
            #[cfg(feature = "cloud")]
            Backend::Cloud(cloud) => cloud.get(path, max_bytes),
        }
    }

    /// Returns the object at the path if it is not the known one. A store that sends tags is asked only for a newer
    /// object, so that a program can read a manifest every few seconds. Otherwise the contents are compared.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the object is larger than `max_bytes`, or if the target cannot be read.
    pub fn get_if_changed(
        &self,
        path: &str,
        known: Option<&ObjectVersion>,
        max_bytes: u64,
    ) -> Result<ConditionalRead, StoreError> {
        match &self.backend {
            Backend::Folder(folder) => Ok(match folder.get(path, max_bytes)? {
                Some(object) => ConditionalRead::of(object, known),
                None => ConditionalRead::Missing,
            }),
            #[cfg(feature = "cloud")]
            Backend::Cloud(cloud) => cloud.get_if_changed(path, known, max_bytes),
        }
    }

    /// Returns [`StoreError::ReadOnly`] if nothing can be written to the target.
    ///
    /// # Errors
    /// Returns the error that every write would return.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Folder(_) => Ok(()),
            #[cfg(feature = "cloud")]
            Backend::Cloud(cloud) => cloud.check_writable(),
        }
    }

    /// Writes an object if no object exists at the path.
    ///
    /// # Errors
    /// Returns [`StoreError`] if it cannot be written.
    pub fn create(&self, path: &str, bytes: &[u8], mutability: Mutability) -> Result<PutResult, StoreError> {
        match &self.backend {
            Backend::Folder(folder) => folder.create(path, bytes, mutability),
            #[cfg(feature = "cloud")]
            Backend::Cloud(cloud) => cloud.create(path, bytes, mutability),
        }
    }

    /// Replaces an object if it still has the version `old`.
    ///
    /// # Errors
    /// Returns [`StoreError`] if it cannot be written.
    pub fn replace(
        &self,
        path: &str,
        old: &ObjectVersion,
        bytes: &[u8],
        mutability: Mutability,
    ) -> Result<PutResult, StoreError> {
        match &self.backend {
            Backend::Folder(folder) => folder.replace(path, old, bytes, mutability),
            #[cfg(feature = "cloud")]
            Backend::Cloud(cloud) => cloud.replace(path, old, bytes, mutability),
        }
    }

    /// Returns the names of the folders directly below the target, sorted.
    ///
    /// # Errors
    /// Returns [`StoreError::NotListed`] for a web server, and another [`StoreError`] if a request fails.
    pub fn folders(&self) -> Result<Vec<String>, StoreError> {
        match &self.backend {
            Backend::Folder(folder) => folder.folders(),
            #[cfg(feature = "cloud")]
            Backend::Cloud(cloud) => cloud.folders(),
        }
    }
}
