//! A branch of a git repository.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::commit;
use crate::git::{CacheWrites, RevisionSpec};
use crate::serve::follow::definitions::compile_all;
use crate::serve::follower::{Follower, HistorySource, Reading};
use crate::source::{FlagRepository, Source};

/// Follows the newest commit of a branch.
pub struct Branch {
    folder: PathBuf,
    spec: RevisionSpec,
    fetch: Option<Fetch>,
    environments: Vec<String>,
    /// The full id of the last commit that was read.
    known: Option<String>,
}

/// The branch of a remote that is fetched before each reading.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// The name of the remote.
    pub remote: String,
    /// The name of the branch at the remote.
    pub branch: String,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

impl Branch {
    /// Creates a follower of a branch in the repository of a folder.
    pub fn new(folder: PathBuf, spec: RevisionSpec, fetch: Option<Fetch>, environments: Vec<String>) -> Self {
        Self { folder, spec, fetch, environments, known: None }
    }

    fn read_commit(&mut self) -> Result<Option<Vec<(String, Reading)>>, Problem> {
        if let Some(Fetch { remote, branch }) = &self.fetch {
            commit::fetch(&self.folder, remote, branch)?;
        }
        // The repository is opened again, because its caches would grow with each commit.
        let revision = FlagRepository::find(&self.folder, CacheWrites::Forbidden)?.revision(&self.spec)?;
        let commit = revision.commit();
        if self.known.as_ref() == Some(&commit) {
            return Ok(None);
        }
        let created = Timestamp::from_second(revision.seconds()?)?;
        let readings = compile_all(&Source::Revision(revision), &self.environments, created);
        let is_complete = readings.iter().all(|(_, reading)| !matches!(reading, Reading::Failed(_)));
        // A commit with errors is read again, so its problem is reported as long as it lasts.
        self.known = is_complete.then_some(commit);
        Ok(Some(readings))
    }
}

impl Follower for Branch {
    fn environments(&self) -> Vec<String> {
        self.environments.clone()
    }

    fn history(&self) -> Option<HistorySource> {
        Some(HistorySource { folder: self.folder.clone(), newest: self.spec.clone() })
    }

    fn read(&mut self) -> Vec<(String, Reading)> {
        match self.read_commit() {
            Ok(Some(readings)) => readings,
            Ok(None) => self.environments.iter().map(|name| (name.clone(), Reading::Unchanged)).collect(),
            Err(problem) => {
                let problem = problem.to_string();
                let failed = |name: &String| (name.clone(), Reading::Failed(problem.clone().into()));
                self.environments.iter().map(failed).collect()
            }
        }
    }
}
