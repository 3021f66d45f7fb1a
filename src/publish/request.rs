//! What to publish, by which rules, and the result.

use std::error::Error;

use crate::publish::channel::LogEntry;
use crate::publish::manifest::{BundleFormat, EntryKind};

/// A compiled environment to publish.
#[derive(Debug, Clone)]
pub struct NewBundle {
    /// The full id of the commit from which it was compiled.
    pub commit: String,
    /// The time of the commit, as a timestamp.
    pub created: String,
    /// The reason for publishing it.
    pub kind: EntryKind,
    /// The format of the bytes.
    pub format: BundleFormat,
    /// The number of flags in it.
    pub flags: usize,
    /// The bytes that readers get.
    pub bytes: Vec<u8>,
}

/// What becomes current.
#[derive(Debug, Clone)]
pub enum PublishContent {
    /// A new bundle.
    Bundle(NewBundle),
    /// The bundle of the entry with this number.
    Rollback(u64),
}

/// The relation of the commit that is published to another commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ancestry {
    /// It is the other commit.
    Same,
    /// It is a descendant of the other commit.
    Newer,
    /// It is an ancestor of the other commit.
    Older,
    /// Neither is an ancestor of the other.
    Diverged,
}

/// Whether publishing writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishMode {
    /// Writes to the target.
    Write,
    /// Only finds out what would be written.
    DryRun,
}

/// Returns the relation of the commit that is published to the commit with this id.
pub type Compare<'r> = &'r dyn Fn(&str) -> Result<Ancestry, Box<dyn Error + Send + Sync>>;

/// Signs a manifest.
pub type Sign<'r> = &'r dyn Fn(&[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

/// A request to publish to one environment.
pub struct PublishRequest<'r> {
    /// What becomes current.
    pub content: &'r PublishContent,
    /// Compares the commit of the content with the newest commit that was published.
    pub compare: Compare<'r>,
    /// Signs the manifest, or `None` for manifests without signatures.
    pub sign: Option<Sign<'r>>,
    /// Whether anything is written.
    pub mode: PublishMode,
}

/// The result of publishing.
#[derive(Debug)]
pub enum PublishOutcome {
    /// The content has a number and is current.
    Published(LogEntry),
    /// The content was current already.
    Unchanged(LogEntry),
    /// A newer commit was published before.
    Overtaken(LogEntry),
    /// The commit, or a newer one, was rolled back. Only a descendant of it can be published.
    RolledBack(LogEntry),
}
