//! Pull requests at the place where a remote is hosted, which is called its forge.
//!
//! The input is the address of a remote and a pushed branch. The output is a pull request that `gh` has opened, or the
//! address at which a person opens one. GitLab opens a merge request by itself, if the push has the options that
//! [`RemoteRepository::push_options`] returns.
//!
//! **Invariant:** only `gh` is run, from an absolute folder in `PATH` that is outside the repository.
//! **Invariant:** an address has no credentials, and everything in it is percent-encoded.

mod github;
mod remote;

pub use crate::forge::github::{Gh, PullRequest};
pub use crate::forge::remote::{Forge, RemoteRepository};
