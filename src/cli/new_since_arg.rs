//! `--new-since`: problems that an earlier revision has already do not fail a command.

use anyhow::Result;

use crate::cli::range::earlier_revision_of;
use crate::git::Revision;
use crate::source::Source;

#[derive(Debug, clap::Args)]
pub(crate) struct NewSince {
    /// Fail only because of problems that the revision BASE does not have
    ///
    /// A problem is the same if code, file and message agree, or for a test, its name, flag and environment. Lines do not
    /// matter, renames of files are followed, and equal problems are counted.
    #[arg(long = "new-since", value_name = "BASE")]
    base: Option<String>,
}

impl NewSince {
    /// Finds the revision, in the repository of a source. A revision that is older than the flag repository has no
    /// problems.
    ///
    /// # Errors
    /// Returns an error with advice if the revision does not exist, or if its name is ambiguous.
    pub(crate) fn revision(&self, source: &Source) -> Result<Option<Revision>> {
        self.base.as_deref().map(|text| earlier_revision_of(source, text)).transpose()
    }
}
