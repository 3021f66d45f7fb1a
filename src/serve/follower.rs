//! The interface between the server and the sources of its bundles.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use crate::bundle::Bundle;
use crate::git::RevisionSpec;
use crate::report::page::WrittenFlags;
use crate::serve::served_bundle::Origin;
use crate::serve::wake::Waker;

/// A source of bundles. The server calls it in a thread of its own, again and again.
///
/// **Invariant:** a follower returns only complete bundles. If a definition has an error, or if a check of a published
/// bundle fails, the result is [`Reading::Failed`] and never a part of a bundle.
pub trait Follower: Send {
    /// Returns the names of the environments, which never change.
    fn environments(&self) -> Vec<String>;

    /// Reads what is new since the last call, and calls `apply` with the name of an environment and what was read for it. An
    /// environment may have several readings: what was read first is served while the follower goes on.
    fn read(&mut self, apply: &mut dyn FnMut(&str, Reading));

    /// Returns where the history of the flags is, or `None` if the source has no history.
    fn history(&self) -> Option<HistorySource> {
        None
    }

    /// Starts to wake the server when there may be something new. A source that has no notifications does nothing.
    ///
    /// # Errors
    /// Returns an error if the operating system has no notifications to give.
    fn watch(&mut self, _waker: Waker) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

/// What a follower has read for one environment.
pub enum Reading {
    /// The source can be read, and has nothing new.
    Unchanged,
    /// There is a new bundle.
    New(Box<NewBundle>),
    /// The source or the cache has a problem. The current bundle stays.
    Failed(Box<dyn Error + Send + Sync>),
}

/// A bundle that may become current.
pub struct NewBundle {
    /// The bundle.
    pub bundle: Bundle,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it is from the source itself.
    pub freshness: Freshness,
    /// The definitions of all flags, if the source has them. Environments can share them.
    pub definitions: Option<Arc<WrittenFlags>>,
}

/// Where the history of flags is.
#[derive(Debug, Clone)]
pub struct HistorySource {
    /// A folder in the git repository.
    pub folder: PathBuf,
    /// The newest commit, if the bundle does not name one.
    pub newest: RevisionSpec,
}

/// Whether a bundle is from the source itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The bundle is what the source has now.
    Current,
    /// The bundle is what the source had at an earlier time, because the source cannot be read now.
    Cached,
}
