//! From a tree to a commit object: who, what it says, hooks, signature.

use git2::{Oid, Signature, Time};

use crate::commit::branch::Workspace;
use crate::commit::changeset::Plan;
use crate::commit::hooks::Run;
use crate::commit::sign::Signer;
use crate::commit::{CommitError, Hooks, git_command, message};

/// What is the same for every commit of a run.
pub(super) struct Writer {
    author: Signature<'static>,
    committer: Signature<'static>,
    signer: Option<Signer>,
    hooks: Hooks,
}

/// A commit that no branch has yet.
pub(super) struct Commit {
    pub(super) id: Oid,
    pub(super) subject: String,
    pub(super) committer: Signature<'static>,
}

impl Writer {
    pub(super) fn new(site: &Workspace, hooks: Hooks) -> Result<Self, CommitError> {
        let author = author(site)?;
        let committer = identity(site, "GIT_COMMITTER_IDENT")?;
        let signer = Signer::new(site, &committer)?;
        Ok(Self { author, committer, signer, hooks })
    }

    pub(super) fn commit(&self, site: &Workspace, plan: &Plan) -> Result<Commit, CommitError> {
        let message = plan.message.render();
        let message = match self.hooks {
            Hooks::Skip => message,
            Hooks::Respect => Run::of(site, plan)?.ask(&message)?,
        };
        let message = message::tidy(&message);
        if message.is_empty() {
            return Err(CommitError::NoMessage);
        }
        let tree = site.repository.find_tree(plan.tree)?;
        let parent = site.repository.find_commit(plan.base)?;
        let (author, committer) = (&self.author, &self.committer);
        let id = match &self.signer {
            None => site.repository.commit(None, author, committer, &message, &tree, &[&parent])?,
            Some(signer) => {
                let buffer = site.repository.commit_create_buffer(author, committer, &message, &tree, &[&parent])?;
                let content = String::from_utf8_lossy(&buffer);
                let signature = signer.sign(&content)?;
                site.repository.commit_signed(&content, &signature, None)?
            }
        };
        let subject = message.lines().next().unwrap_or_default().to_owned();
        Ok(Commit { id, subject, committer: self.committer.clone() })
    }
}

pub(super) fn author(site: &Workspace) -> Result<Signature<'static>, CommitError> {
    identity(site, "GIT_AUTHOR_IDENT")
}

/// Who git says it is, and when: its settings, `GIT_AUTHOR_*` and `GIT_COMMITTER_*`, and its rules about them.
fn identity(site: &Workspace, variable: &str) -> Result<Signature<'static>, CommitError> {
    let result = git_command::output(&mut git_command::at(site, &["var", variable]))?;
    let text = String::from_utf8_lossy(&result.stdout);
    let signature = result.status.success().then(|| parse(text.trim_end())).flatten();
    signature.ok_or_else(|| CommitError::Identity(git_command::said(&result)))
}

/// Reads `Name <address> seconds +hhmm`.
fn parse(text: &str) -> Option<Signature<'static>> {
    let (who, when) = text.rsplit_once("> ")?;
    let (name, address) = who.split_once(" <")?;
    let (seconds, zone) = when.split_once(' ')?;
    let zone: i32 = zone.parse().ok()?;
    let minutes = zone / 100 * 60 + zone % 100;
    Signature::new(name, address, &Time::new(seconds.parse().ok()?, minutes)).ok()
}
