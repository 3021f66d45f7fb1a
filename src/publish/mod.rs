//! One environment after the other, as fleets read it: what may become current, and how it does.
//!
//! Takes a compiled environment with the commit that it is from, and a [`Store`](crate::store::Store); gives a new
//! number in the log of that environment, or the reason why there is none. Of an environment `production` there are:
//!
//! ```text
//! production/bundles/<sha256>.json     a compiled environment, named by its digest
//! production/signatures/<sha256>.sig   a signature of the manifest with that digest
//! production/log/000000012.json        a manifest; whoever creates the file has taken its number
//! production/manifest.json             the newest of these manifests, byte for byte
//! production/flags.json                for flagd: the bundle of that manifest, byte for byte
//! ```
//!
//! They are written in this order, each only when those before it are whole. So whoever is killed in between leaves
//! readers with what they had, and at most a manifest in the log that is not current yet, which the next one to
//! publish makes current. Two can never take one number, because the log's entries are created, never replaced.
//!
//! **Invariant:** what is written depends on the commit, the log and the arguments alone, never on clock or machine.
//! **Invariant:** an older commit never follows a newer one, except as a rollback, which says so.

mod channel;
mod digest;
mod error;
mod manifest;
mod pull;
mod signature;
mod verify;

use std::error::Error;
use std::time::Duration;

pub use crate::publish::channel::{Channel, Entry};
pub use crate::publish::digest::Digest;
pub use crate::publish::error::PublishError;
pub use crate::publish::manifest::{BundleRef, Format, Kind, Manifest, VERSION};
pub use crate::publish::pull::{Pulled, State, pull, state};
pub use crate::publish::signature::{AllowedSigners, NAMESPACE};
pub use crate::publish::verify::{Checks, Verified, verify};

use crate::retry::{Backoff, RetryLimit};
use crate::store::Put;

/// A publication is tried again this many times: more often than a deployment has jobs that publish at the same time.
const MAX_RETRIES: u32 = 100;
/// The unit of the pauses between two attempts.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest pause is the unit, doubled this many times at most: 1.28 s.
const MAX_DOUBLINGS: u32 = 6;

/// What shall become current.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// What a commit defines.
    Edition(Edition),
    /// What had that number before.
    Rollback(u64),
}

/// An environment as a commit defines it.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The commit's full id.
    pub commit: String,
    /// When it was made, as a timestamp.
    pub created: String,
    /// Why it is published.
    pub kind: Kind,
    /// What the bytes are.
    pub format: Format,
    /// How many flags they define.
    pub flags: usize,
    /// What is read in the end.
    pub bytes: Vec<u8>,
}

/// How the commit to be published stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ancestry {
    /// It is that commit.
    Same,
    /// It was made on top of it, or of what was made on top of it.
    Newer,
    /// The other one was.
    Older,
    /// Neither was.
    Apart,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Write,
    /// Only what would be done is found out.
    Look,
}

/// How the commit stands to the one that the function is given.
pub type Compare<'r> = &'r dyn Fn(&str) -> Result<Ancestry, Box<dyn Error + Send + Sync>>;
/// Makes a signature of a manifest.
pub type Sign<'r> = &'r dyn Fn(&[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

/// What to publish, and by which rules.
pub struct Request<'r> {
    /// What shall become current.
    pub wanted: &'r Wanted,
    /// How its commit stands to the newest that was published.
    pub compare: Compare<'r>,
    /// None for manifests without signatures.
    pub sign: Option<Sign<'r>>,
    /// Whether anything is written.
    pub mode: Mode,
}

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// It has a number, and is current.
    Published(Entry),
    /// It was current already.
    Unchanged(Entry),
    /// A newer commit was published.
    Overtaken(Entry),
    /// The commit, or a newer one, was rolled back; only what is made on top of it is published.
    RolledBack(Entry),
}

