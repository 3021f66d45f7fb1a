//! The request to publish to an environment, and its result.

use std::error::Error;

use crate::publish::channel::LogEntry;
use crate::publish::digest::Digest;
use crate::publish::manifest::{BundleFormat, EntryKind};

/// A compiled environment to publish.
#[derive(Debug, Clone)]
pub struct NewBundle {
    /// The full id of the commit whose definitions it has.
    pub commit: String,
    /// The full id of the newest commit whose kills it has.
    pub kills: String,
    /// The full ids of older commits whose kills it has, too.
    pub kept: Vec<String>,
    /// The time of the manifest, as a timestamp.
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

/// Compiles a bundle that depends on the current entry. Returns `None` if the entry has everything already.
///
/// The entry comes from the store, so the function checks that git knows its commits.
pub type CompileAfter<'r> = &'r dyn Fn(&LogEntry) -> Result<Option<NewBundle>, Box<dyn Error + Send + Sync>>;

/// The content that becomes current.
#[derive(Clone, Copy)]
pub enum PublishContent<'r> {
    /// Publishes a commit as a whole.
    Whole(&'r NewBundle),
    /// Publishes the kills of a commit, and keeps the definitions that are current.
    Kills(CompileAfter<'r>),
    /// Publishes the definitions of an earlier entry again, and keeps the kills that are current.
    Rollback {
        /// The number of the entry.
        sequence: u64,
        /// Compiles the definitions of the entry.
        compile: CompileAfter<'r>,
    },
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
    /// The full id of the commit to publish.
    pub commit: &'r str,
    /// The content that becomes current.
    pub content: PublishContent<'r>,
    /// The name of the target in `flagctl.yaml`, or `None` for a location.
    pub target: Option<&'r str>,
    /// Compares the commit to publish with a published commit.
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
