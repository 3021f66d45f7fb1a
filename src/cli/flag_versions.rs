//! Which versions of a flag's files there are at a commit.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::git::Revision;
use crate::model::{FLAGS, KILLS};

/// The files of a flag and its kills at a commit.
#[derive(Default)]
pub(crate) struct Versions {
    /// Of the flag itself; none if there is no such flag.
    pub(crate) path: Option<String>,
    /// Versions of the flag's file and its kills; the path is none of them, so that a move changes nothing.
    pub(crate) files: BTreeSet<String>,
}

impl Versions {
    /// Where the file was a commit later is where it is nearly always.
    pub(crate) fn of(revision: &Revision, key: &str, likely: Option<&str>) -> Result<Self> {
        let name = format!("{key}.yaml");
        let version = |path: &str| revision.blob_id(path);
        let mut path = likely.map(str::to_owned);
        let mut file = path.as_deref().map(version).transpose()?.flatten();
        if file.is_none() {
            path = revision.search(FLAGS, &name)?;
            file = path.as_deref().map(version).transpose()?.flatten();
        }
        let mut files: BTreeSet<String> = file.into_iter().collect();
        for kill in revision.files_named(KILLS, &name)? {
            files.extend(version(&kill)?.map(|version| format!("{kill} {version}")));
        }
        Ok(Self { path, files })
    }
}
