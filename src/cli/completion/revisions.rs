//! The names of git: branches, tags and remotes.

use std::path::Path;

use crate::git::{CacheWrites, GitError, ReferenceKind, Repository};
use crate::report::completions::Candidate;

/// Returns the newest commits, and all branches and tags.
pub(super) fn revisions() -> Vec<Candidate> {
    let named = references();
    if named.is_empty() {
        return named;
    }
    let relative = [("HEAD", "the checked out commit"), ("HEAD~1", "the commit before it")];
    relative.into_iter().map(|(name, description)| Candidate::new(name, description)).chain(named).collect()
}

/// Returns revisions after the two or three dots of a range, or for its beginning.
pub(super) fn range(current: &str) -> Vec<Candidate> {
    let start = current.rfind("..").map_or(0, |dots| dots + "..".len());
    let start = current.get(..start).unwrap_or_default();
    revisions()
        .into_iter()
        .map(|revision| Candidate::new(format!("{start}{}", revision.value), revision.description()))
        .collect()
}

/// Returns the branches of this clone.
pub(super) fn branches() -> Vec<Candidate> {
    of_repository(Repository::reference_names)
        .into_iter()
        .filter(|reference| reference.kind == ReferenceKind::Branch)
        .map(|branch| Candidate::new(branch.name, ""))
        .collect()
}

/// Returns the remotes.
pub(super) fn remotes() -> Vec<Candidate> {
    of_repository(Repository::remotes).into_iter().map(|remote| Candidate::new(remote, "")).collect()
}

fn references() -> Vec<Candidate> {
    let described = |kind: ReferenceKind| match kind {
        ReferenceKind::Branch => "a branch",
        ReferenceKind::Tag => "a tag",
        ReferenceKind::RemoteBranch => "a branch of a remote",
    };
    let found = of_repository(Repository::reference_names).into_iter();
    found.map(|reference| Candidate::new(reference.name, described(reference.kind))).collect()
}

fn of_repository<T>(read: impl Fn(&Repository) -> Result<Vec<T>, GitError>) -> Vec<T> {
    let repository = Repository::open(Path::new("."), CacheWrites::Forbidden);
    repository.and_then(|repository| read(&repository)).unwrap_or_default()
}
