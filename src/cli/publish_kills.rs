//! The kills that `flagctl publish` publishes alone while a commit cannot be published as a whole, and those that a
//! rollback keeps.
//!
//! **Invariant:** the commits that a store names are compiled only if the published history of this clone contains them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::publish_content;
use crate::cli::publish_content::PublishKind;
use crate::git::{Revision, short_id};
use crate::live::{KillFiles, Live, add_kill, stopped_more};
use crate::publish::{
    AllowedSigners, Ancestry, BundleFormat, Channel, Compare, EntryKind, LogEntry, Manifest, NewBundle, PublishError,
};
use crate::report::publication::KillsJson;

/// A publication on top of what is current.
pub(crate) struct OnTop<'p> {
    pub(crate) live: Live,
    /// The commit whose kills are published.
    pub(crate) head: &'p Revision,
    /// Compares `head` with a published commit.
    pub(crate) compare: Compare<'p>,
    /// The signers of whom one must have signed the current manifest.
    pub(crate) signers: Option<AllowedSigners>,
    pub(crate) kind: Option<PublishKind>,
    /// The kills in the newest bundle that was compiled for each environment.
    pub(crate) found: RefCell<BTreeMap<String, KillsJson>>,
}

type Compiled = Result<Option<NewBundle>, Box<dyn Error + Send + Sync>>;

impl OnTop<'_> {
    /// Compiles the current definitions with the current kills and those of `head`. Returns `None` if `head` has no
    /// kill that is not current.
    pub(crate) fn with_kills(&self, channel: &Channel<'_>, entry: &LogEntry) -> Compiled {
        let current = &entry.manifest;
        self.check(channel, entry)?;
        let environment = channel.environment();
        let (head, live) = (self.head.commit(), &self.live);
        let published = live.published_kills(current)?;
        let own = live.kills_of([head.as_str()], environment)?;
        let flags = live.flags(&current.commit)?;
        let (new, ineffective): (Vec<_>, Vec<_>) =
            stopped_more(&own, &published).into_iter().partition(|flag| flags.contains(flag));
        let waiting = stopped_more(&published, &own).into_iter().filter(|flag| flags.contains(flag));
        let found = KillsJson { new: new.clone(), ineffective, waiting: waiting.collect() };
        self.found.borrow_mut().insert(environment.to_owned(), found);
        if new.is_empty() {
            return Ok(None);
        }
        let candidates: Vec<_> = current.kept.iter().chain([&current.kills]).map(String::as_str).collect();
        let kept = live.needed(&current.commit, &candidates, &head, environment)?;
        let mut kills = published;
        for (flag, file) in &own {
            add_kill(&mut kills, flag, file);
        }
        let kind = match self.kind {
            Some(PublishKind::Normal) => EntryKind::Normal,
            Some(PublishKind::Emergency) | None => EntryKind::Emergency,
        };
        let created = Timestamp::from_second(self.head.seconds()?)?.to_string();
        let compiled = self.compile(&current.commit, &kills, environment, current.bundle.format)?;
        Ok(Some(NewBundle { kills: head, kept, created, kind, ..compiled }))
    }

    /// Compiles the definitions of an earlier entry with its kills and the current ones.
    pub(crate) fn rolled_back(&self, target: &Manifest, entry: &LogEntry) -> Compiled {
        let current = &entry.manifest;
        let (environment, live) = (target.environment.as_str(), &self.live);
        let earlier = target.kept.iter().chain([&target.kills]);
        let candidates: Vec<_> = earlier.chain([&current.commit]).chain(&current.kept).map(String::as_str).collect();
        let commits = candidates.iter().copied().chain([current.kills.as_str()]);
        commits.clone().try_for_each(|commit| self.check_known(commit, current.sequence))?;
        let kept = live.needed(&target.commit, &candidates, &current.kills, environment)?;
        let kills = live.kills_of(std::iter::once(target.commit.as_str()).chain(commits), environment)?;
        let before = live.published_kills(target)?;
        let flags = live.flags(&target.commit)?;
        let new = stopped_more(&kills, &before).into_iter().filter(|flag| flags.contains(flag)).collect();
        self.found.borrow_mut().insert(environment.to_owned(), KillsJson { new, ..KillsJson::default() });
        let compiled = self.compile(&target.commit, &kills, environment, target.bundle.format)?;
        let created = Timestamp::from_second(live.revision(&target.commit)?.seconds()?)?.to_string();
        let kills = current.kills.clone();
        Ok(Some(NewBundle { kills, kept, created, kind: EntryKind::Rollback, ..compiled }))
    }

    fn compile(&self, commit: &str, kills: &KillFiles, environment: &str, format: BundleFormat) -> Result<NewBundle> {
        let bundle = self.live.compile(commit, kills, environment)?;
        match publish_content::bytes(&bundle, format.into(), commit)? {
            Ok((bytes, format)) => Ok(NewBundle {
                commit: commit.to_owned(),
                kills: commit.to_owned(),
                kept: Vec::new(),
                created: String::new(),
                kind: EntryKind::Normal,
                format,
                flags: bundle.flags.len(),
                bytes,
            }),
            Err(refusals) => {
                let reasons: Vec<_> =
                    refusals.iter().map(|refused| format!("{}: {}", refused.flag, refused.why)).collect();
                bail!("flagd cannot express the flags of {commit}, which is published: {}", reasons.join("; "))
            }
        }
    }

    /// Checks that the current entry is one that this publisher may continue.
    fn check(&self, channel: &Channel<'_>, entry: &LogEntry) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Some(signers) = &self.signers {
            signers.check(channel, entry)?;
        }
        let manifest = &entry.manifest;
        let commits = [&manifest.commit, &manifest.kills].into_iter().chain(&manifest.kept);
        commits.into_iter().try_for_each(|commit| self.check_known(commit, manifest.sequence))
    }

    /// Checks that the history of `head` has a commit: a store cannot choose what is published.
    fn check_known(&self, commit: &str, sequence: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
        match (self.compare)(commit)? {
            Ancestry::Same | Ancestry::Newer => Ok(()),
            Ancestry::Older | Ancestry::Diverged => {
                Err(Box::new(PublishError::ForeignCommit { sequence, commit: commit.to_owned() }))
            }
        }
    }
}

/// Reports the kill files of a commit that cannot be read.
pub(crate) fn report_broken_kills(live: &Live, head: &Revision) -> Result<()> {
    for error in live.kill_errors(&head.commit())? {
        console::error(format!("this kill is not published: {error}"));
    }
    Ok(())
}

/// Returns the text that introduces a publication of kills.
pub(crate) fn introduction(head: &Revision) -> String {
    let commit = head.commit();
    format!("{} cannot be published as a whole, so its kills are published alone", short_id(&commit))
}
