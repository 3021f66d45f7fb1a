//! A session on the branch of an action. It has the definitions at the tip of the branch, and makes commits on top of
//! it.
//!
//! The branch is local or belongs to a remote. The session reads the tip of the branch once, so all parts of a plan use
//! the same commit. A new commit is made on top of the tip at the time of the commit.

use std::path::{Path, PathBuf};

use crate::actions::error::ActionError;
use crate::bundle::Bundle;
use crate::commit;
use crate::commit::{Author, Changes, CommitError, CommitFiles, Hooks, LocalBranch, MAX_WAIT, Request};
use crate::compile::compile;
use crate::diag::flag_help;
use crate::git::{CacheWrites, Revision, RevisionSpec};
use crate::load;
use crate::load::Loaded;
use crate::model::{FLAGS, Settings, flag_file_name, flag_key, shadowed_key};
use crate::source::{FlagRepository, Source};

/// The factor by which a push may wait longer than a local commit, because a network is slower than a disk.
const PUSH_WAIT_FACTOR: u32 = 6;

/// The branch of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The name of the branch, or `None` for the branch that is checked out.
    pub branch: Option<String>,
    /// The name of the remote whose branch is read, and to which the commit is pushed, or `None` for a local commit.
    pub remote: Option<String>,
    /// Whether the branch is merged by a pull request.
    pub review: Review,
}

/// Whether the commit of an action is merged by a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// The commit is made on the branch that counts.
    None,
    /// The commit is made on a new branch, for which a pull request is opened.
    PullRequest,
}

/// Whether a session may write to the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// The session may make a commit.
    Commit,
    /// The session only shows the plan and writes nothing.
    DryRun,
}

/// The settings for the commit of an action.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// The branch to commit to.
    pub destination: Destination,
    /// Whether to run git's hooks.
    pub hooks: Hooks,
    /// Options that a push sends to the server.
    pub push_options: &'static [&'static str],
    /// Whether the session may make a commit.
    pub mode: WriteMode,
}

/// The commit of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedAction {
    /// The name of the branch.
    pub branch: String,
    /// The full id of the commit, or `None` if another commit had already made the same change.
    pub commit: Option<String>,
    /// The name of the remote to which the commit was pushed.
    pub remote: Option<String>,
    /// The default branch of the remote from which the branch was made, or `None` if the branch existed.
    pub made_from: Option<String>,
    /// The reason why the local branch does not have the commit yet, or `None` if the branch has the commit or does not
    /// exist.
    pub local_branch_behind: Option<String>,
}

/// The tip of a branch, and the settings of the flag repository at the tip.
#[derive(Debug)]
pub struct WriteSession {
    options: WriteOptions,
    /// Git's root, to which its paths are relative.
    root: PathBuf,
    branch: String,
    tip: Revision,
    settings: Loaded,
}

impl WriteSession {
    /// Finds the repository at or above a folder, and reads the tip of the branch.
    ///
    /// Unless this is a dry run, the function first completes or undoes a commit that a killed process left unfinished.
    ///
    /// # Errors
    /// Returns an error if the repository or the branch does not exist, if the remote cannot be reached, or if the
    /// settings cannot be read.
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

    /// Returns git's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the name of the branch.
    pub(super) fn branch(&self) -> &str {
        &self.branch
    }

    /// Returns the requested branch of the session.
    pub fn destination(&self) -> &Destination {
        &self.options.destination
    }

    /// Returns the tip of the branch.
    pub fn tip(&self) -> &Revision {
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
        let path = flag_file_name(key).map(|name| self.tip.search(FLAGS, &name)).transpose()?.flatten();
        match path {
            Some(path) => Ok(path),
            None => {
                let paths = self.tip.list(FLAGS)?;
                let keys: Vec<String> = paths.iter().filter_map(|path| flag_key(path)).collect();
                let shadowed = shadowed_key(key).filter(|shadowed| keys.iter().any(|known| known == shadowed));
                let similar = match shadowed {
                    Some(shadowed) => Some(format!("it is the shadow of `{shadowed}`, which has a file")),
                    None => flag_help(key, keys.iter().map(String::as_str)),
                };
                Err(ActionError::UnknownFlag { key: key.to_owned(), branch: self.branch.clone(), similar })
            }
        }
    }

    /// Loads the definitions that decide some flags in some environments.
    pub(super) fn load(&self, keys: &[String], environments: &[&str]) -> Result<Loaded, ActionError> {
        Ok(load::flags(&self.source(), self.settings.clone(), keys, environments)?)
    }

    /// Compiles some flags in an environment, with everything that they depend on.
    pub(super) fn bundle(&self, keys: &[String], environment: &str) -> Result<Bundle, ActionError> {
        Ok(compile(&self.load(keys, &[environment])?.project, environment).0)
    }

    /// Converts a path that is relative to the root of the flag repository to a path that is relative to git's root.
    pub(super) fn git_path(&self, path: &str) -> String {
        format!("{}{path}", self.tip.prefix())
    }

    pub(super) fn author(&self) -> Result<Author, CommitError> {
        commit::author(&self.root)
    }

    /// Commits the changes that `apply` makes to the files of the branch. `apply` runs again if another process has
    /// moved the branch in the meantime.
    pub(super) fn commit(
        &self,
        apply: impl Fn(&CommitFiles) -> Result<Changes, CommitError>,
    ) -> Result<CommittedAction, ActionError> {
        let request = |max_wait| Request {
            folder: &self.root,
            branch: Some(&self.branch),
            hooks: self.options.hooks,
            push_options: self.options.push_options,
            max_wait,
        };
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
                    made_from: pushed.made_from,
                    local_branch_behind,
                })
            }
            None => {
                let committed = commit::write(&request(MAX_WAIT), apply)?;
                let (branch, commit) = (committed.branch, committed.commit);
                Ok(CommittedAction { branch, commit, remote: None, made_from: None, local_branch_behind: None })
            }
        }
    }
}
