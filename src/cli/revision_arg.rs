//! `--at`: which state of the definitions a command reads.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;

use crate::cli::time_arg::parse_time;
use crate::diag::did_you_mean;
use crate::git::{BranchAtTime, CacheWrites, CloneDepth, GitError, Revision, RevisionSpec, short_id};
use crate::source::{FlagRepository, Folder, Source, SourceError};

#[derive(Debug, clap::Args)]
pub(crate) struct At {
    /// Read the definitions as they were at a revision, without a checkout
    ///
    /// REV is a branch, a tag, a commit, or an expression such as `HEAD~3`, as git reads it; or a moment such as
    /// `2026-11-01T12:00:00Z`, or a date, which begins at midnight UTC. A moment stands for the newest commit
    /// until then on the first-parent line of HEAD, and `main@{2026-11-01}` on that of main: what was committed, not
    /// what this clone knew.
    #[arg(long, value_name = "REV", value_parser = parse)]
    at: Option<RevisionSpec>,
}

impl At {
    /// Whether a revision was named.
    pub(crate) fn is_given(&self) -> bool {
        self.at.is_some()
    }

    /// The flag repository at or above a folder, or as it was at the revision.
    pub(crate) fn source(&self, start: &Path) -> Result<Source> {
        if self.at.is_none() { folder(start) } else { self.revision(start, CacheWrites::Allowed).map(Source::Revision) }
    }

    /// The flag repository as it was at the revision, or at `HEAD`.
    pub(crate) fn revision(&self, start: &Path, cache_writes: CacheWrites) -> Result<Revision> {
        let head = RevisionSpec::new("HEAD");
        let rev = self.at.as_ref().unwrap_or(&head);
        FlagRepository::find(start, cache_writes).and_then(|repository| repository.revision(rev)).map_err(advised)
    }

    /// Says which commit a moment stands for.
    pub(crate) fn note(&self, source: &Source, err: &mut dyn Write) -> Result<()> {
        if let (Some(RevisionSpec { text, .. }), Source::Revision(revision)) = (&self.at, source)
            && revision.name() != text
        {
            let made = Timestamp::from_second(revision.seconds()?)?;
            writeln!(err, "note: {text} is {}, committed at {made}", revision.name())?;
        }
        Ok(())
    }
}

/// The flag repository at or above a folder, as it is there.
pub(crate) fn folder(start: &Path) -> Result<Source> {
    let folder = Folder::find(start).context("a flag repository has a file `flagctl.yaml` at its root")?;
    Ok(Source::Folder(folder))
}

/// Says that a shallow clone ends at a commit.
pub(crate) fn note_end(revision: &Revision, err: &mut dyn Write) -> io::Result<()> {
    // Its name may be that of a branch, and the results have ids as short as this.
    let id = revision.commit();
    let id = short_id(&id);
    writeln!(err, "note: the history of this clone ends at {id}; `git fetch --unshallow` fetches the rest")
}

/// A revision as an argument.
pub(crate) fn parse(text: &str) -> Result<RevisionSpec, String> {
    if text.is_empty() {
        return Err("expected a branch, tag, commit or moment".to_owned());
    }
    let at_time = match text.split_once("@{").and_then(|(tip, rest)| Some((tip, rest.split_once('}')?))) {
        None => parse_time(text).ok().map(|moment| ("HEAD", moment, "")),
        Some((tip, (inside, then))) => match parse_time(inside) {
            Ok(moment) => Some((if tip.is_empty() { "HEAD" } else { tip }, moment, then)),
            // Places in the reflog and branches' upstreams are git's own.
            Err(_) if inside.parse::<i64>().is_ok() => None,
            Err(_) if ["u", "upstream", "push"].contains(&inside.to_lowercase().as_str()) => None,
            // Git would understand `yesterday`, and mean something else each day.
            Err(expected) => return Err(format!("`{inside}` is no moment: {expected}")),
        },
    };
    let at_time =
        at_time.map(|(tip, time, suffix)| BranchAtTime { tip: tip.to_owned(), time, suffix: suffix.to_owned() });
    Ok(RevisionSpec { text: text.to_owned(), at_time })
}

/// The error with the name that was probably meant, or where to look for it.
pub(crate) fn advised(error: SourceError) -> anyhow::Error {
    let SourceError::Git(GitError::Unknown { rev, names, depth }) = &error else { return error.into() };
    // A fresh clone has all branches but one only as its remote's.
    let remote = names.iter().find(|name| name.split_once('/').is_some_and(|(_, branch)| branch == rev));
    let remote = remote.map(|name| format!("did you mean `{name}`?"));
    let names = names.iter().map(String::as_str).filter(|_| !rev.contains(".."));
    let named = || did_you_mean(rev, names);
    let help = remote.or_else(named).unwrap_or_else(|| advice(rev, *depth));
    anyhow!("{error}; {help}")
}

fn advice(rev: &str, depth: CloneDepth) -> String {
    let is_id = rev.len() >= 7 && rev.bytes().all(|byte| byte.is_ascii_hexdigit());
    match depth {
        _ if rev.contains("..") => "a range has two ends: write one of them".to_owned(),
        CloneDepth::Full => "`git branch --all`, `git tag` and `git log` show what there is".to_owned(),
        CloneDepth::Shallow if is_id && rev.len() < 40 => {
            "in a shallow clone `git fetch origin ID` brings a commit by its full id, \
             `git fetch --unshallow` the whole history"
                .to_owned()
        }
        CloneDepth::Shallow if is_id => format!("in a shallow clone `git fetch origin {rev}` brings it"),
        CloneDepth::Shallow => format!(
            "in a shallow clone `git fetch origin {rev}:{rev}` brings a branch or tag, \
             `git fetch --unshallow` the whole history"
        ),
    }
}
