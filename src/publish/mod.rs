//! Publishing: makes bundles current in an environment, and lets readers fetch and check them.
//!
//! The module takes a compiled environment with its commit, and a [`Store`](crate::store::Store). It returns the next
//! entry of the environment's log, or the reason why nothing is published. The files of an environment `production`
//! are:
//!
//! ```text
//! production/bundles/<sha256>.json     a compiled environment, named by its digest
//! production/signatures/<sha256>.sig   a signature of the manifest with that digest
//! production/log/000000012.json        a manifest; the program that creates the file has taken its number
//! production/manifest.json             the newest of these manifests, byte for byte
//! production/flags.json                for flagd: the bundle of that manifest, byte for byte
//! ```
//!
//! A program writes these files in this order, and each file only after the previous files are complete. If it is
//! killed between two files, readers still get the previous bundle. The log may then contain a manifest that is not
//! current yet, and the next program that publishes makes it current. Two programs can never use the same number,
//! because entries of the log are created and never replaced.
//!
//! `channel` reads and writes these files, `append` computes the next entry, `verify` checks all files, and `pull`
//! keeps a local copy of the current bundle.
//!
//! **Invariant:** the written files depend only on the commit, the log and the arguments, and never on the clock or the
//! machine.
//! **Invariant:** an older commit never follows a newer one, except by a rollback, which is recorded in the manifest.

mod append;
mod channel;
mod digest;
mod error;
mod manifest;
mod pull;
mod request;
mod signature;
mod verify;

pub use crate::publish::append::publish;
pub use crate::publish::channel::{Channel, LogEntry};
pub use crate::publish::digest::Digest;
pub use crate::publish::error::PublishError;
pub use crate::publish::manifest::{BundleFormat, BundleRef, EntryKind, Manifest, VERSION};
pub use crate::publish::pull::{PullOutcome, PullState, pull};
pub use crate::publish::request::{
    Ancestry, Compare, NewBundle, PublishContent, PublishMode, PublishOutcome, PublishRequest, Sign,
};
pub use crate::publish::signature::{AllowedSigners, NAMESPACE};
pub use crate::publish::verify::{Verification, VerifyOptions, verify};
