//! The commits that changed a flag, by its own files or through the definitions that it depends on.

use std::collections::BTreeMap;

use crate::diff::{
    ComparedDefinitions, DefinitionChange, DependencyChange, FlagStatus, compare_dependencies, compare_flag,
};
use crate::git::{CloneDepth, CommitDetails, GitError, Revision};
use crate::history::decision_trace::blob_ids;
use crate::history::error::HistoryError;
use crate::history::flag_versions::FlagVersions;
use crate::model::{FLAGS, KILLS, flag_key};
use crate::source::Source;

/// The commits that changed a flag.
#[derive(Debug)]
pub struct FlagLog {
    /// The commits, the newest first.
    pub commits: Vec<FlagCommit>,
    /// The commit at which a shallow clone ends, if it ends before the history of the flag does. The changes of that
    /// commit are not known.
    pub end_of_clone: Option<Revision>,
}

/// A commit that changed the files of a flag, or that changed the flag through another definition.
#[derive(Debug)]
pub struct FlagCommit {
    /// The author, time and message of the commit.
    pub details: CommitDetails,
    /// The changes, each with its environment. The list is empty if the flag decides as before.
    pub changes: Vec<(String, FlagChange)>,
}

/// A change of a flag in one environment.
#[derive(Debug, Clone, PartialEq)]
pub enum FlagChange {
    /// The definition of the flag itself changed.
    Own(DefinitionChange),
    /// A definition changed that the flag depends on.
    Through(DependencyChange),
    /// The flag cannot be decided any more, because of this error.
    Invalid(String),
    /// The flag can be decided again.
    ValidAgain,
}

/// Finds at most `limit` commits that changed a flag, from `tip` back along first parents.
///
/// # Errors
/// Returns [`HistoryError`] if a commit cannot be read.
pub fn flag_log(tip: &Revision, key: &str, limit: Option<usize>) -> Result<FlagLog, HistoryError> {
    let mut commits = Vec::new();
    let mut revision = tip.clone();
    let mut versions = FlagVersions::read(&revision, key, None)?;
    let mut definitions: Option<Definitions> = None;
    loop {
        let parent = revision.parent()?;
        if parent.is_none() && !versions.files.is_empty() && revision.depth()? == CloneDepth::Shallow {
            return Ok(FlagLog { commits, end_of_clone: Some(revision) });
        }
        let versions_before = match &parent {
            Some(parent) => FlagVersions::read(parent, key, versions.path.as_deref())?,
            None => FlagVersions::default(),
        };
        let has_own_change = versions_before.files != versions.files;
        let after = match definitions.take() {
            Some(known) => Some(known),
            // Without a file, the flag depends on nothing.
            None if versions.path.is_none() && !has_own_change => None,
            None => Some(Definitions::read(&revision, key)?),
        };
        let holds = match (&after, &parent) {
            (Some(after), Some(parent)) => after.holds_at(&revision, parent)?,
            (None, _) => true,
            (Some(_), None) => false,
        };
        match after {
            Some(after) if has_own_change || !holds => {
                let before = parent.as_ref().map(|parent| Definitions::read(parent, key)).transpose()?;
                let changes = changes(key, before.as_ref(), &after);
                if has_own_change || !changes.is_empty() {
                    commits.push(FlagCommit { details: revision.details()?, changes });
                }
                definitions = before;
            }
            after => definitions = after,
        }
        match parent {
            Some(parent) if limit.is_none_or(|limit| commits.len() < limit) => {
                (revision, versions) = (parent, versions_before);
            }
            Some(_) | None => return Ok(FlagLog { commits, end_of_clone: None }),
        }
    }
}

/// Returns the differences of a flag between two commits, in each environment that one of them declares.
fn changes(key: &str, before: Option<&Definitions>, after: &Definitions) -> Vec<(String, FlagChange)> {
    let [before, after] = [before.map(|before| &before.compared), Some(&after.compared)];
    let mut environments: Vec<&str> = after.iter().flat_map(|after| after.environments()).collect();
    let removed = before.iter().flat_map(|before| before.environments());
    let removed: Vec<&str> = removed.filter(|name| !environments.contains(name)).collect();
    environments.extend(removed);
    let in_environment = |environment: &str| {
        let status = |definitions: Option<&ComparedDefinitions>| {
            definitions.map_or(FlagStatus::Absent, |definitions| definitions.status(key, environment))
        };
        match (status(before), status(after)) {
            (FlagStatus::Invalid(_), FlagStatus::Invalid(_)) | (FlagStatus::Absent, FlagStatus::Absent) => Vec::new(),
            (FlagStatus::Sound | FlagStatus::Absent, FlagStatus::Invalid(problem)) => {
                vec![FlagChange::Invalid(problem)]
            }
            (FlagStatus::Invalid(_), FlagStatus::Sound) => vec![FlagChange::ValidAgain],
            (FlagStatus::Absent, FlagStatus::Sound) => vec![FlagChange::Own(DefinitionChange::Added)],
            (FlagStatus::Sound | FlagStatus::Invalid(_), FlagStatus::Absent) => {
                vec![FlagChange::Own(DefinitionChange::Removed)]
            }
            (FlagStatus::Sound, FlagStatus::Sound) => {
                let bundles =
                    before.zip(after).map(|(before, after)| [before.bundle(environment), after.bundle(environment)]);
                let own = bundles.into_iter().flat_map(|bundles| compare_flag(bundles, key)).map(FlagChange::Own);
                let dependencies = bundles.into_iter().flat_map(|bundles| compare_dependencies(bundles, key));
                own.chain(dependencies.map(FlagChange::Through)).collect()
            }
        }
    };
    let changes = environments
        .into_iter()
        .flat_map(|environment| in_environment(environment).into_iter().map(|change| (environment.to_owned(), change)));
    changes.collect()
}

/// The definitions that a flag needs at a commit.
struct Definitions {
    compared: ComparedDefinitions,
    /// The blob ids of the files of the other definitions that the flag needs, or `None` if the flag has an error. Then a
    /// file may be missing whose path is unknown. [`FlagVersions`] has the flag's own files.
    files: Option<BTreeMap<String, Option<String>>>,
}

impl Definitions {
    fn read(revision: &Revision, key: &str) -> Result<Self, HistoryError> {
        let source = Source::Revision(revision.clone());
        let compared = ComparedDefinitions::read(&source, &[key.to_owned()], None)?;
        let is_invalid = |environment| matches!(compared.status(key, environment), FlagStatus::Invalid(_));
        let files = match compared.environments().any(is_invalid) {
            true => None,
            false => {
                let mut files = blob_ids(revision, &compared.loaded, compared.environments())?;
                let is_own = |path: &str| {
                    let folder = path.split('/').next();
                    flag_key(path).as_deref() == Some(key) && (folder == Some(FLAGS) || folder == Some(KILLS))
                };
                files.retain(|path, _| !is_own(path));
                Some(files)
            }
        };
        Ok(Self { compared, files })
    }

    /// Returns true if the other definitions are certainly the same at the parent of a commit.
    fn holds_at(&self, revision: &Revision, parent: &Revision) -> Result<bool, GitError> {
        let Some(files) = &self.files else { return Ok(revision.has_same_files(parent)) };
        for (path, id) in files {
            if parent.blob_id(path)? != *id {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
