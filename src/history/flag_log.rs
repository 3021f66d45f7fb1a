//! The commits that changed a flag.

use crate::bundle::Bundle;
use crate::compile::compile;
use crate::diff::{DefinitionChange, compare_flag};
use crate::git::{CloneDepth, CommitDetails, Revision};
use crate::history::error::HistoryError;
use crate::history::flag_versions::FlagVersions;
use crate::load;
use crate::load::Loaded;
use crate::source::{Source, SourceError};

/// The commits that changed a flag.
#[derive(Debug)]
pub struct FlagLog {
    /// The commits, the newest first.
    pub commits: Vec<FlagCommit>,
    /// The commit at which a shallow clone ends, if it ends before the history of the flag does. The changes of that
    /// commit are not known.
    pub end_of_clone: Option<Revision>,
}

/// A commit that changed the files of a flag.
#[derive(Debug)]
pub struct FlagCommit {
    /// The author, time and message of the commit.
    pub details: CommitDetails,
    /// The changes, each with its environment. The list is empty if the flag decides as before.
    pub changes: Vec<(String, DefinitionChange)>,
}

/// Finds at most `limit` commits that changed a flag, from `tip` back along first parents.
///
/// # Errors
/// Returns [`HistoryError`] if a commit cannot be read.
pub fn flag_log(tip: &Revision, key: &str, limit: Option<usize>) -> Result<FlagLog, HistoryError> {
    let mut commits = Vec::new();
    let mut revision = tip.clone();
    let mut versions = FlagVersions::read(&revision, key, None)?;
    loop {
        let parent = revision.parent()?;
        if parent.is_none() && !versions.files.is_empty() && revision.depth()? == CloneDepth::Shallow {
            return Ok(FlagLog { commits, end_of_clone: Some(revision) });
        }
        let versions_before = match &parent {
            Some(parent) => FlagVersions::read(parent, key, versions.path.as_deref())?,
            None => FlagVersions::default(),
        };
        if versions_before.files != versions.files {
            let changes = changes(key, parent.as_ref(), &revision)?;
            commits.push(FlagCommit { details: revision.details()?, changes });
        }
        match parent {
            Some(parent) if limit.is_none_or(|limit| commits.len() < limit) => {
                (revision, versions) = (parent, versions_before);
            }
            Some(_) | None => return Ok(FlagLog { commits, end_of_clone: None }),
        }
    }
}

/// Returns the differences of a flag between a commit and its parent, in each environment that one of them declares.
fn changes(
    key: &str,
    parent: Option<&Revision>,
    revision: &Revision,
) -> Result<Vec<(String, DefinitionChange)>, SourceError> {
    let new = Definitions::read(revision)?;
    let old = parent.map(Definitions::read).transpose()?;
    let mut environments: Vec<&str> = new.settings.project.settings.environment_names().collect();
    let old_environments = old.iter().flat_map(|old| old.settings.project.settings.environment_names());
    let removed: Vec<&str> = old_environments.filter(|name| !environments.contains(name)).collect();
    environments.extend(removed);
    let mut changes = Vec::new();
    for environment in environments {
        let after = new.bundle(key, environment)?;
        let before = match &old {
            Some(old) => old.bundle(key, environment)?,
            None => compile(&Default::default(), environment).0,
        };
        let found = compare_flag([&before, &after], key);
        changes.extend(found.into_iter().map(|change| (environment.to_owned(), change)));
    }
    Ok(changes)
}

/// The definitions at a commit. Only the settings are already read.
struct Definitions {
    source: Source,
    settings: Loaded,
}

impl Definitions {
    fn read(revision: &Revision) -> Result<Self, SourceError> {
        let source = Source::Revision(revision.clone());
        let settings = load::settings(&source)?;
        Ok(Self { source, settings })
    }

    /// Compiles a flag in an environment.
    fn bundle(&self, key: &str, environment: &str) -> Result<Bundle, SourceError> {
        let loaded = load::flags(&self.source, self.settings.clone(), &[key.to_owned()], &[environment])?;
        Ok(compile(&loaded.project, environment).0)
    }
}
