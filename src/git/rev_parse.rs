//! Resolves a revision to the id of a commit.
//!
//! A revision is a name, an id or an expression, which libgit2 resolves as `git rev-parse` does, or the state of a
//! branch at a time, which this module resolves. If a revision does not exist, the error contains the reason and
//! advice.

use std::fs;
use std::io;
use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository};
use jiff::Timestamp;

use crate::git::error::{CloneDepth, GitError};

/// The digits of an abbreviated id. Revision names have two more digits than [`short_id`](crate::git::short_id), so git
/// can resolve them even in a large repository.
const ABBREVIATED_DIGITS: usize = 12;

/// The least number of digits of an id that is not a word by chance, as in `git log --oneline`.
const MIN_ID_DIGITS: usize = 7;

/// A revision in the notation of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionSpec {
    /// The complete text.
    pub text: String,
    /// The branch and the time, if the revision is the state of a branch at a time.
    pub at_time: Option<BranchAtTime>,
}

impl RevisionSpec {
    /// Creates a revision that git resolves: a name, an id or an expression.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), at_time: None }
    }
}

/// The state of a branch at a time: its newest commit along first parents that is not younger.
///
/// `git` itself would use the reflog. The reflog contains the time at which *this* clone received a commit, and a new
/// clone does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchAtTime {
    /// The branch, as a revision.
    pub tip: String,
    /// The time.
    pub time: Timestamp,
    /// An expression in git's notation that is relative to the found commit, such as `~2`; usually empty.
    pub suffix: String,
}

/// Resolves a revision. Returns the commit, and the name of the revision in messages.
///
/// # Errors
/// Returns [`GitError`] if the commit does not exist.
pub(super) fn resolve(repository: &Repository, spec: &RevisionSpec) -> Result<(Oid, String), GitError> {
    match &spec.at_time {
        // The name of a tag may look like a date.
        Some(at_time) if repository.resolve_reference_from_short_name(&spec.text).is_err() => {
            let tip = resolve_commit(repository, &at_time.tip)?;
            let commit = newest_commit_until(repository, tip, at_time, &spec.text)?;
            let commit = match at_time.suffix.as_str() {
                "" => commit,
                suffix => resolve_commit(repository, &format!("{commit}{suffix}"))?,
            };
            Ok((commit, abbreviated(commit)))
        }
        _ => Ok((resolve_commit(repository, &spec.text)?, spec.text.clone())),
    }
}

/// Follows first parents to the newest commit that is not younger than the time.
fn newest_commit_until(repository: &Repository, tip: Oid, at_time: &BranchAtTime, text: &str) -> Result<Oid, GitError> {
    let mut commit = repository.find_commit(tip)?;
    while commit.time().seconds() > at_time.time.as_second() {
        commit = match commit.parents().next() {
            Some(parent) => parent,
            None if repository.is_shallow() => return Err(GitError::BeyondShallow { rev: text.to_owned() }),
            None => {
                return Err(GitError::BeforeHistory {
                    tip: at_time.tip.clone(),
                    first: commit_time(&commit),
                    time: at_time.time.to_string(),
                });
            }
        };
    }
    Ok(commit.id())
}

/// The rules by which git completes the name of a reference, in the order in which it tries them.
const REFERENCE_RULES: [&str; 6] = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/", "refs/remotes//HEAD"];

/// Checks that the name in a revision has one meaning. Git takes the first meaning, so a user who can push a
/// tag could choose what the name of a branch stands for.
///
/// # Errors
/// Returns [`GitError::AmbiguousName`] if the name stands for several references, or for a reference and a commit.
fn check_unambiguous(repository: &Repository, text: &str) -> Result<(), GitError> {
    let name = text.split(['~', '^', ':']).next().unwrap_or_default();
    let name = name.split_once("@{").map_or(name, |(name, _)| name);
    // `HEAD` always is the file in git's folder.
    if matches!(name, "" | "@" | "HEAD") {
        return Ok(());
    }
    let complete = |rule: &&str| match rule.strip_suffix("/HEAD") {
        Some(remotes) => format!("{remotes}{name}/HEAD"),
        None => format!("{rule}{name}"),
    };
    let exists = |reference: &String| repository.find_reference(reference).is_ok();
    let mut meanings: Vec<String> = REFERENCE_RULES.iter().map(complete).filter(exists).collect();
    if !meanings.is_empty()
        && name.len() >= MIN_ID_DIGITS
        && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        && let Ok(commit) = repository.find_commit_by_prefix(name)
    {
        meanings.push(format!("the commit {}", commit.id()));
    }
    if meanings.len() > 1 { Err(GitError::AmbiguousName { name: name.to_owned(), meanings }) } else { Ok(()) }
}

