//! The definitions that a flag needs at a commit, with the versions of their files.

use std::collections::BTreeMap;

use crate::diff::{ComparedDefinitions, FlagStatus};
use crate::git::{GitError, Revision};
use crate::history::decision_trace::blob_ids;
use crate::history::error::HistoryError;
use crate::model::{FLAGS, KILLS, flag_key};
use crate::source::Source;

/// The definitions that a flag needs at a commit.
#[derive(Debug)]
pub struct FlagDefinitions {
    /// The definitions, compiled for all environments.
    pub compared: ComparedDefinitions,
    /// The blob ids of the files of the other definitions that the flag needs, or `None` if the flag has an error. Then a
    /// file may be missing whose path is unknown. [`FlagVersions`](crate::history::FlagVersions) has the flag's own files.
    files: Option<BTreeMap<String, Option<String>>>,
}

impl FlagDefinitions {
    /// Reads the definitions at a commit.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if a file or folder cannot be read.
    pub fn read(revision: &Revision, key: &str) -> Result<Self, HistoryError> {
        let source = Source::Revision(revision.clone());
        let compared = ComparedDefinitions::read(&source, &[key.to_owned()], &[])?;
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
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn holds_at(&self, revision: &Revision, parent: &Revision) -> Result<bool, GitError> {
        let Some(files) = &self.files else { return Ok(revision.has_same_files(parent)) };
        for (path, id) in files {
            if parent.blob_id(path)? != *id {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
