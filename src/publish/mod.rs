//! Publishing: makes bundles current in an environment, and lets readers fetch and check them.
//!
//! The module takes a compiled environment with its commit, and a [`Store`](crate::store::Store). It returns the next
//! entry of the environment's log, or the reason why nothing is published. The files of an environment `production`
//! are:
//!
//! ```text
//! production/bundles/<sha256>.json  a compiled environment, named by its digest
//! production/log/000000012.json     a manifest; the program that creates the file has taken its number
//! production/log/000000012.sig      its seal: a signature, or the word `unsigned` or `void`
//! production/manifest.json          the newest complete manifest, byte for byte
//! production/flags.json             for flagd: the bundle of that manifest, byte for byte
//! ```
//!
//! A program writes these files in this order, and each file only after the previous files are complete. Entries of the
//! log and their seals are created and never replaced, so two programs never have the same number, and an entry is
//! either complete or void. If a program is killed before it has written the seal, the next program makes the entry
//! void, and names it in its own entry. If it is killed after that, the next program makes the entry current.
//!
//! `channel` reads and writes these files, `tip` reads the end of the log, `append` computes the next entry, `verify`
//! checks all files, `follow` returns each new bundle to a server, and `pull` keeps a local copy of the current bundle,
//! with a `state` beside the `local_file`.
//!
//! **Invariant:** the written files depend only on the commit, the log and the arguments, and never on the clock or the
//! machine.
//! **Invariant:** what is signed was computed from a commit, and never read from the store, except for the digest of the
//! previous manifest and the number and commit in it.
//! **Invariant:** a signature is written only for an entry that becomes current.
//! **Invariant:** no read is larger and no loop longer than a bound in this module, whatever a store says.
//! **Invariant:** an older commit never follows a newer one, except by a rollback, which is recorded in the manifest.
//! **Invariant:** kills only move forward: a commit that lacks the newest published kills is never published, and a
//! rollback keeps them.

mod append;
mod channel;
mod current;
mod digest;
mod error;
#[cfg(feature = "serve")]
mod follow;
mod freshness;
mod local_file;
mod manifest;
mod pull;
mod request;
mod seal;
mod signature;
mod signers_file;
mod state;
mod tip;
mod verify;

pub use crate::publish::append::publish;
pub use crate::publish::channel::{Channel, LogEntry};
pub use crate::publish::current::{CurrentEntry, current};
pub use crate::publish::digest::Digest;
pub use crate::publish::error::PublishError;
#[cfg(feature = "serve")]
pub use crate::publish::follow::{BundleCopy, FollowOptions, KnownEntry, VerifiedBundle, newer_bundle};
pub use crate::publish::freshness::MaxAge;
pub use crate::publish::manifest::{
    BundleFormat, BundleRef, EntryKind, MAX_BUNDLE_BYTES, Manifest, VERSION, VoidEntry,
};
pub use crate::publish::pull::{PullOptions, PullOutcome, Pulled, pull};
pub use crate::publish::request::{
    Ancestry, Compare, CompileAfter, NewBundle, PublishContent, PublishMode, PublishOutcome, PublishRequest, Sign,
};
pub use crate::publish::signature::{AllowedSigners, NAMESPACE};
pub use crate::publish::signers_file::{SignersProblem, signers_problem};
pub use crate::publish::state::PullState;
pub use crate::publish::verify::{Verification, VerifyOptions, verify};
