//! Commits to a branch that leave the user's own work alone.
//!
//! Takes a folder in a repository, a branch and a function from the branch's files to changes of them; gives one commit
//! on top of that branch. The commit is built from objects, and the branch moves by compare-and-swap: if another
//! process was faster, the function is called again with the new files, so an edit always applies to the current state.
//!
//! **Invariant:** no other module writes to git or to the working tree.
//! **Invariant:** what the user has changed, staged or stashed is neither committed nor touched. The working tree and
//! the index follow only in the files of the commit, and only if these are as committed.
//! **Invariant:** identity, signatures and hooks follow git's own settings, which the `git` program is asked for.

mod attempt;
mod branch;
mod changeset;
mod commit_object;
mod error;
mod git_command;
mod hooks;
mod identity;
mod lock;
mod message;
mod push;
mod request;
mod sign;
mod workspace;
mod worktree;
mod write;

pub use crate::commit::branch::branch_name;
pub use crate::commit::changeset::{Changes, CommitFiles};
pub use crate::commit::error::CommitError;
pub use crate::commit::identity::{Author, author};
pub use crate::commit::message::Message;
pub use crate::commit::push::{LocalBranch, Pushed, push, remote_tip};
pub use crate::commit::request::{Committed, Hooks, MAX_WAIT, Request};
pub use crate::commit::sign::{allowed_signers, sign_text};
pub use crate::commit::write::{recover, write};
