//! The commits that changed one flag, by its own files or through the definitions that it depends on.

use crate::git::{CloneDepth, Revision};
use crate::history::error::HistoryError;
use crate::history::flag_changes::{LoggedChange, OwnFiles, flag_changes};
use crate::history::flag_definitions::FlagDefinitions;
use crate::history::flag_versions::FlagVersions;

/// A walk through the commits of a flag, along first parents.
///
/// Most commits change nothing about a flag, so the walk compares ids of files, and reads definitions only if an id
/// differs. It keeps the definitions of the newer commit while no id differs.
#[derive(Debug)]
pub(super) struct FlagWalk {
    key: String,
    versions: FlagVersions,
    definitions: Option<FlagDefinitions>,
    /// Whether the flag was defined at a commit.
    pub(super) has_flag: bool,
}

/// What a walk finds at a commit.
pub(super) enum Step {
    /// The changes of the flag.
    Changes(Vec<LoggedChange>),
    /// A shallow clone ends at the commit, so its changes are not known.
    EndOfClone,
}

impl FlagWalk {
    /// Begins at a commit.
    pub(super) fn new(tip: &Revision, key: &str) -> Result<Self, HistoryError> {
        let versions = FlagVersions::read(tip, key, None)?;
        Ok(Self { key: key.to_owned(), has_flag: versions.path.is_some(), versions, definitions: None })
    }

    /// Compares a commit with its parent, which is the next commit of the walk. Without [`Comparison::Wanted`], only the
    /// files are compared.
    pub(super) fn step(
        &mut self,
        revision: &Revision,
        parent: Option<&Revision>,
        comparison: Comparison,
    ) -> Result<Step, HistoryError> {
        if parent.is_none() && !self.versions.files.is_empty() && revision.depth()? == CloneDepth::Shallow {
            return Ok(Step::EndOfClone);
        }
        let versions_before = match parent {
            Some(parent) => FlagVersions::read(parent, &self.key, self.versions.path.as_deref())?,
            None => FlagVersions::default(),
        };
        let versions = std::mem::replace(&mut self.versions, versions_before);
        self.has_flag |= self.versions.path.is_some();
        if comparison == Comparison::Unwanted {
            self.definitions = None;
            return Ok(Step::Changes(Vec::new()));
        }
        let own_files = if self.versions.files == versions.files { OwnFiles::Same } else { OwnFiles::Changed };
        let after = match self.definitions.take() {
            Some(known) => known,
            // Without a file, the flag depends on nothing.
            None if versions.path.is_none() && own_files == OwnFiles::Same => return Ok(Step::Changes(Vec::new())),
            None => FlagDefinitions::read(revision, &self.key)?,
        };
        let holds = match parent {
            Some(parent) => after.holds_at(revision, parent)?,
            None => false,
        };
        if own_files == OwnFiles::Same && holds {
            self.definitions = Some(after);
            return Ok(Step::Changes(Vec::new()));
        }
        self.definitions = parent.map(|parent| FlagDefinitions::read(parent, &self.key)).transpose()?;
        let before = self.definitions.as_ref().map(|before| &before.compared);
        Ok(Step::Changes(flag_changes(&self.key, before, &after.compared, own_files)))
    }
}

/// Whether the definitions of a commit are compared with those of its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// They are compared.
    Wanted,
    /// The log does not contain the commit.
    Unwanted,
}
