//! A session on the branch that an action is for: what it defines now, and how a commit gets on top of it.
//!
//! The branch is a local one, or one of a remote. The session reads the tip of the branch once, so that all parts of a
//! plan are about the same commit. A commit is made on top of the tip that the branch has at that time.

use std::path::{Path, PathBuf};

use crate::actions::error::ActionError;
use crate::bundle::Bundle;
use crate::commit;
use crate::commit::{Author, Changes, CommitError, CommitFiles, Hooks, LocalBranch, MAX_WAIT, Request};
use crate::compile::compile;
use crate::diag::did_you_mean;
use crate::git::{CacheWrites, Revision, RevisionSpec};
use crate::load;
use crate::load::Loaded;
use crate::model::{FLAGS, Settings};
use crate::snapshot::stem;
use crate::source::{FlagRepository, Source};

/// A network is slower than a disk: a push may wait this many times longer than a local commit.
const PUSH_WAIT_FACTOR: u32 = 6;

/// The branch that an action is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The name of the branch, or `None` for the branch that is checked out.
    pub branch: Option<String>,
    /// The name of the remote whose branch is read, and to which the commit is pushed, or `None` for a local commit.
    pub remote: Option<String>,
}

/// Whether a session may write to the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// A commit may follow.
    Commit,
    /// The plan is only shown, so nothing is written.
    DryRun,
}

/// How an action is committed.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// The branch.
    pub destination: Destination,
    /// Whether git's hooks run.
    pub hooks: Hooks,
    /// Whether a commit may follow.
    pub mode: WriteMode,
}

/// A commit that an action has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedAction {
    /// The name of the branch.
    pub branch: String,
    /// The full id of the commit, or `None` if another commit had already made the same change.
    pub commit: Option<String>,
    /// The name of the remote that the commit was pushed to.
    pub remote: Option<String>,
    /// Why the local branch of that name does not have the commit yet, or `None` if it has it or does not exist.
    pub local_branch_behind: Option<String>,
}

/// The tip of a branch and the settings that are defined there.
#[derive(Debug)]
pub struct WriteSession {
    options: WriteOptions,
    /// The folder that git's paths are relative to.
    root: PathBuf,
    branch: String,
    tip: Revision,
    settings: Loaded,
}

impl WriteSession {
    /// Finds the repository at or above a folder, and reads the tip of the branch.
    ///
    /// Unless it is a dry run, this first completes or reverts a commit that an earlier process left unfinished.
    ///
    /// # Errors
    /// Returns an error if there is no repository or no such branch, if the remote cannot be reached, or if the settings
    /// cannot be read.
    pub fn open(folder: &Path, options: WriteOptions) -> Result<Self, ActionError> {
        let cache_writes = match options.mode {
            WriteMode::Commit => CacheWrites::Allowed,
            WriteMode::DryRun => CacheWrites::Forbidden,
        };
        let repository = FlagRepository::find(folder, cache_writes)?;
        let root = repository.git().top_folder().to_owned();
        if options.mode == WriteMode::Commit {
            commit::recover(&root)?;
        }
        let branch = options.destination.branch.as_deref();
        let (text, branch) = match &options.destination.remote {
            Some(remote) => commit::remote_tip(&root, remote, branch)?,
            None => {
                let branch = commit::branch_name(&root, branch)?;
                (format!("refs/heads/{branch}"), branch)
            }
        };
        let tip = repository.revision(&RevisionSpec::new(text))?;
        let settings = load::settings(&Source::Revision(tip.clone()))?;
        Ok(Self { options, root, branch, tip, settings })
    }

    /// Returns the settings at the tip.
    pub fn settings(&self) -> &Settings {
        &self.settings.project.settings
    }

    /// Returns the branch that the session is for, as it was asked for.
    pub fn destination(&self) -> &Destination {
        &self.options.destination
    }

    pub(super) fn tip(&self) -> &Revision {
        &self.tip
    }

    pub(super) fn source(&self) -> Source {
        Source::Revision(self.tip.clone())
    }

    /// Returns the path of the file that defines a flag, from the root of the flag repository.
    ///
    /// # Errors
    /// Returns [`ActionError::UnknownFlag`] if no file defines it.
    pub fn flag_path(&self, key: &str) -> Result<String, ActionError> {
        let path = if crate::model::is_name(key) { self.tip.search(FLAGS, &format!("{key}.yaml"))? } else { None };
        match path {
            Some(path) => Ok(path),
            None => {
                let paths = self.tip.list(FLAGS)?;
                let similar = did_you_mean(key, paths.iter().filter_map(|path| stem(path)));
                Err(ActionError::UnknownFlag { key: key.to_owned(), branch: self.branch.clone(), similar })
            }
        }
    }

    /// Loads the definitions that decide some flags in an environment.
    pub(super) fn load(&self, keys: &[String], environment: &str) -> Result<Loaded, ActionError> {
        Ok(load::flags(&self.source(), self.settings.clone(), keys, &[environment])?)
    }

    /// Compiles some flags in an environment, with everything that they depend on.
    pub(super) fn bundle(&self, keys: &[String], environment: &str) -> Result<Bundle, ActionError> {
        Ok(compile(&self.load(keys, environment)?.project, environment).0)
    }

    /// Converts a path from the root of the flag repository to one from the root of the git repository.
    pub(super) fn git_path(&self, path: &str) -> String {
        format!("{}{path}", self.tip.prefix())
    }

    pub(super) fn author(&self) -> Result<Author, CommitError> {
        commit::author(&self.root)
    }

    /// Commits the changes that `apply` makes to the files of the branch. `apply` runs again whenever another process
    /// has moved the branch in the meantime.
    pub(super) fn commit(
        &self,
        apply: impl Fn(&CommitFiles) -> Result<Changes, CommitError>,
    ) -> Result<CommittedAction, ActionError> {
        let request =
            |max_wait| Request { folder: &self.root, branch: Some(&self.branch), hooks: self.options.hooks, max_wait };
        match &self.options.destination.remote {
            Some(remote) => {
                let pushed = commit::push(&request(MAX_WAIT * PUSH_WAIT_FACTOR), remote, apply)?;
                let local_branch_behind = match pushed.local {
                    LocalBranch::NotUpdated(reason) => Some(reason),
                    LocalBranch::Updated | LocalBranch::Absent => None,
                };
                Ok(CommittedAction {
                    branch: self.branch.clone(),
                    commit: pushed.committed.commit,
                    remote: Some(remote.clone()),
                    local_branch_behind,
                })
            }
            None => {
                let committed = commit::write(&request(MAX_WAIT), apply)?;
                let (branch, commit) = (committed.branch, committed.commit);
                Ok(CommittedAction { branch, commit, remote: None, local_branch_behind: None })
            }
        }
    }
}
