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

    fn read_commit(&mut self) -> Result<Option<Vec<Reading>>, Problem> {
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
        let is_complete = !readings.iter().any(|reading| matches!(reading, Reading::Failed(_)));
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

    fn read(&mut self, apply: &mut dyn FnMut(&str, Reading)) {
        let read = self.read_commit();
        let all = |reading: &dyn Fn() -> Reading| self.environments.iter().map(|_| reading()).collect();
        let readings: Vec<Reading> = match read {
            Ok(Some(readings)) => readings,
            Ok(None) => all(&|| Reading::Unchanged),
            Err(problem) => all(&|| Reading::Failed(problem.to_string().into())),
        };
        self.environments.iter().zip(readings).for_each(|(environment, reading)| apply(environment, reading));
    }
}
