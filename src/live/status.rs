//! How far what is live is from what is merged.

use crate::git::{CommitRelation, GitError, Revision};
use crate::live::definitions::Live;
use crate::live::error::LiveError;
use crate::live::kills::stopped_more;
use crate::publish::Manifest;

/// The relation of the published definitions to the merged commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveRelation {
    /// The merged commit is live.
    Same,
    /// The published commit is this many commits behind.
    Behind(usize),
    /// The published commit is newer than the merged commit that this clone knows.
    Ahead,
    /// Neither commit is based on the other one.
    Diverged,
    /// This clone does not have a published commit, so the relation is not known.
    Unknown,
}

/// What is live in an environment, compared with a merged commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveStatus {
    /// The relation of the definitions.
    pub relation: LiveRelation,
    /// The keys of the flags that are killed and live.
    pub live_kills: Vec<String>,
    /// The keys of the flags whose merged kills are not live, or whose live kills admit more units.
    pub waiting_kills: Vec<String>,
    /// The keys of the flags that were revived, for all units or some, and whose kills are still live.
    pub waiting_revivals: Vec<String>,
}

impl LiveStatus {
    /// Returns whether all that is merged is live.
    pub fn is_up_to_date(&self) -> bool {
        self.relation == LiveRelation::Same && self.waiting_kills.is_empty() && self.waiting_revivals.is_empty()
    }
}

impl Live {
    /// Compares a published bundle with a merged commit.
    ///
    /// # Errors
    /// Returns [`LiveError`] if a commit that the clone has cannot be read.
    pub fn status(&self, manifest: &Manifest, merged: &Revision) -> Result<LiveStatus, LiveError> {
        let relation = match merged.relation_to(&manifest.commit) {
            Ok(CommitRelation::Same) => LiveRelation::Same,
            Ok(CommitRelation::Descendant) => LiveRelation::Behind(merged.commits_ahead_of(&manifest.commit)?),
            Ok(CommitRelation::Ancestor) => LiveRelation::Ahead,
            Ok(CommitRelation::Diverged) => LiveRelation::Diverged,
            Err(GitError::UnknownOrder { .. }) => LiveRelation::Unknown,
            Err(error) => return Err(error.into()),
        };
        let unknown = || LiveStatus {
            relation: LiveRelation::Unknown,
            live_kills: Vec::new(),
            waiting_kills: Vec::new(),
            waiting_revivals: Vec::new(),
        };
        let live = match self.published_kills(manifest) {
            Ok(live) => live,
            Err(LiveError::MissingCommit { .. }) => return Ok(unknown()),
            Err(error) => return Err(error),
        };
        let wanted = self.kills_of([merged.commit().as_str()], &manifest.environment)?;
        Ok(LiveStatus {
            relation,
            waiting_kills: stopped_more(&wanted, &live),
            waiting_revivals: stopped_more(&live, &wanted),
            live_kills: live.into_keys().collect(),
        })
    }
}