fn resolve_commit(repository: &Repository, text: &str) -> Result<Oid, GitError> {
    check_unambiguous(repository, text)?;
    let object = match repository.revparse_single(text) {
        Ok(object) => object,
        Err(error) if error.code() == ErrorCode::Ambiguous => return resolve_ambiguous(repository, text),
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
            return Err(explain_unknown(repository, text)?);
        }
        Err(error) => return Err(error.into()),
    };
    let kind = match object.kind() {
        Some(ObjectType::Tree) => "folder",
        Some(ObjectType::Blob) => "file",
        _ => "tag of an object",
    };
    let commit = object.peel_to_commit();
    commit.map(|commit| commit.id()).map_err(|_| GitError::NotACommit { rev: text.to_owned(), kind })
}

/// Resolves an abbreviated id that matches several objects, if exactly one of them is a commit. Git also ignores
/// objects of other kinds here.
fn resolve_ambiguous(repository: &Repository, text: &str) -> Result<Oid, GitError> {
    let prefix: String = text.chars().take_while(char::is_ascii_hexdigit).collect();
    let suffix = text.get(prefix.len()..).unwrap_or_default();
    let mut commits = Vec::new();
    repository.odb()?.foreach(|id| {
        if id.to_string().starts_with(&prefix.to_lowercase())
            && let Ok(commit) = repository.find_object(*id, None).and_then(|object| object.peel_to_commit())
        {
            commits.push((*id, commit_time(&commit)));
        }
        true
    })?;
    commits.sort_unstable();
    commits.dedup();
    match commits.as_slice() {
        [] => Err(explain_unknown(repository, text)?),
        [(only, _)] => resolve_commit(repository, &format!("{only}{suffix}")),
        _ => {
            let date = |time: &str| time.split('T').next().unwrap_or_default().to_owned();
            let candidates = commits.iter().map(|(id, time)| format!("`{}` of {}", abbreviated(*id), date(time)));
            Err(GitError::Ambiguous { prefix, candidates: candidates.collect() })
        }
    }
}

/// Finds out why git does not know a revision.
///
/// # Errors
/// Returns [`GitError`] if the repository cannot be read.
fn explain_unknown(repository: &Repository, text: &str) -> Result<GitError, GitError> {
    for part in ["objects", "refs", "packed-refs"] {
        check_readable(&repository.commondir().join(part))?;
    }
    let tip = match text.split(['~', '^', '@', ':']).next().unwrap_or_default() {
        "" if text.starts_with('@') => "HEAD",
        tip => tip,
    };
    if tip == "HEAD" && repository.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch) {
        let head = repository.find_reference("HEAD")?;
        let branch = head.symbolic_target().ok().flatten().unwrap_or("HEAD").trim_start_matches("refs/heads/");
        return Ok(GitError::NoCommits(format!("`{branch}`")));
    }
    let depth = CloneDepth::of_repository(repository);
    if tip != text && repository.revparse_single(tip).is_ok() && !text.contains("..") {
        let rev = text.to_owned();
        return Ok(match depth {
            CloneDepth::Shallow if !text.contains(['@', ':']) => GitError::BeyondShallow { rev },
            CloneDepth::Shallow | CloneDepth::Full => GitError::UnknownRelative { rev, tip: tip.to_owned() },
        });
    }
    let mut names = Vec::new();
    for reference in repository.references()? {
        names.extend(reference?.shorthand().ok().map(str::to_owned));
    }
    let remotes = repository.remotes()?.iter().filter_map(|name| Some(name.ok()??.to_owned())).collect();
    Ok(GitError::Unknown { rev: text.to_owned(), names, remotes, depth })
}

/// Checks that a file, or everything in a folder, can be read. libgit2 treats what it cannot read as missing.
///
/// # Errors
/// Returns [`GitError::Unreadable`] for the first file or folder that exists and cannot be read.
fn check_readable(path: &Path) -> Result<(), GitError> {
    let unreadable = |error: io::Error| GitError::Unreadable { path: path.to_owned(), error };
    if !path.is_dir() {
        return match fs::File::open(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unreadable(error)),
            Ok(_) | Err(_) => Ok(()),
        };
    }
    for entry in fs::read_dir(path).map_err(unreadable)? {
        check_readable(&entry.map_err(unreadable)?.path())?;
    }
    Ok(())
}

/// Returns an abbreviated id, which is unique in nearly every repository.
pub(super) fn abbreviated(id: Oid) -> String {
    let mut id = id.to_string();
    id.truncate(ABBREVIATED_DIGITS);
    id
}

/// Returns the time of a commit as text.
fn commit_time(commit: &git2::Commit<'_>) -> String {
    Timestamp::from_second(commit.time().seconds()).map_or_else(|error| error.to_string(), |time| time.to_string())
}
