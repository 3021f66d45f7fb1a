//! Publishing: which bundle may become current in an environment, and how readers get it.
//!
//! Takes a compiled environment with its commit, and a [`Store`](crate::store::Store); gives the next entry of the
//! environment's log, or the reason why nothing is published. The files of an environment `production` are:
//!
//! ```text
//! production/bundles/<sha256>.json     a compiled environment, named by its digest
//! production/signatures/<sha256>.sig   a signature of the manifest with that digest
//! production/log/000000012.json        a manifest; the program that creates the file has taken its number
//! production/manifest.json             the newest of these manifests, byte for byte
//! production/flags.json                for flagd: the bundle of that manifest, byte for byte
//! ```
//!
//! They are written in this order, each only after those before it are complete. So a program that is killed in
//! between leaves readers with what they had. At most it leaves a manifest in the log that is not current yet; the next
//! program that publishes makes it current. Two programs can never take one number, because entries of the log are
//! created and never replaced.
//!
//! `channel` reads and writes these files, `append` decides what the next entry is, `verify` checks all of them, and
//! `pull` keeps a local copy of the current bundle.
//!
//! **Invariant:** what is written depends on the commit, the log and the arguments alone, never on the clock or the
//! machine.
//! **Invariant:** an older commit never follows a newer one, except by a rollback, whose manifest says so.

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
