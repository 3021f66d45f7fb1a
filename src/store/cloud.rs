//! Buckets of S3, Google Cloud Storage and Azure as targets.
//!
//! **Invariant:** the only module that waits for a network, and the only one that is asynchronous inside.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig,
    UpdateVersion,
};
use tokio::runtime::{self, Runtime};

use crate::store::{Lifetime, Object, Put, StoreError, Version};

/// A store that does not answer is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Cloud {
    store: Arc<dyn ObjectStore>,
    /// Where in the bucket.
    prefix: String,
    name: String,
    runtime: Runtime,
}

impl Cloud {
    pub(super) fn open(target: &str, environment: &[(String, String)]) -> Result<Self, StoreError> {
        let refused = |why: String| StoreError::Refused { target: target.to_owned(), why };
        let (scheme, rest) = target.split_once("://").unwrap_or_default();
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(refused(format!("it has no bucket: write `{scheme}://bucket/folder`")));
        }
        // A process has one cryptography; that somebody has chosen it before is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = store(scheme, bucket, environment).map_err(|error| refused(said(&error)))?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| refused(error.to_string()))?;
        let name = target.trim_end_matches('/').to_owned();
        Ok(Self { store, prefix: prefix.trim_matches('/').to_owned(), name, runtime })
    }

    pub(super) fn get(&self, path: &str) -> Result<Option<Object>, StoreError> {
        let place = self.place(path);
        let read = async {
            let found = self.store.get(&place).await?;
            let version = Version { tag: found.meta.e_tag.clone(), generation: found.meta.version.clone() };
            Ok(Object { bytes: found.bytes().await?.to_vec(), version })
        };
        match self.runtime.block_on(read) {
            Ok(object) => Ok(Some(object)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.refused(path, &error)),
        }
    }

    pub(super) fn create(&self, path: &str, bytes: &[u8], lifetime: Lifetime) -> Result<Put, StoreError> {
        self.put(path, bytes, PutMode::Create, lifetime)
    }

    pub(super) fn replace(
        &self,
        path: &str,
        old: &Version,
        bytes: &[u8],
        lifetime: Lifetime,
    ) -> Result<Put, StoreError> {
        let old = UpdateVersion { e_tag: old.tag.clone(), version: old.generation.clone() };
        self.put(path, bytes, PutMode::Update(old), lifetime)
    }

    pub(super) fn folders(&self) -> Result<Vec<String>, StoreError> {
        let prefix = Path::from(self.prefix.as_str());
        let found = self.runtime.block_on(self.store.list_with_delimiter(Some(&prefix)));
        let found = found.map_err(|error| self.refused("", &error))?;
        let names = found.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned));
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        Ok(names)
    }

    fn put(&self, path: &str, bytes: &[u8], mode: PutMode, lifetime: Lifetime) -> Result<Put, StoreError> {
        let replaces = matches!(mode, PutMode::Update(_));
        let options = PutOptions { mode, attributes: attributes(lifetime), ..PutOptions::default() };
        let place = self.place(path);
        match self.runtime.block_on(self.store.put_opts(&place, bytes.to_vec().into(), options)) {
            Ok(_) => Ok(Put::Done),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Lost),
            Err(Error::NotFound { .. }) if replaces => Ok(Put::Lost),
            Err(error) => Err(self.refused(path, &error)),
        }
    }

    fn place(&self, path: &str) -> Path {
        Path::from(format!("{}/{path}", self.prefix))
    }

    fn refused(&self, path: &str, error: &Error) -> StoreError {
        StoreError::Refused { target: format!("{}/{path}", self.name), why: said(error) }
    }
}

/// As the vendors' own programs find their settings, by names such as `AWS_REGION`.
fn store(scheme: &str, bucket: &str, environment: &[(String, String)]) -> Result<Arc<dyn ObjectStore>, Error> {
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 5, retry_timeout: PATIENCE };
    let named = |prefix: &'static str| {
        environment
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.to_lowercase(), value))
    };
    Ok(match scheme {
        "s3" => {
            let settings = named("AWS_").filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let builder =
                settings.fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.with_bucket_name(bucket).with_retry(retry).build()?)
        }
        "gs" => {
            let settings = named("GOOGLE_").filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let new = GoogleCloudStorageBuilder::new();
            let builder = settings.fold(new, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.with_bucket_name(bucket).with_retry(retry).build()?)
        }
        _ => {
            let settings = named("AZURE_").filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let new = MicrosoftAzureBuilder::new();
            let builder = settings.fold(new, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.with_container_name(bucket).with_retry(retry).build()?)
        }
    })
}

/// What caches between the store and its readers are told.
fn attributes(lifetime: Lifetime) -> Attributes {
    let cache = match lifetime {
        Lifetime::Immutable => "public, max-age=31536000, immutable",
        Lifetime::Current => "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400",
    };
    Attributes::from_iter([(Attribute::CacheControl, cache), (Attribute::ContentType, "application/json")])
}

/// The error with those behind it, each once.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text += &format!(": {more}");
        }
        cause = error.source();
    }
    text
}
