//! Buckets of S3, Google Cloud Storage and Azure Blob Storage as targets, and web servers as targets to read.
//!
//! **Invariant:** only this module uses the network, and only this module uses asynchronous code.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, Error, GetOptions, ObjectStore, PutMode, PutOptions, RetryConfig,
    UpdateVersion,
};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

use crate::store::bounded_http::ResponseBudget;
use crate::store::error::StoreError;
use crate::store::object::{ConditionalRead, ContentVersion, Mutability, Object, ObjectVersion, PutResult};
use crate::store::settings::Settings;
use crate::store::web_address;

/// The maximum time for the retries of a request to a store that does not respond.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum time of an operation, with all its retries and pages.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(180);
/// The number of bytes for messages of the store and for its tokens, in addition to the content of an object.
const MESSAGE_BYTES: u64 = 1 << 20;
/// The number of bytes for a list of folders. A page has 1,000 names and less than 1 MiB.
const LIST_BYTES: u64 = 16 << 20;

/// A folder in a bucket, or on a web server, as a target.
pub(super) struct Cloud {
    store: Arc<dyn ObjectStore>,
    operations: Operations,
    /// The folder in the bucket, without a `/` at its beginning and end. The prefix of a web server is in the store.
    prefix: String,
    name: String,
    settings: Settings,
    budget: ResponseBudget,
    runtime: Runtime,
    /// Operations of several threads take turns, because they share the budget.
    turn: Mutex<()>,
}

/// The operations that a store supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operations {
    /// Reads, conditional writes and lists.
    All,
    /// Only reads of objects whose paths are known.
    Read,
}

impl Cloud {
    pub(super) fn open(target: &str, environment: &[(String, String)]) -> Result<Self, StoreError> {
        let refused = |why: String| StoreError::Refused { target: target.to_owned(), why };
        let (scheme, rest) = target.split_once("://").unwrap_or_default();
        let budget = ResponseBudget::default();
        // A process has one cryptography provider. If it is already installed, this call returns an error, which can be
        // ignored.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (store, operations, prefix, settings) = if matches!(scheme, "https" | "http") {
            (web_address::open(target, retry(), &budget)?, Operations::Read, "", Settings::default())
        } else {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(refused(format!("expected a bucket, as in `{scheme}://bucket/folder`")));
            }
            let settings = Settings::with_prefix(variable_prefix(scheme), environment)?;
            let store = open_bucket(scheme, bucket, &settings, &budget);
            (store.map_err(|error| refused(settings.redact(&chain(&error))))?, Operations::All, prefix, settings)
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| refused(error.to_string()))?;
        let name = target.trim_end_matches('/').to_owned();
        Ok(Self {
            store,
            operations,
            prefix: prefix.trim_matches('/').to_owned(),
            name,
            settings,
            budget,
            runtime,
            turn: Mutex::default(),
        })
    }

    pub(super) fn get(&self, path: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        match self.get_if_changed(path, None, max_bytes)? {
            ConditionalRead::Changed(object) => Ok(Some(object)),
            ConditionalRead::Unchanged | ConditionalRead::Missing => Ok(None),
        }
    }

    pub(super) fn get_if_changed(
        &self,
        path: &str,
        known: Option<&ObjectVersion>,
        max_bytes: u64,
    ) -> Result<ConditionalRead, StoreError> {
        let object_path = self.object_path(path);
        let too_large = || StoreError::TooLarge { target: format!("{}/{path}", self.name), max_bytes };
        let options = GetOptions { if_none_match: known.and_then(|known| known.tag.clone()), ..GetOptions::default() };
        let is_conditional = options.if_none_match.is_some();
        let read = async {
            let found = self.store.get_opts(&object_path, options).await?;
            let (tag, generation) = (found.meta.e_tag.clone(), found.meta.version.clone());
            // A web server that sends no time is represented by the beginning of 1970.
            let seconds = found.meta.last_modified.timestamp();
            let written =
                Some(seconds).filter(|seconds| *seconds > 0).and_then(|time| Timestamp::from_second(time).ok());
            if found.meta.size > max_bytes {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            let mut parts = found.into_stream();
            while let Some(part) = parts.next().await {
                bytes.extend_from_slice(&part?);
                if bytes.len() as u64 > max_bytes {
                    return Ok(None);
                }
            }
            let version = ObjectVersion { tag, generation, content: ContentVersion::of(&bytes) };
            Ok(Some(Object { bytes, version, written }))
        };
        match self.run(path, max_bytes.saturating_add(MESSAGE_BYTES), read)? {
            Ok(Some(object)) => Ok(ConditionalRead::of(object, known)),
            Ok(None) => Err(too_large()),
            Err(Error::NotFound { .. }) => Ok(ConditionalRead::Missing),
            Err(Error::NotModified { .. }) if is_conditional => Ok(ConditionalRead::Unchanged),
            Err(_) if self.budget.is_spent() => Err(too_large()),
            Err(error) => Err(self.error(path, &error)),
        }
    }

    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        match self.operations {
            Operations::All => Ok(()),
            Operations::Read => Err(StoreError::ReadOnly(self.name.clone())),
        }
    }

    pub(super) fn create(&self, path: &str, bytes: &[u8], mutability: Mutability) -> Result<PutResult, StoreError> {
        self.put(path, bytes, PutMode::Create, mutability)
    }

    pub(super) fn replace(
        &self,
        path: &str,
        old: &ObjectVersion,
        bytes: &[u8],
        mutability: Mutability,
    ) -> Result<PutResult, StoreError> {
        let old = UpdateVersion { e_tag: old.tag.clone(), version: old.generation.clone() };
        self.put(path, bytes, PutMode::Update(old), mutability)
    }

    pub(super) fn folders(&self) -> Result<Vec<String>, StoreError> {
        if self.operations == Operations::Read {
            return Err(StoreError::NotListed(self.name.clone()));
        }
        let prefix = Path::from(self.prefix.as_str());
        let found = self.run("", LIST_BYTES, self.store.list_with_delimiter(Some(&prefix)))?;
        let found = found.map_err(|error| self.error("", &error))?;
        let names = found.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned));
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        Ok(names)
    }

    fn put(&self, path: &str, bytes: &[u8], mode: PutMode, mutability: Mutability) -> Result<PutResult, StoreError> {
        self.check_writable()?;
        let replaces = matches!(mode, PutMode::Update(_));
        let options = PutOptions { mode, attributes: attributes(mutability), ..PutOptions::default() };
        let object_path = self.object_path(path);
        let put = self.store.put_opts(&object_path, bytes.to_vec().into(), options);
        match self.run(path, MESSAGE_BYTES, put)? {
            Ok(_) => Ok(PutResult::Written),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(PutResult::Conflict),
            Err(Error::NotFound { .. }) if replaces => Ok(PutResult::Conflict),
            Err(error) => Err(self.error(path, &error)),
        }
    }

    /// Runs an operation, with a budget for the bytes of its responses and a limit for its time.
    fn run<T>(&self, path: &str, max_bytes: u64, operation: impl Future<Output = T>) -> Result<T, StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.budget.set(max_bytes);
        self.runtime.block_on(async { timeout(OPERATION_TIMEOUT, operation).await }).map_err(|_| StoreError::Refused {
            target: format!("{}/{path}", self.name),
            why: format!("the store needs more than {} s", OPERATION_TIMEOUT.as_secs()),
        })
    }

    fn object_path(&self, path: &str) -> Path {
        Path::from(format!("{}/{path}", self.prefix))
    }

    fn error(&self, path: &str, error: &Error) -> StoreError {
        StoreError::Refused { target: format!("{}/{path}", self.name), why: self.settings.redact(&chain(error)) }
    }
}

