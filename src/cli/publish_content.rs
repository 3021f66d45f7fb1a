//! The content that `flagctl publish` publishes: the bytes of each environment, and the relation of its commit to the
//! published commit.

use std::error::Error;

use anyhow::Result;
use clap::ValueEnum;
use jiff::Timestamp;
use rayon::prelude::*;

use crate::bundle::{Bundle, BundleError};
use crate::flagd;
use crate::flagd::Refusal;
use crate::git::{CommitDetails, CommitRelation, Revision};
use crate::publish::{Ancestry, BundleFormat, Channel, Compare, EntryKind, LogEntry, NewBundle, PublishError};
use crate::report;

/// The format that environments are published in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PublishFormat {
    /// For flagctl's own evaluator
    Flagctl,
    /// For flagd and its clients
    Flagd,
}

impl From<BundleFormat> for PublishFormat {
    fn from(format: BundleFormat) -> Self {
        match format {
            BundleFormat::Flagctl => Self::Flagctl,
            BundleFormat::Flagd => Self::Flagd,
        }
    }
}

/// Whether a publication is an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PublishKind {
    Normal,
    Emergency,
}

/// An environment that can be published, or the flags that its format cannot express.
pub(crate) type EnvironmentContent = Result<NewBundle, Vec<Refusal>>;

/// Encodes each bundle in the given format, and returns it with the name of its environment.
pub(crate) fn contents(
    bundles: &[Bundle],
    format: PublishFormat,
    kind: EntryKind,
    commit: &CommitDetails,
) -> Result<Vec<(String, EnvironmentContent)>> {
    let created = Timestamp::from_second(commit.seconds)?.to_string();
    let content = |bundle: &Bundle| -> Result<(String, EnvironmentContent), BundleError> {
        let content = bytes(bundle, format, &commit.commit)?.map(|(bytes, format)| {
            let (commit, kills, created) = (commit.commit.clone(), commit.commit.clone(), created.clone());
            NewBundle { commit, kills, kept: Vec::new(), created, kind, format, flags: bundle.flags.len(), bytes }
        });
        Ok((bundle.environment.to_string(), content))
    };
    Ok(bundles.par_iter().map(content).collect::<Result<_, _>>()?)
}

/// Returns the given kind of a publication. Without a given kind, a commit of `flagctl kill` is an emergency, and any
/// other commit is normal.
pub(crate) fn entry_kind(given: Option<PublishKind>, commit: &CommitDetails) -> EntryKind {
    let is_kill = commit.trailers("Flagctl-Action").any(|action| action == "kill");
    match given {
        Some(PublishKind::Emergency) => EntryKind::Emergency,
        None if is_kill => EntryKind::Emergency,
        Some(PublishKind::Normal) | None => EntryKind::Normal,
    }
}

/// Returns the entry to roll back to. The store says which commit it has, so that commit must be in the history of
/// the one with which `compare` compares: a store cannot choose what is published.
pub(crate) fn rollback(channel: &Channel<'_>, sequence: u64, compare: Compare<'_>) -> Result<LogEntry, PublishError> {
    let missing = || PublishError::NoSuchEntry { environment: channel.environment().to_owned(), sequence };
    let entry = channel.complete_entry(sequence)?.ok_or_else(missing)?;
    match compare(&entry.manifest.commit).map_err(PublishError::Comparing)? {
        Ancestry::Same | Ancestry::Newer => Ok(entry),
        Ancestry::Older | Ancestry::Diverged => {
            Err(PublishError::ForeignCommit { sequence, commit: entry.manifest.commit })
        }
    }
}

/// The bytes of an environment with their format, or the flags that the format cannot express.
pub(crate) type Bytes = Result<(Vec<u8>, BundleFormat), Vec<Refusal>>;

/// Encodes a bundle whose definitions are those of a commit.
pub(crate) fn bytes(bundle: &Bundle, format: PublishFormat, commit: &str) -> Result<Bytes, BundleError> {
    Ok(match format {
        PublishFormat::Flagctl => {
            let mut bytes = bundle.to_json()?;
            bytes.push(b'\n');
            Ok((bytes, BundleFormat::Flagctl))
        }
        PublishFormat::Flagd => {
            let flags: Vec<_> = bundle.flags.iter().collect();
            flagd::export(bundle, &flags, flagd::metadata(bundle, Some(commit)))
                .map(|json| (report::json_layout::fitted(&json).into_bytes(), BundleFormat::Flagd))
        }
    })
}

/// Whether a commit may be published if the published commit is not one of its ancestors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DivergedCommits {
    Allowed,
    Refused,
}

/// Compares a commit with the published commit, whose full id is given.
///
/// # Errors
/// Returns an error if the relation is unknown, unless diverged commits are allowed.
pub(crate) fn ancestry(
    revision: &Revision,
    published: &str,
    diverged: DivergedCommits,
) -> Result<Ancestry, Box<dyn Error + Send + Sync>> {
    match (revision.relation_to(published), diverged) {
        (Ok(CommitRelation::Same), _) => Ok(Ancestry::Same),
        (Ok(CommitRelation::Descendant), _) => Ok(Ancestry::Newer),
        (Ok(CommitRelation::Ancestor), _) => Ok(Ancestry::Older),
        (Ok(CommitRelation::Diverged) | Err(_), DivergedCommits::Allowed) => Ok(Ancestry::Newer),
        (Ok(CommitRelation::Diverged), DivergedCommits::Refused) => Ok(Ancestry::Diverged),
        (Err(error), DivergedCommits::Refused) => Err(error.into()),
    }
}
