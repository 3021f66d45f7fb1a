//! Commits to a branch that do not change the user's uncommitted work.
//!
//! The module takes a folder in a repository, a branch, and a function that computes changes from the branch's files.
//! It makes one commit on top of that branch. It builds the commit from objects and moves the branch by
//! compare-and-swap: if another process was faster, the function is called again with the new files, so an edit always
//! applies to the current state.
//!
//! **Invariant:** no other module writes to git or to the working tree.
//! **Invariant:** files that the user has changed, staged or stashed are neither committed nor changed. Only the files
//! of the commit are updated in the working tree and in the index, and only if they have no uncommitted changes.
//! **Invariant:** identity, signatures and hooks follow git's own settings, which the `git` program reads.

mod attempt;
mod branch;
mod changeset;
mod commit_object;
mod error;
#[cfg(feature = "serve")]
mod fetch;
mod git_command;
mod hooks;
mod identity;
mod index_entry;
mod lock;
mod message;
mod push;
mod request;
mod sign;
mod working_file;
mod workspace;
mod worktree;
mod write;

pub use crate::commit::branch::branch_name;
pub use crate::commit::changeset::{Changes, CommitFiles};
pub use crate::commit::error::CommitError;
#[cfg(feature = "serve")]
pub use crate::commit::fetch::fetch;
pub use crate::commit::identity::{Author, author};
pub use crate::commit::message::Message;
pub use crate::commit::push::{LocalBranch, Pushed, push, remote_addresses, remote_default_branch, remote_tip};
pub use crate::commit::request::{Committed, Hooks, MAX_WAIT, Request};
pub use crate::commit::sign::{allowed_signers, revoked_signers, sign_text, signing_key};
pub use crate::commit::write::{recover, write};
