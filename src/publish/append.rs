//! Appends an entry to the log, if the rules allow an entry after the newest one.

use std::borrow::Cow;
use std::time::Duration;

use crate::publish::channel::{Channel, LogEntry, PAUSE};
use crate::publish::error::PublishError;
use crate::publish::manifest::{BundleRef, EntryKind, MAX_BUNDLE_BYTES, MAX_KEPT, Manifest, VERSION};
use crate::publish::request::{
    Ancestry, CompileAfter, NewBundle, PublishContent, PublishMode, PublishOutcome, PublishRequest,
};
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
        let (next, bytes) = match next_step(channel, request, &tip)? {
            Step::Append(next, bytes) => (next, bytes),
            Step::Done(outcome) => return Ok(outcome),
        };
        if request.mode == PublishMode::DryRun {
            return Ok(PublishOutcome::Published(next));
        }
        channel.put_bundle(&next.manifest.bundle, &bytes)?;
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
enum Step<'r> {
    /// Append this entry, after the bytes of its bundle.
    Append(LogEntry, Cow<'r, [u8]>),
    /// Append nothing.
    Done(PublishOutcome),
}

/// Returns the entry of the content, if it may be published after the newest entry.
fn next_step<'r>(channel: &Channel<'_>, request: &PublishRequest<'r>, tip: &Tip) -> Result<Step<'r>, PublishError> {
    let head = tip.head.as_ref();
    if let Some(head) = head {
        check_target(head, request.target)?;
    }
    match (request.content, head) {
        (PublishContent::Whole(new), None) => {
            Ok(Step::Append(entry(channel, request, tip, new, &new.commit)?, Cow::Borrowed(&new.bytes)))
        }
        (PublishContent::Whole(new), Some(head)) => {
            let next = entry(channel, request, tip, new, &new.commit)?;
            Ok(match after(channel, request, new, &next.manifest, head)? {
                Some(outcome) => Step::Done(outcome),
                None => Step::Append(next, Cow::Borrowed(&new.bytes)),
            })
        }
        (PublishContent::Kills(_), None) => Err(PublishError::NothingPublished(channel.environment().to_owned())),
        (PublishContent::Kills(compile), Some(head)) => {
            match relation(request, head)? {
                Relation { newest: Ancestry::Older, .. } | Relation { kills: Ancestry::Older, .. } => {
                    return Ok(Step::Done(PublishOutcome::Overtaken(head.clone())));
                }
                Relation { .. } => {}
            }
            on_top(channel, request, tip, head, compile)
        }
        (PublishContent::Rollback { sequence, .. }, None) => {
            Err(PublishError::NoSuchEntry { environment: channel.environment().to_owned(), sequence })
        }
        (PublishContent::Rollback { compile, .. }, Some(head)) => {
            // The store names these commits, so git must know them before they are signed.
            relation(request, head)?;
            on_top(channel, request, tip, head, compile)
        }
    }
}

/// Returns the entry of a bundle that is compiled for the current entry.
fn on_top<'r>(
    channel: &Channel<'_>,
    request: &PublishRequest<'r>,
    tip: &Tip,
    head: &LogEntry,
    compile: CompileAfter<'_>,
) -> Result<Step<'r>, PublishError> {
    let unchanged = || Ok(Step::Done(PublishOutcome::Unchanged(head.clone())));
    let compiled = compile(head).map_err(|error| match error.downcast() {
        Ok(error) => *error,
        Err(error) => PublishError::Compiling(error),
    });
    let Some(new) = compiled? else { return unchanged() };
    let next = entry(channel, request, tip, &new, &head.manifest.newest)?;
    if next.manifest.bundle == head.manifest.bundle {
        return unchanged();
    }
    Ok(Step::Append(next, Cow::Owned(new.bytes)))
}

/// Returns the entry for a bundle. `newest` is the newest commit that was ever published as a whole.
fn entry(
    channel: &Channel<'_>,
    request: &PublishRequest<'_>,
    tip: &Tip,
    new: &NewBundle,
    newest: &str,
) -> Result<LogEntry, PublishError> {
    let bundle = BundleRef::new(&new.bytes, new.format, new.flags);
    let environment = || channel.environment().to_owned();
    if bundle.size > MAX_BUNDLE_BYTES {
        return Err(PublishError::BundleSize { environment: environment(), size: bundle.size });
    }
    if new.kept.len() > MAX_KEPT {
        return Err(PublishError::KeptKills { environment: environment(), commits: new.kept.len() });
    }
    LogEntry::new(Manifest {
        version: VERSION,
        target: request.target.map(str::to_owned),
        environment: environment(),
        sequence: tip.next_sequence(channel)?,
        previous: tip.head.as_ref().map(|head| head.digest.clone()),
        void: tip.void.clone(),
        kind: new.kind,
        commit: new.commit.clone(),
        kills: new.kills.clone(),
        kept: new.kept.clone(),
        newest: newest.to_owned(),
        created: new.created.clone(),
        bundle,
    })
}

/// The relation of the commit to publish to the commits of the current entry.
struct Relation {
    newest: Ancestry,
    kills: Ancestry,
}

/// Compares the commit to publish with the current entry.
///
/// # Errors
/// Returns [`PublishError::Diverged`] if the commit descends from only some of the published commits.
fn relation(request: &PublishRequest<'_>, head: &LogEntry) -> Result<Relation, PublishError> {
    let compare = |commit: &str| match (request.compare)(commit).map_err(PublishError::Comparing)? {
        Ancestry::Diverged => {
            Err(PublishError::Diverged { published: commit.to_owned(), commit: request.commit.to_owned() })
        }
        ancestry @ (Ancestry::Same | Ancestry::Newer | Ancestry::Older) => Ok(ancestry),
    };
    Ok(Relation { newest: compare(&head.manifest.newest)?, kills: compare(&head.manifest.kills)? })
}

/// Returns the outcome if a commit is not to be published after the newest entry, and `None` if it is.
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
    Ok(match relation(request, head)? {
        Relation { newest: Ancestry::Same | Ancestry::Older, .. } if before.kind == EntryKind::Rollback => {
            Some(PublishOutcome::RolledBack(head.clone()))
        }
        // A commit without the newest kills must not undo them.
        Relation { newest: Ancestry::Older, .. } | Relation { kills: Ancestry::Older, .. } => {
            Some(PublishOutcome::Overtaken(head.clone()))
        }
        // Another version of flagctl may compile the same commit to different bytes. A name or a signature that is
        // missing needs a new number, too.
        Relation { newest: Ancestry::Same, .. }
            if before.bundle == manifest.bundle && before.target == manifest.target =>
        {
            let is_unsigned = channel.seal(before.sequence)? == Some(Seal::Unsigned);
            (request.sign.is_none() || !is_unsigned).then(|| PublishOutcome::Unchanged(head.clone()))
        }
        Relation { .. } => None,
    })
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
