//! Revisions and ranges as arguments, for example in `flagctl diff RANGE`.

use std::path::Path;

use anyhow::Result;

use crate::cli::exit::UsageError;
use crate::cli::revision_arg::{advised, parse};
use crate::diff::ComparedSources;
use crate::git::{CacheWrites, Revision, RevisionRange, RevisionSpec};
use crate::source::{FlagRepository, Folder, Source};

/// The name of the working tree in reports.
pub(crate) const WORKING_TREE: &str = "working tree";

/// Finds the two states of a range. Without a range, they are the last common commit of HEAD and the default branch,
/// and the working tree.
///
/// # Errors
/// Returns an error if a revision does not exist, or if a working tree is needed and does not exist.
pub(crate) fn compared_sources(range: Option<&str>) -> Result<ComparedSources> {
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let Some(range) = range else {
        let (after, repository) = working_tree(repository)?;
        let default_branch = repository.git().default_branch()?.ok_or_else(|| {
            UsageError("`origin/HEAD`, `main` and `master` do not exist: name what to compare with".to_owned())
        })?;
        let (base, tip) = (earlier_revision(&repository, &default_branch)?, earlier_revision(&repository, "HEAD")?);
        let before = base.merge_base(&tip)?;
        let before_name = fork_name(&before, &default_branch, "HEAD");
        return Ok(ComparedSources { before, before_name, after, after_name: WORKING_TREE.to_owned() });
    };
    match RevisionRange::parse(range) {
        RevisionRange::Single(base) => {
            let (after, repository) = working_tree(repository)?;
            let before = earlier_revision(&repository, base)?;
            let before_name = before.name().to_owned();
            Ok(ComparedSources { before, before_name, after, after_name: WORKING_TREE.to_owned() })
        }
        RevisionRange::TwoDots { base, tip } => {
            let (before, tip) = (earlier_revision(&repository, base)?, revision(&repository, tip)?);
            let (before_name, after_name) = (before.name().to_owned(), tip.name().to_owned());
            Ok(ComparedSources { before, before_name, after: Source::Revision(tip), after_name })
        }
        RevisionRange::ThreeDots { base, tip } => {
            let (base, tip) = (earlier_revision(&repository, base)?, revision(&repository, tip)?);
            let before = base.merge_base(&tip)?;
            let (before_name, after_name) = (fork_name(&before, base.name(), tip.name()), tip.name().to_owned());
            Ok(ComparedSources { before, before_name, after: Source::Revision(tip), after_name })
        }
    }
}

/// Returns the name of the last common commit of two revisions.
fn fork_name(fork: &Revision, base: &str, tip: &str) -> String {
    format!("{}, where {base} and {tip} part", fork.name())
}

fn rev(text: &str) -> Result<RevisionSpec> {
    parse(text).map_err(|problem| UsageError(format!("`{text}`: {problem}")).into())
}

/// Finds a revision.
///
/// # Errors
/// Returns an error with advice if the revision does not exist.
pub(crate) fn revision(repository: &FlagRepository, text: &str) -> Result<Revision> {
    repository.revision(&rev(text)?).map_err(advised)
}

/// Finds a revision that may be older than the flag repository. Such a revision has no definitions.
///
/// # Errors
/// Returns an error with advice if the revision does not exist.
pub(crate) fn earlier_revision(repository: &FlagRepository, text: &str) -> Result<Revision> {
    repository.revision_or_empty(&rev(text)?).map_err(advised)
}

/// Finds an earlier revision of the repository of a source.
///
/// # Errors
/// Returns an error with advice if the revision does not exist.
pub(crate) fn earlier_revision_of(source: &Source, text: &str) -> Result<Revision> {
    let start = source.root().unwrap_or_else(|| Path::new(".").to_owned());
    earlier_revision(&FlagRepository::find(&start, CacheWrites::Allowed)?, text)
}

/// Returns the flag repository in the working tree, and the same folder in git.
///
/// # Errors
/// Returns an error if the git repository is bare, or if it has no flag repository.
fn working_tree(repository: FlagRepository) -> Result<(Source, FlagRepository)> {
    if repository.git().is_bare() {
        let missing = "a bare repository has no working tree: name two revisions, as in `flagctl diff BASE..HEAD`";
        return Err(UsageError(missing.to_owned()).into());
    }
    let folder = Folder::find(Path::new("."))?;
    let repository = repository.in_folder(&folder);
    Ok((Source::Folder(folder), repository))
}
