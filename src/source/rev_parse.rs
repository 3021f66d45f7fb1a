//! From what a person writes to a commit: names, ids, git's expressions and moments.

use git2::{ErrorCode, ObjectType, Oid, Repository};
use jiff::Timestamp;

use crate::source::error::{Depth, GitError};

/// So many characters of an id tell it apart nearly everywhere.
const SHORT: usize = 12;

/// A revision as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rev {
    /// The whole of it.
    pub text: String,
    /// What it says, where it asks for the state at a moment.
    pub line: Option<Line>,
}

/// The state of a branch at a moment: the newest commit on its first-parent line that is not younger.
///
/// Git would ask the reflog, which says when *this* clone learnt of a commit, and which a fresh one lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where the line ends, as a revision.
    pub tip: String,
    /// When.
    pub moment: Timestamp,
    /// Git's notation for how to go on from there, such as `~2`; mostly empty.
    pub then: String,
}

/// The commit, and what to call it in a path.
pub(super) fn resolve(repository: &Repository, rev: &Rev) -> Result<(Oid, String), GitError> {
    // Somebody may name tags by the day.
    match &rev.line {
        Some(line) if repository.resolve_reference_from_short_name(&rev.text).is_err() => {
            let tip = commit(repository, &line.tip)?;
            let found = at(repository, tip, line, &rev.text)?;
            let found =
                if line.then.is_empty() { found } else { commit(repository, &format!("{found}{}", line.then))? };
            Ok((found, short(found)))
        }
        _ => Ok((commit(repository, &rev.text)?, rev.text.clone())),
    }
}

/// Follows first parents until a commit is old enough.
fn at(repository: &Repository, tip: Oid, line: &Line, text: &str) -> Result<Oid, GitError> {
    let mut commit = repository.find_commit(tip)?;
    while commit.time().seconds() > line.moment.as_second() {
        commit = match commit.parents().next() {
            Some(parent) => parent,
            None if repository.is_shallow() => return Err(GitError::BeyondShallow { rev: text.to_owned() }),
            None => {
                return Err(GitError::BeforeHistory {
                    tip: line.tip.clone(),
                    first: moment(&commit),
                    moment: line.moment.to_string(),
                });
            }
        };
    }
    Ok(commit.id())
}

fn commit(repository: &Repository, text: &str) -> Result<Oid, GitError> {
    let object = match repository.revparse_single(text) {
        Ok(object) => object,
        Err(error) if error.code() == ErrorCode::Ambiguous => return one_of_several(repository, text),
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
            return Err(unknown(repository, text)?);
        }
        Err(error) => return Err(error.into()),
    };
    let kind = object.kind();
    object.peel_to_commit().map(|commit| commit.id()).map_err(|_| GitError::NotACommit {
        rev: text.to_owned(),
        kind: match kind {
            Some(ObjectType::Tree) => "folder",
            Some(ObjectType::Blob) => "file",
            _ => "tag of something else",
        }
        .to_owned(),
    })
}

/// As git has it, other objects that begin so do not make a commit's id ambiguous.
fn one_of_several(repository: &Repository, text: &str) -> Result<Oid, GitError> {
    let prefix: String = text.chars().take_while(char::is_ascii_hexdigit).collect();
    let then = text.get(prefix.len()..).unwrap_or_default();
    let mut commits = Vec::new();
    repository.odb()?.foreach(|id| {
        if id.to_string().starts_with(&prefix.to_lowercase())
            && let Ok(commit) = repository.find_object(*id, None).and_then(|object| object.peel_to_commit())
        {
            commits.push((*id, moment(&commit)));
        }
        true
    })?;
    commits.sort_unstable();
    commits.dedup();
    match commits.as_slice() {
        [] => Err(unknown(repository, text)?),
        [(only, _)] => commit(repository, &format!("{only}{then}")),
        _ => {
            let day = |at: &str| at.split('T').next().unwrap_or_default().to_owned();
            let candidates = commits.iter().map(|(id, at)| format!("`{}` of {}", short(*id), day(at))).collect();
            Err(GitError::Ambiguous { prefix, candidates })
        }
    }
}

/// Why git does not know a revision.
fn unknown(repository: &Repository, text: &str) -> Result<GitError, GitError> {
    let tip = match text.split(['~', '^', '@', ':']).next().unwrap_or_default() {
        "" if text.starts_with('@') => "HEAD",
        tip => tip,
    };
    if tip == "HEAD" && repository.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch) {
        let head = repository.find_reference("HEAD")?;
        let branch = head.symbolic_target().ok().flatten().unwrap_or("HEAD").trim_start_matches("refs/heads/");
        return Ok(GitError::NoCommits(format!("`{branch}`")));
    }
    let shallow = repository.is_shallow();
    if tip != text && repository.revparse_single(tip).is_ok() && !text.contains("..") {
        let rev = text.to_owned();
        if shallow && !text.contains(['@', ':']) {
            return Ok(GitError::BeyondShallow { rev });
        }
        return Ok(GitError::NotThere { rev, tip: tip.to_owned() });
    }
    let mut names = Vec::new();
    for reference in repository.references()? {
        names.extend(reference?.shorthand().ok().map(str::to_owned));
    }
    Ok(GitError::Unknown { rev: text.to_owned(), names, depth: if shallow { Depth::Shallow } else { Depth::Full } })
}

/// Why two histories have nothing in common.
pub(super) fn unmet(repository: &Repository, one: String, other: String) -> GitError {
    match repository.is_shallow() {
        true => GitError::ApartInShallow { one, other },
        false => GitError::NoCommonAncestor { one, other },
    }
}

pub(super) fn short(id: Oid) -> String {
    let mut id = id.to_string();
    id.truncate(SHORT);
    id
}

/// When a commit was made, as text.
fn moment(commit: &git2::Commit<'_>) -> String {
    Timestamp::from_second(commit.time().seconds()).map_or_else(|error| error.to_string(), |moment| moment.to_string())
}
