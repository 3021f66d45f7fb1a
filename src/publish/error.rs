//! Why nothing was published or pulled, and what to do about it.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::publish::{Digest, Format};
use crate::store::StoreError;

/// Nothing became current that was not.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The target cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The histories have parted.
    #[error(
        "{commit} was not made on top of {published}, which is published, nor the other way round: publish a commit \
         that has both; or say `--allow-diverged` where history was rewritten"
    )]
    Apart {
        /// What the target has.
        published: String,
        /// What was to follow.
        commit: String,
    },
    /// Readers of one format would get the other.
    #[error("`{environment}` has bundles for {found:?} there, not for {wanted:?}: publish these to another target")]
    Format {
        /// The environment.
        environment: String,
        /// What the target has.
        found: Format,
        /// What was to follow.
        wanted: Format,
    },
    /// Nothing to roll back to.
    #[error("the log of `{environment}` has no number {sequence}: `flagctl verify` shows how far it goes")]
    NoSuchEntry {
        /// The environment.
        environment: String,
        /// The number.
        sequence: u64,
    },
    /// Something published is not what it was.
    #[error("`{path}` {why}")]
    Broken {
        /// What.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing was published.
    #[error("nothing is published for `{0}` there")]
    Nothing(String),
    /// Others are always faster.
    #[error("others have published `{environment}` {tries} times before it could be: try again")]
    Contended {
        /// The environment.
        environment: String,
        /// How often it was tried.
        tries: u32,
    },
    /// Two commits cannot be compared.
    #[error(transparent)]
    Comparing(Box<dyn Error + Send + Sync>),
    /// No signature was made.
    #[error("cannot sign the manifest: {0}")]
    Signing(Box<dyn Error + Send + Sync>),
    /// A signature cannot be checked here.
    #[error("cannot check signatures: {0}")]
    Signers(String),
    /// A manifest is signed by nobody who may.
    #[error("the signature of manifest {digest} does not do: {why}")]
    Unsigned {
        /// Of the manifest.
        digest: Digest,
        /// What `ssh-keygen` says.
        why: String,
    },
    /// The target has gone back in time.
    #[error("`{environment}` is at number {found} there, and was at {known} before: an older state is not taken")]
    Backwards {
        /// The environment.
        environment: String,
        /// What the target has.
        found: u64,
        /// What it had.
        known: u64,
    },
    /// One number, two manifests.
    #[error("number {sequence} of `{environment}` is another manifest than before: somebody has rewritten the log")]
    Rewritten {
        /// The environment.
        environment: String,
        /// The number.
        sequence: u64,
    },
    /// A local file cannot be used.
    #[error("cannot use `{}`: {error}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// A manifest cannot be written.
    #[error("cannot write the manifest: {0}")]
    Json(String),
}

impl PublishError {
    pub(super) fn broken(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Broken { path: path.into(), why: why.into() }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }

    /// Whether it says something about what is published, and not that this could not be found out.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Apart { .. }
            | Self::Format { .. }
            | Self::NoSuchEntry { .. }
            | Self::Broken { .. }
            | Self::Nothing(_)
            | Self::Unsigned { .. }
            | Self::Backwards { .. }
            | Self::Rewritten { .. } => true,
            Self::Store(_)
            | Self::Contended { .. }
            | Self::Comparing(_)
            | Self::Signing(_)
            | Self::Signers(_)
            | Self::Io { .. }
            | Self::Json(_) => false,
        }
    }
}
