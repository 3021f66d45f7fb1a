//! Makes a commit object from a tree: it adds the author and the message, runs the hooks and signs the commit.

use git2::{Oid, Signature};

use crate::commit::changeset::CommitPlan;
use crate::commit::error::CommitError;
use crate::commit::hooks::HookRun;
use crate::commit::identity;
use crate::commit::message;
use crate::commit::request::Hooks;
use crate::commit::sign::Signer;
use crate::commit::workspace::Workspace;

/// The settings of all commits in one run.
pub(super) struct Writer {
    author: Signature<'static>,
    committer: Signature<'static>,
    signer: Option<Signer>,
    hooks: Hooks,
}

/// A commit object that is not on a branch yet.
pub(super) struct Commit {
    pub(super) id: Oid,
    pub(super) subject: String,
    pub(super) committer: Signature<'static>,
}

impl Writer {
    /// Reads author, committer and signing key from git's settings.
    pub(super) fn new(workspace: &Workspace, hooks: Hooks) -> Result<Self, CommitError> {
        let author = identity::author_signature(workspace)?;
        let committer = identity::committer_signature(workspace)?;
        let signer = Signer::for_commits(workspace, &committer)?;
        Ok(Self { author, committer, signer, hooks })
    }

    /// Runs the hooks and writes the commit object of a plan.
    pub(super) fn commit(&self, workspace: &Workspace, plan: &CommitPlan) -> Result<Commit, CommitError> {
        let message = plan.message.render();
        let message = match self.hooks {
            Hooks::Skip => message,
            Hooks::Run => HookRun::find(workspace, plan)?.run(&message)?,
        };
        let message = message::clean_up(&message);
        if message.is_empty() {
            return Err(CommitError::NoMessage);
        }
        let tree = workspace.repository.find_tree(plan.tree)?;
        let parent = workspace.repository.find_commit(plan.base)?;
        let (author, committer) = (&self.author, &self.committer);
        let id = match &self.signer {
            None => workspace.repository.commit(None, author, committer, &message, &tree, &[&parent])?,
            Some(signer) => {
                let buffer =
                    workspace.repository.commit_create_buffer(author, committer, &message, &tree, &[&parent])?;
                let content = String::from_utf8_lossy(&buffer);
                let signature = signer.sign_commit(&content)?;
                workspace.repository.commit_signed(&content, &signature, None)?
            }
        };
        let subject = message.lines().next().unwrap_or_default().to_owned();
        Ok(Commit { id, subject, committer: self.committer.clone() })
    }
}
