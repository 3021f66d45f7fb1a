//! `--at`: the state of the definitions that a command reads.
//!
//! The module parses a revision or a time, and finds the flag repository at the revision. It adds advice to the errors
//! of unknown revisions: the name that the user probably meant, or a command that finds the name.

use std::path::Path;

use anyhow::{Result, anyhow};
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::time_arg::parse_time;
use crate::diag::did_you_mean;
use crate::git::{BranchAtTime, CacheWrites, CloneDepth, GitError, Revision, RevisionSpec, short_id};
use crate::source::{FlagRepository, Folder, Source, SourceError};

#[derive(Debug, clap::Args)]
pub(crate) struct At {
    /// Read the definitions as they were at a revision or a time; see `flagctl help revisions`
    #[arg(long, value_name = "REV", value_parser = parse)]
    at: Option<RevisionSpec>,
}

impl At {
    /// Returns whether the user has given a revision.
    pub(crate) fn is_given(&self) -> bool {
        self.at.is_some()
    }

    /// Returns the flag repository at or above a folder, on disk or, if the user has given a revision, at that
    /// revision.
    pub(crate) fn source(&self, start: &Path) -> Result<Source> {
        if self.at.is_none() { folder(start) } else { self.revision(start, CacheWrites::Allowed).map(Source::Revision) }
    }

    /// Returns the flag repository at the given revision, or at `HEAD` if the user has not given a revision.
    pub(crate) fn revision(&self, start: &Path, cache_writes: CacheWrites) -> Result<Revision> {
        let head = RevisionSpec::new("HEAD");
        let rev = self.at.as_ref().unwrap_or(&head);
        FlagRepository::find(start, cache_writes).and_then(|repository| repository.revision(rev)).map_err(advised)
    }

    /// If the user has given a time, prints a note with the commit at this time.
    pub(crate) fn note(&self, source: &Source) -> Result<()> {
        if let (Some(RevisionSpec { text, .. }), Source::Revision(revision)) = (&self.at, source)
            && revision.name() != text
        {
            let time = Timestamp::from_second(revision.seconds()?)?;
            console::note(format!("{text} is {}, committed at {time}", revision.name()));
        }
        Ok(())
    }
}

/// Returns the flag repository on disk of a folder.
pub(crate) fn folder(start: &Path) -> Result<Source> {
    let is_bare = || FlagRepository::find(start, CacheWrites::Forbidden).is_ok_and(|found| found.git().is_bare());
    match Folder::find(start) {
        Err(SourceError::NoProject(_)) if is_bare() => {
            Err(anyhow!("a bare repository has no working tree: name a revision with `--at`, as in `--at HEAD`"))
        }
        found => Ok(Source::Folder(found?)),
    }
}

/// Prints a note that the history of a shallow clone ends at a commit.
pub(crate) fn note_end(revision: &Revision) {
    // The name of the revision may be a branch, but results contain ids of commits.
    let id = revision.commit();
    let id = short_id(&id);
    console::note(format!("the history of this clone ends at {id}; `git fetch --unshallow` fetches the rest"));
}

/// Parses a revision or a time.
pub(crate) fn parse(text: &str) -> Result<RevisionSpec, String> {
    if text.is_empty() {
        return Err("expected a branch, tag, commit or time".to_owned());
    }
    let at_time = match text.split_once("@{").and_then(|(tip, rest)| Some((tip, rest.split_once('}')?))) {
        None => parse_time(text).ok().map(|time| ("HEAD", time, "")),
        Some((tip, (inside, suffix))) => match parse_time(inside) {
            Ok(time) => Some((if tip.is_empty() { "HEAD" } else { tip }, time, suffix)),
            // Git resolves entries of the reflog and upstream branches.
            Err(_) if inside.parse::<i64>().is_ok() => None,
            Err(_) if ["u", "upstream", "push"].contains(&inside.to_lowercase().as_str()) => None,
            Err(expected) => return Err(format!("`{inside}` is not a time: {expected}")),
        },
    };
    let at_time =
        at_time.map(|(tip, time, suffix)| BranchAtTime { tip: tip.to_owned(), time, suffix: suffix.to_owned() });
    Ok(RevisionSpec { text: text.to_owned(), at_time })
}

/// Adds advice to the error of an unknown revision: the name that the user probably meant, or a command that finds the
/// name.
pub(crate) fn advised(error: SourceError) -> anyhow::Error {
    let SourceError::Git(GitError::Unknown { rev, names, remotes, depth }) = &error else { return error.into() };
    // A new clone has only one local branch. All other branches exist only as branches of its remote.
    let of_remote = names.iter().find(|name| name.split_once('/').is_some_and(|(_, branch)| branch == rev));
    let of_remote = of_remote.map(|name| format!("did you mean `{name}`?"));
    let names = names.iter().map(String::as_str).filter(|_| !rev.contains(".."));
    let similar = || did_you_mean(rev, names);
    let fetch = remote_branch(rev, remotes);
    let help = match (of_remote.or_else(similar), fetch) {
        (Some(similar), Some(fetch)) => format!("{similar} {fetch}"),
        (Some(help), None) | (None, Some(help)) => help,
        (None, None) => advice(rev, remotes, *depth),
    };
    anyhow!("{error}; {help}")
}

/// Returns whether a text can be the name of a branch or tag, and not an expression.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(['~', '^', ':', '@', '*', ' ']) && !text.contains("..")
}

/// Returns the command that fetches a branch of a remote, such as `origin/main`, if the text is the name of one.
fn remote_branch(rev: &str, remotes: &[String]) -> Option<String> {
    let (remote, branch) =
        remotes.iter().find_map(|remote| Some((remote, rev.strip_prefix(remote.as_str())?.strip_prefix('/')?)))?;
    let fetch =
        || format!("`git fetch {remote} {branch}:refs/remotes/{remote}/{branch}` fetches this branch of {remote}");
    is_name(branch).then(fetch)
}

/// Returns advice on how to find the name of a revision, or how to fetch it.
fn advice(rev: &str, remotes: &[String], depth: CloneDepth) -> String {
    if rev.contains("..") {
        return "expected one revision, found a range".to_owned();
    }
    if rev.starts_with("last ") || rev.ends_with(" ago") {
        return "a time is `2026-11-01T12:00:00Z`, `2026-11-01`, `yesterday` or `2 weeks ago`".to_owned();
    }
    let origin = remotes.iter().find(|remote| *remote == "origin").or(remotes.first());
    let is_id = rev.len() >= 7 && rev.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (depth, origin) {
        (CloneDepth::Full, _) | (CloneDepth::Shallow, None) => {
            "`git branch --all`, `git tag` and `git log` list the revisions".to_owned()
        }
        (CloneDepth::Shallow, Some(remote)) if is_id && rev.len() < 40 => format!(
            "in a shallow clone `git fetch {remote} ID` fetches a commit by its full id, \
             and `git fetch --unshallow` the whole history"
        ),
        (CloneDepth::Shallow, Some(remote)) if is_id => {
            format!("in a shallow clone `git fetch {remote} {rev}` fetches it")
        }
        (CloneDepth::Shallow, Some(remote)) if is_name(rev) => {
            format!("in a shallow clone `git fetch {remote} {rev}:{rev}` fetches a branch or tag")
        }
        (CloneDepth::Shallow, Some(_)) => {
            "in a shallow clone `git fetch --unshallow` fetches the whole history".to_owned()
        }
    }
}
