//! The request to publish to an environment, and its result.

use std::error::Error;

use crate::publish::channel::LogEntry;
use crate::publish::digest::Digest;
use crate::publish::manifest::{BundleFormat, EntryKind};

/// A compiled environment to publish.
#[derive(Debug, Clone)]
pub struct NewBundle {
    /// The full id of the commit from which it was compiled.
    pub commit: String,
    /// The time of the commit, as a timestamp.
    pub created: String,
    /// The reason for the publication.
    pub kind: EntryKind,
    /// The format of the bytes.
    pub format: BundleFormat,
    /// The number of flags in it.
    pub flags: usize,
    /// The bytes of the bundle.
    pub bytes: Vec<u8>,
}

impl NewBundle {
    /// Returns the digest of the bytes.
    pub fn sha256(&self) -> Digest {
        Digest::sha256(&self.bytes)
    }
}

/// The content that becomes current.
#[derive(Debug, Clone)]
pub enum PublishContent {
    /// Publishes a new bundle.
    Bundle(NewBundle),
    /// Publishes the content of an earlier entry again.
    Rollback {
        /// The number of the entry.
        sequence: u64,
        /// The bundle, compiled again from the commit of the entry.
        bundle: NewBundle,
    },
}

impl PublishContent {
    pub(super) fn bundle(&self) -> &NewBundle {
        match self {
            Self::Bundle(bundle) | Self::Rollback { bundle, .. } => bundle,
        }
    }
}

/// The relation of the commit to publish to another commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ancestry {
    /// Both are the same commit.
    Same,
    /// The commit is a descendant of the other commit.
    Newer,
    /// The commit is an ancestor of the other commit.
    Older,
    /// Neither commit is an ancestor of the other.
    Diverged,
}

/// Whether a publication writes to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishMode {
    /// Writes to the target.
    Write,
    /// Does not write, and only computes the result.
    DryRun,
}

/// Returns the relation of the commit to publish to the commit with this id.
pub type Compare<'r> = &'r dyn Fn(&str) -> Result<Ancestry, Box<dyn Error + Send + Sync>>;

/// Signs a manifest.
pub type Sign<'r> = &'r dyn Fn(&[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

/// A request to publish to one environment.
pub struct PublishRequest<'r> {
    /// The content that becomes current.
    pub content: &'r PublishContent,
    /// The name of the target in `flagctl.yaml`, or `None` for a location.
    pub target: Option<&'r str>,
    /// Compares the commit of the content with the newest published commit.
    pub compare: Compare<'r>,
    /// The function that signs the manifest, or `None` for a manifest without a signature.
    pub sign: Option<Sign<'r>>,
    /// Whether the publication writes to the target.
    pub mode: PublishMode,
}

/// The result of a publication.
#[derive(Debug)]
pub enum PublishOutcome {
    /// The content got a number and is now current.
    Published(LogEntry),
    /// The content already was current.
    Unchanged(LogEntry),
    /// A newer commit was published before.
    Overtaken(LogEntry),
    /// The commit or a newer commit was rolled back. Only descendants of the rolled-back commit can be published.
    RolledBack(LogEntry),
}
