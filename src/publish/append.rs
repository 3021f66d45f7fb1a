//! Appends an entry to the log, if the rules allow an entry after the newest one.

use std::time::Duration;

use crate::publish::channel::{Channel, LogEntry, PAUSE};
use crate::publish::error::PublishError;
use crate::publish::manifest::{BundleRef, EntryKind, MAX_BUNDLE_BYTES, Manifest, VERSION};
use crate::publish::request::{Ancestry, NewBundle, PublishContent, PublishMode, PublishOutcome, PublishRequest};
use crate::publish::seal::Seal;
use crate::publish::tip::Tip;
use crate::retry::{Backoff, RetryLimit};
use crate::store::PutResult;

/// The total of the pauses in which a program waits for another one to complete its entry. A signature takes a few
/// milliseconds, and a request to a store a tenth of a second.
const WAIT_LIMIT: Duration = Duration::from_secs(1);
/// The maximum number of doublings of a pause in this time. The longest possible pause is therefore 160 ms.
const WAIT_DOUBLINGS: u32 = 3;

/// Publishes to an environment. First makes an entry current that another program has completed, if that program was
/// killed before it could do so. An entry that another program has begun becomes void, unless it has the bytes that
/// this request leads to.
///
/// # Errors
/// Returns [`PublishError`] if the content may not be published after the newest entry, or if the target cannot be
/// used.
pub fn publish(channel: &Channel<'_>, request: &PublishRequest<'_>) -> Result<PublishOutcome, PublishError> {
    let mut backoff = channel.backoff();
    let mut waiting: Option<(u64, Backoff)> = None;
    loop {
        let tip = Tip::read(channel)?;
        if let (Some(head), PublishMode::Write) = (&tip.head, request.mode) {
            channel.settle(head)?;
        }
        let next = match next_step(channel, request, &tip)? {
            Step::Append(next) => next,
            Step::Done(outcome) => return Ok(outcome),
        };
        if request.mode == PublishMode::DryRun {
            return Ok(PublishOutcome::Published(next));
        }
        channel.put_bundle(&next.manifest.bundle, &request.content.bundle().bytes)?;
        match &tip.open {
            // This program, or another one for the same commit, has taken the number before.
            Some(open) if open.bytes == next.bytes => {}
            Some(open) => {
                let number = open.sequence;
                let mut wait = match waiting.take() {
                    Some((of, wait)) if of == number => wait,
                    _ => Backoff::new(RetryLimit::Waiting(WAIT_LIMIT), WAIT_DOUBLINGS),
                };
                if wait.pause(PAUSE).is_err() {
                    channel.put_seal(number, Seal::Void)?;
                }
                waiting = Some((number, wait));
                continue;
            }
            None => {
                if channel.put_entry(&next)? == PutResult::Conflict {
                    channel.pause(&mut backoff)?;
                    continue;
                }
            }
        }
        // The number is taken. The bytes that are signed are those of this program, and never read from the store.
        let seal = match request.sign {
            Some(sign) => Seal::Signature(sign(&next.bytes).map_err(PublishError::Signing)?),
            None => Seal::Unsigned,
        };
        match (channel.put_seal(next.manifest.sequence, seal)?, request.sign) {
            (Seal::Void, _) | (Seal::Unsigned, Some(_)) => channel.pause(&mut backoff)?,
            (Seal::Signature(_), _) | (Seal::Unsigned, None) => {
                channel.settle(&next)?;
                return Ok(PublishOutcome::Published(next));
            }
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

/// Returns the entry of the content, if it may be published after the newest entry.
fn next_step(channel: &Channel<'_>, request: &PublishRequest<'_>, tip: &Tip) -> Result<Step, PublishError> {
    let new = request.content.bundle();
    let bundle = BundleRef::new(&new.bytes, new.format, new.flags);
    if bundle.size > MAX_BUNDLE_BYTES {
        return Err(PublishError::BundleSize { environment: channel.environment().to_owned(), size: bundle.size });
    }
    let mut manifest = Manifest {
        version: VERSION,
        target: request.target.map(str::to_owned),
        environment: channel.environment().to_owned(),
        sequence: tip.next_sequence(channel)?,
        previous: tip.head.as_ref().map(|head| head.digest.clone()),
        void: tip.void.clone(),
        kind: new.kind,
        commit: new.commit.clone(),
        newest: new.commit.clone(),
        created: new.created.clone(),
        bundle,
    };
    if let Some(head) = &tip.head {
        check_target(head, request.target)?;
        let outcome = match request.content {
            PublishContent::Bundle(bundle) => after(channel, request, bundle, &manifest, head)?,
            PublishContent::Rollback { bundle, .. } => {
                manifest.kind = EntryKind::Rollback;
                manifest.newest = head.manifest.newest.clone();
                // The store names the newest commit, so git must know it before it is signed.
                if (request.compare)(&manifest.newest).map_err(PublishError::Comparing)? == Ancestry::Diverged {
                    return Err(diverged(head, bundle));
                }
                (head.manifest.bundle == manifest.bundle).then(|| PublishOutcome::Unchanged(head.clone()))
            }
        };
        if let Some(outcome) = outcome {
            return Ok(Step::Done(outcome));
        }
    } else if let PublishContent::Rollback { sequence, .. } = request.content {
        let environment = channel.environment().to_owned();
        return Err(PublishError::NoSuchEntry { environment, sequence: *sequence });
    }
    Ok(Step::Append(LogEntry::new(manifest)?))
}

/// Returns the outcome if the bundle is not to be published after the newest entry, and `None` if it is.
fn after(
    channel: &Channel<'_>,
    request: &PublishRequest<'_>,
    new: &NewBundle,
    manifest: &Manifest,
    head: &LogEntry,
) -> Result<Option<PublishOutcome>, PublishError> {
    let before = &head.manifest;
    if before.bundle.format != new.format {
        let (found, wanted) = (before.bundle.format, new.format);
        return Err(PublishError::Format { environment: before.environment.clone(), found, wanted });
    }
    let ancestry = (request.compare)(&before.newest).map_err(PublishError::Comparing)?;
    Ok(match ancestry {
        Ancestry::Same | Ancestry::Older if before.kind == EntryKind::Rollback => {
            Some(PublishOutcome::RolledBack(head.clone()))
        }
        // Another version of flagctl may compile the same commit to different bytes. A name or a signature that is
        // missing needs a new number, too.
        Ancestry::Same if before.bundle == manifest.bundle && before.target == manifest.target => {
            let is_unsigned = channel.seal(before.sequence)? == Some(Seal::Unsigned);
            (request.sign.is_none() || !is_unsigned).then(|| PublishOutcome::Unchanged(head.clone()))
        }
        Ancestry::Older => Some(PublishOutcome::Overtaken(head.clone())),
        Ancestry::Diverged => return Err(diverged(head, new)),
        Ancestry::Same | Ancestry::Newer => None,
    })
}

fn diverged(head: &LogEntry, new: &NewBundle) -> PublishError {
    PublishError::Diverged { published: head.manifest.newest.clone(), commit: new.commit.clone() }
}

/// Checks that an entry with this target can follow. An environment without a name can get one; a name never changes.
fn check_target(head: &LogEntry, target: Option<&str>) -> Result<(), PublishError> {
    match head.manifest.target.as_deref() {
        Some(name) if target != Some(name) => {
            Err(PublishError::NamedTarget { environment: head.manifest.environment.clone(), found: name.to_owned() })
        }
        _ => Ok(()),
    }
}