/// Returns how requests are repeated.
fn retry() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 5, retry_timeout: RETRY_TIMEOUT }
}

/// Returns the first part of the names of the environment variables with the settings of a store.
fn variable_prefix(scheme: &str) -> &'static str {
    match scheme {
        "s3" => "AWS_",
        "gs" => "GOOGLE_",
        _ => "AZURE_",
    }
}

/// Opens a bucket. The settings are the environment variables that the programs of the vendors use, such as
/// `AWS_REGION`.
fn open_bucket(
    scheme: &str,
    bucket: &str,
    settings: &Settings,
    budget: &ResponseBudget,
) -> Result<Arc<dyn ObjectStore>, Error> {
    Ok(match scheme {
        "s3" => {
            let settings = settings.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let builder =
                settings.fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_bucket_name(bucket).with_http_connector(budget.clone());
            Arc::new(builder.with_retry(retry()).build()?)
        }
        "gs" => {
            let settings = settings.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let new = GoogleCloudStorageBuilder::new();
            let builder = settings.fold(new, |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_bucket_name(bucket).with_http_connector(budget.clone());
            Arc::new(builder.with_retry(retry()).build()?)
        }
        _ => {
            let settings = settings.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let new = MicrosoftAzureBuilder::new();
            let builder = settings.fold(new, |builder, (key, value)| builder.with_config(key, value));
            let builder = builder.with_container_name(bucket).with_http_connector(budget.clone());
            Arc::new(builder.with_retry(retry()).build()?)
        }
    })
}

/// Returns the headers for caches between the store and its readers. `max-age` is [`CACHE_LIFETIME`](crate::store).
fn attributes(mutability: Mutability) -> Attributes {
    let cache = match mutability {
        Mutability::Immutable => "public, max-age=31536000, immutable",
        Mutability::Replaceable => "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400",
    };
    Attributes::from_iter([(Attribute::CacheControl, cache), (Attribute::ContentType, "application/json")])
}

/// Returns the messages of the error and of its sources, without repetitions.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text += &format!(": {message}");
        }
        cause = error.source();
    }
    text
}