/// Publishes, and completes what others have left incomplete.
///
/// # Errors
/// [`PublishError`] if it may not be published or cannot be.
pub fn publish(channel: &Channel<'_>, request: &Request<'_>) -> Result<Outcome, PublishError> {
    let mut backoff = Backoff::new(RetryLimit::Retries(MAX_RETRIES), MAX_DOUBLINGS);
    loop {
        let head = channel.head()?;
        if let (Some(head), Mode::Write) = (&head, request.mode) {
            channel.settle(head)?;
        }
        let next = match decide(channel, request, head)? {
            Decision::Next(next) => next,
            Decision::Done(outcome) => return Ok(outcome),
        };
        if request.mode == Mode::Look {
            return Ok(Outcome::Published(next));
        }
        if let Wanted::Edition(edition) = request.wanted {
            channel.put_bundle(&next.manifest.bundle, &edition.bytes)?;
        }
        if let Some(sign) = request.sign {
            // Before it can become current: otherwise those who complete it would have to sign what others made.
            channel.put_signature(&next, &sign(&next.bytes).map_err(PublishError::Signing)?)?;
        }
        match channel.put_entry(&next)? {
            Put::Done => {
                channel.settle(&next)?;
                return Ok(Outcome::Published(next));
            }
            Put::Lost => backoff.pause(PAUSE).map_err(|_| PublishError::Contended {
                environment: channel.environment().to_owned(),
                tries: MAX_RETRIES,
            })?,
        }
    }
}

enum Decision {
    Next(Entry),
    Done(Outcome),
}

/// What follows the newest entry of the log, if anything may.
fn decide(channel: &Channel<'_>, request: &Request<'_>, head: Option<Entry>) -> Result<Decision, PublishError> {
    let edition = match request.wanted {
        Wanted::Edition(edition) => edition,
        Wanted::Rollback(to) => return roll_back(channel, *to, head),
    };
    let bundle = BundleRef::new(edition);
    let mut manifest = Manifest {
        version: VERSION,
        environment: channel.environment().to_owned(),
        sequence: 1,
        previous: None,
        kind: edition.kind,
        commit: edition.commit.clone(),
        newest: edition.commit.clone(),
        created: edition.created.clone(),
        bundle,
    };
    let Some(head) = head else { return Ok(Decision::Next(Entry::new(manifest)?)) };
    let before = &head.manifest;
    if before.bundle.format != edition.format {
        let (found, wanted) = (before.bundle.format, edition.format);
        return Err(PublishError::Format { environment: before.environment.clone(), found, wanted });
    }
    let standing = (request.compare)(&before.newest).map_err(PublishError::Comparing)?;
    let done = match standing {
        Ancestry::Same | Ancestry::Older if before.kind == Kind::Rollback => Outcome::RolledBack(head),
        // The same commit with other bytes is from another version of flagctl.
        Ancestry::Same if before.bundle == manifest.bundle => Outcome::Unchanged(head),
        Ancestry::Older => Outcome::Overtaken(head),
        Ancestry::Apart => {
            let published = before.newest.clone();
            return Err(PublishError::Apart { published, commit: edition.commit.clone() });
        }
        Ancestry::Same | Ancestry::Newer => {
            manifest.sequence = before.sequence + 1;
            manifest.previous = Some(head.digest.clone());
            return Ok(Decision::Next(Entry::new(manifest)?));
        }
    };
    Ok(Decision::Done(done))
}

fn roll_back(channel: &Channel<'_>, to: u64, head: Option<Entry>) -> Result<Decision, PublishError> {
    let missing = || PublishError::NoSuchEntry { environment: channel.environment().to_owned(), sequence: to };
    let head = head.ok_or_else(missing)?;
    let target = channel.entry(to)?.ok_or_else(missing)?;
    let bundle = target.manifest.bundle.clone();
    channel.bundle(&bundle)?;
    if head.manifest.bundle == bundle {
        return Ok(Decision::Done(Outcome::Unchanged(head)));
    }
    let manifest = Manifest {
        sequence: head.manifest.sequence + 1,
        previous: Some(head.digest),
        kind: Kind::Rollback,
        newest: head.manifest.newest,
        ..target.manifest
    };
    Ok(Decision::Next(Entry::new(manifest)?))
}
