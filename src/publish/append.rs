//! Appends an entry to the log, if the rules allow an entry after the newest one.

use std::time::Duration;

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::error::PublishError;
use crate::publish::manifest::{BundleRef, EntryKind, Manifest, VERSION};
use crate::publish::request::{Ancestry, NewBundle, PublishContent, PublishMode, PublishOutcome, PublishRequest};
use crate::retry::{Backoff, RetryLimit};
use crate::store::PutResult;

/// The number of retries. It exceeds the number of jobs that publish at the same time in a usual deployment.
const MAX_RETRIES: u32 = 100;
/// The unit of the pauses. The longest possible pause is this duration, doubled once for each failed attempt.
const PAUSE: Duration = Duration::from_millis(20);
/// The maximum number of doublings. The longest possible pause is therefore 1.28 s.
const MAX_DOUBLINGS: u32 = 6;

/// Publishes to an environment. First completes an entry that a killed program has left incomplete.
///
/// # Errors
/// Returns [`PublishError`] if the content may not be published after the newest entry, or if the target cannot be
/// used.
pub fn publish(channel: &Channel<'_>, request: &PublishRequest<'_>) -> Result<PublishOutcome, PublishError> {
    let mut backoff = Backoff::new(RetryLimit::Retries(MAX_RETRIES), MAX_DOUBLINGS);
    loop {
        let head = channel.head()?;
        if let (Some(head), PublishMode::Write) = (&head, request.mode) {
            channel.settle(head)?;
        }
        let next = match next_step(channel, request, head)? {
            Step::Append(next) => next,
            Step::Done(outcome) => return Ok(outcome),
        };
        if request.mode == PublishMode::DryRun {
            return Ok(PublishOutcome::Published(next));
        }
        if let PublishContent::Bundle(bundle) = request.content {
            channel.put_bundle(&next.manifest.bundle, &bundle.bytes)?;
        }
        if let Some(sign) = request.sign {
            // The signature is written before the entry. Otherwise, a program that completes an entry of another
            // program would also have to sign it.
            channel.put_signature(&next, &sign(&next.bytes).map_err(PublishError::Signing)?)?;
        }
        match channel.put_entry(&next)? {
            PutResult::Written => {
                channel.settle(&next)?;
                return Ok(PublishOutcome::Published(next));
            }
            PutResult::Conflict => backoff.pause(PAUSE).map_err(|_| PublishError::Contended {
                environment: channel.environment().to_owned(),
                tries: MAX_RETRIES,
            })?,
        }
    }
}

/// The next step of a publication.
enum Step {
    /// Append this entry.
    Append(LogEntry),
    /// Append nothing.
    Done(PublishOutcome),
}

fn next_step(
    channel: &Channel<'_>,
    request: &PublishRequest<'_>,
    head: Option<LogEntry>,
) -> Result<Step, PublishError> {
    match request.content {
        PublishContent::Bundle(bundle) => next_bundle(channel, request, bundle, head),
        PublishContent::Rollback(sequence) => roll_back(channel, *sequence, head),
    }
}

/// Returns the entry of a new bundle, if its commit may be published after the newest published commit.
fn next_bundle(
    channel: &Channel<'_>,
    request: &PublishRequest<'_>,
    new: &NewBundle,
    head: Option<LogEntry>,
) -> Result<Step, PublishError> {
    let bundle = BundleRef::new(&new.bytes, new.format, new.flags);
    let mut manifest = Manifest {
        version: VERSION,
        environment: channel.environment().to_owned(),
        sequence: 1,
        previous: None,
        kind: new.kind,
        commit: new.commit.clone(),
        newest: new.commit.clone(),
        created: new.created.clone(),
        bundle,
    };
    let Some(head) = head else { return Ok(Step::Append(LogEntry::new(manifest)?)) };
    let before = &head.manifest;
    if before.bundle.format != new.format {
        let (found, wanted) = (before.bundle.format, new.format);
        return Err(PublishError::Format { environment: before.environment.clone(), found, wanted });
    }
    let ancestry = (request.compare)(&before.newest).map_err(PublishError::Comparing)?;
    let outcome = match ancestry {
        Ancestry::Same | Ancestry::Older if before.kind == EntryKind::Rollback => PublishOutcome::RolledBack(head),
        // Another version of flagctl may compile the same commit to different bytes.
        Ancestry::Same if before.bundle == manifest.bundle => PublishOutcome::Unchanged(head),
        Ancestry::Older => PublishOutcome::Overtaken(head),
        Ancestry::Diverged => {
            let published = before.newest.clone();
            return Err(PublishError::Diverged { published, commit: new.commit.clone() });
        }
        Ancestry::Same | Ancestry::Newer => {
            manifest.sequence = before.sequence + 1;
            manifest.previous = Some(head.digest.clone());
            return Ok(Step::Append(LogEntry::new(manifest)?));
        }
    };
    Ok(Step::Done(outcome))
}

/// Returns the entry that makes the bundle of an earlier entry current again.
fn roll_back(channel: &Channel<'_>, sequence: u64, head: Option<LogEntry>) -> Result<Step, PublishError> {
    let missing = || PublishError::NoSuchEntry { environment: channel.environment().to_owned(), sequence };
    let head = head.ok_or_else(missing)?;
    let target = channel.entry(sequence)?.ok_or_else(missing)?;
    let bundle = target.manifest.bundle.clone();
    channel.bundle(&bundle)?;
    if head.manifest.bundle == bundle {
        return Ok(Step::Done(PublishOutcome::Unchanged(head)));
    }
    let manifest = Manifest {
        sequence: head.manifest.sequence + 1,
        previous: Some(head.digest),
        kind: EntryKind::Rollback,
        newest: head.manifest.newest,
        ..target.manifest
    };
    Ok(Step::Append(LogEntry::new(manifest)?))
}
