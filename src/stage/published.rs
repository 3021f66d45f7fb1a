//! The stages of a flag in a published log.
//!
//! The log is read from the current entry backwards, along the digests of the manifests. The flag is compiled again from
//! the commits that a manifest names, because a bundle may have another program's format.

use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::diff;
use crate::live::{Live, LiveError};
use crate::publish;
use crate::publish::{AllowedSigners, Channel, EntryKind, LogEntry, PublishError};
use crate::stage::error::StageError;
use crate::stage::query::{Begin, Liveness, Reach, Stage, StageQuery, Stages};

/// The log of an environment at a target.
pub struct PublishedLog<'s> {
    /// The environment at the target.
    pub channel: Channel<'s>,
    /// The keys of which one must have signed the current entry. Without them, the store is trusted.
    pub signers: Option<&'s AllowedSigners>,
    /// The name that the entry must have, or `None` for any.
    pub target: Option<&'s str>,
}

pub(super) fn stages(
    query: &StageQuery<'_>,
    live: &Live,
    log: &PublishedLog<'_>,
    reach: Reach,
) -> Result<Stages, StageError> {
    let environment = || query.environment.to_owned();
    let unusable = |source: PublishError| StageError::Log { environment: environment(), source };
    let definitions = query.definitions()?;
    let channel = &log.channel;
    let mut entry = publish::current(channel, log.signers, log.target).map_err(unusable)?.entry;
    let mut served = flag(live, &entry, query.flag)?;
    let same = |bundles: [&Bundle; 2]| diff::decides_equally(bundles, query.flag);
    let liveness = match &served {
        Some(served) if same([served, definitions.bundle(query.environment)]) => Liveness::Live,
        Some(_) | None => Liveness::Unpublished,
    };
    let mut found = Stages { liveness, list: Vec::new() };
    let mut time = channel.completed_at(entry.manifest.sequence).map_err(unusable)?;
    while let Some(bundle) = &served {
        if reach.before.is_some_and(|before| time < before) {
            found.list.push(stage(&entry, time, Begin::OrEarlier));
            break;
        }
        let Some(before) = channel.before(&entry).map_err(unusable)? else {
            found.list.push(stage(&entry, time, Begin::Exact));
            break;
        };
        let is_same_bundle = before.manifest.bundle.sha256 == entry.manifest.bundle.sha256;
        let older = if is_same_bundle { None } else { Some(flag(live, &before, query.flag)?) };
        let is_same = older.as_ref().is_none_or(|older| older.as_ref().is_some_and(|older| same([older, bundle])));
        if !is_same {
            found.list.push(stage(&entry, time, Begin::Exact));
            if found.list.len() >= reach.stages {
                break;
            }
        }
        // An entry that a copy of the target made younger than its successor does not make a stage longer.
        time = channel.completed_at(before.manifest.sequence).map_err(unusable)?;
        if let Some(older) = older {
            served = older;
        }
        entry = before;
    }
    Ok(found)
}

/// Compiles the flag of an entry again. Returns `None` if the entry does not have it, or if this version of flagctl
/// cannot compile it: then the stage begins after the entry.
fn flag(live: &Live, entry: &LogEntry, key: &str) -> Result<Option<Bundle>, StageError> {
    match live.published_flag(&entry.manifest, key) {
        Ok(bundle) => Ok(Some(bundle).filter(|bundle| bundle.flag(key).is_some())),
        Err(LiveError::Invalid { .. } | LiveError::UnknownEnvironment { .. }) => Ok(None),
        Err(error @ (LiveError::MissingCommit { .. } | LiveError::Source(_))) => Err(error.into()),
    }
}

fn stage(entry: &LogEntry, start: Timestamp, begin: Begin) -> Stage {
    let manifest = &entry.manifest;
    let commit = match manifest.kind {
        EntryKind::Rollback => &manifest.commit,
        EntryKind::Normal | EntryKind::Emergency => &manifest.kills,
    };
    Stage { start, begin, commit: commit.clone(), sequence: Some(manifest.sequence) }
}
