//! Errors of publishing, verifying and pulling.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::publish::manifest::{BundleFormat, MAX_BUNDLE_BYTES};
use crate::store::StoreError;

/// The reason why nothing was published or pulled. The current entry does not change.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The target cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The commit and a published commit have diverged.
    #[error(
        "{commit} and the published commit {published} have diverged: publish a commit that descends from both, or \
         pass `--allow-diverged` if history was rewritten"
    )]
    Diverged {
        /// The full id of the commit that is published.
        published: String,
        /// The full id of the commit to publish.
        commit: String,
    },
    /// The bundle has another format than the published bundles, which readers may not support.
    #[error(
        "the target has bundles of the format `{}` for `{environment}`, not `{}`: publish to another target",
        .found.name(), .wanted.name()
    )]
    Format {
        /// The environment's name.
        environment: String,
        /// The format at the target.
        found: BundleFormat,
        /// The format to publish.
        wanted: BundleFormat,
    },
    /// The bundle is larger than readers accept.
    #[error("the bundle of `{environment}` has {size} bytes: expected at most {MAX_BUNDLE_BYTES} bytes")]
    BundleSize {
        /// The environment's name.
        environment: String,
        /// The size in bytes.
        size: u64,
    },
    /// Too many commits have kills that a later commit has revived.
    #[error(
        "`{environment}` has the kills of {commits} commits that were revived since: publish a commit as a whole first"
    )]
    KeptKills {
        /// The environment's name.
        environment: String,
        /// The number of commits.
        commits: usize,
    },
    /// The content for the current entry cannot be compiled.
    #[error(transparent)]
    Compiling(Box<dyn Error + Send + Sync>),
    /// The files belong to a target with a name, and the request is for another target or a location.
    #[error(
        "the files of `{environment}` belong to the target `{found}`: publish with `flagctl publish {found}`, \
             or with `--target {found}` if `flagctl.yaml` cannot be read"
    )]
    NamedTarget {
        /// The environment's name.
        environment: String,
        /// The name of the target.
        found: String,
    },
    /// The bundles are in a format from which no flag can be evaluated here.
    #[error(
        "the bundles of `{environment}` are in flagd's format: publish to a target with `format: flagctl`; the server \
         then also has flagd's file"
    )]
    NotEvaluable {
        /// The environment's name.
        environment: String,
    },
    /// A reader expects the files of another target.
    #[error(
        "the manifest of `{environment}` belongs to {}, not to the target `{expected}`",
        .found.as_ref().map_or("no named target".to_owned(), |name| format!("the target `{name}`"))
    )]
    OtherTarget {
        /// The environment's name.
        environment: String,
        /// The name in the manifest.
        found: Option<String>,
        /// The name that the reader expects.
        expected: String,
    },
    /// The current commit is older than the reader allows.
    #[error("{0}")]
    Stale(String),
    /// The log has no such entry, although a later entry has its digest.
    #[error("the log of `{environment}` has no number {sequence}")]
    Gap {
        /// The environment's name.
        environment: String,
        /// The number.
        sequence: u64,
    },
    /// An entry does not have the digest and the target of the entry before it.
    #[error("number {sequence} of `{environment}` does not follow the entry before it")]
    NotFollowing {
        /// The environment's name.
        environment: String,
        /// The number of the entry.
        sequence: u64,
    },
    /// The entry to roll back to does not exist, or is void.
    #[error("the log of `{environment}` has no number {sequence}: `flagctl verify` shows the newest number")]
    NoSuchEntry {
        /// The environment's name.
        environment: String,
        /// The number.
        sequence: u64,
    },
    /// The history of `HEAD` does not have the commit to roll back to.
    #[error(
        "number {sequence} is of the commit {commit}, which `HEAD` does not contain: check out the published branch, or \
         pass `--allow-diverged` if history was rewritten"
    )]
    ForeignCommit {
        /// The number of the entry.
        sequence: u64,
        /// The full id of its commit.
        commit: String,
    },
    /// A published file, or the state of a pulled file, is damaged or was changed.
    #[error("`{path}` {why}")]
    Broken {
        /// The path of the file.
        path: String,
        /// The problem, as the end of a sentence about the file.
        why: String,
    },
    /// Nothing was published for the environment.
    #[error("nothing is published for `{0}` at the target")]
    NothingPublished(String),
    /// Another program was faster in each attempt.
    #[error("other programs changed `{environment}` first, {attempts} times in a row: try again")]
    Contended {
        /// The environment's name.
        environment: String,
        /// The number of attempts.
        attempts: u32,
    },
    /// Two commits cannot be compared.
    #[error(transparent)]
    Comparing(Box<dyn Error + Send + Sync>),
    /// The manifest cannot be signed.
    #[error("cannot sign the manifest: {0}")]
    Signing(Box<dyn Error + Send + Sync>),
    /// Signatures cannot be checked on this machine.
    #[error("cannot check signatures: {0}")]
    Signers(String),
    /// A manifest has no signature by an allowed signer.
    #[error("number {sequence} of `{environment}` has no valid signature: {why}")]
    Unsigned {
        /// The environment's name.
        environment: String,
        /// The number of the entry.
        sequence: u64,
        /// The problem with the signature.
        why: String,
    },
    /// The target has an older entry than before.
    #[error("the target has number {found} of `{environment}`, and had number {known} before: it must not go back")]
    Backwards {
        /// The environment's name.
        environment: String,
        /// The number at the target.
        found: u64,
        /// The previous number at the target.
        known: u64,
    },
    /// The state belongs to another environment.
    #[error("the state belongs to the environment `{found}`, not `{environment}`")]
    WrongState {
        /// The environment's name.
        environment: String,
        /// The environment of the state.
        found: String,
    },
    /// Two manifests have the same number.
    #[error("number {sequence} of `{environment}` is not the manifest that it was before: the log was rewritten")]
    Rewritten {
        /// The environment's name.
        environment: String,
        /// The number.
        sequence: u64,
    },
    /// A local file cannot be used.
    #[error("cannot use `{}`: {error}", .path.display())]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A manifest or a state cannot be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl PublishError {
    pub(super) fn broken(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Broken { path: path.into(), why: why.into() }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }

    /// Returns whether the error describes a problem with the published files. Any other error means that the files
    /// could not be checked, for example because the target cannot be reached.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Diverged { .. }
            | Self::Format { .. }
            | Self::BundleSize { .. }
            | Self::KeptKills { .. }
            | Self::NamedTarget { .. }
            | Self::OtherTarget { .. }
            | Self::Stale(_)
            | Self::Gap { .. }
            | Self::NotFollowing { .. }
            | Self::NoSuchEntry { .. }
            | Self::ForeignCommit { .. }
            | Self::Broken { .. }
            | Self::NothingPublished(_)
            | Self::NotEvaluable { .. }
            | Self::Unsigned { .. }
            | Self::Backwards { .. }
            | Self::WrongState { .. }
            | Self::Rewritten { .. } => true,
            Self::Store(_)
            | Self::Contended { .. }
            | Self::Comparing(_)
            | Self::Compiling(_)
            | Self::Signing(_)
            | Self::Signers(_)
            | Self::Io { .. }
            | Self::Json(_) => false,
        }
    }
}
