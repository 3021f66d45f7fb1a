//! The kills of a commit, independent of all other definitions of the commit.

use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::load;
use crate::source::{Source, SourceError};

/// The kill files of one environment: the key of each killed flag, with the text of its file.
pub type KillFiles = BTreeMap<String, String>;

/// The kills of a commit.
#[derive(Debug, Default)]
pub(super) struct CommitKills {
    /// The kill files of each environment.
    pub(super) environments: BTreeMap<String, KillFiles>,
    /// The errors of kill files, each with its position. Such a file is not in `environments`.
    pub(super) errors: Vec<String>,
}

impl CommitKills {
    /// Reads the kill files, whatever the other files contain.
    pub(super) fn read(source: &Source) -> Result<Self, SourceError> {
        let loaded = load::kills(source)?;
        let mut findings = loaded.settle(Vec::new());
        findings.retain(|finding| finding.severity == Severity::Error);
        let mut kills = Self::default();
        for kill in &loaded.project.kills {
            if findings.iter().all(|finding| finding.diagnostic.span.file != kill.file) {
                let text = loaded.snapshot.file(kill.file).text.clone();
                let files = kills.environments.entry(kill.environment.clone()).or_default();
                files.entry(kill.flag.clone()).or_insert(text);
            }
        }
        kills.errors = findings.iter().map(|finding| finding.diagnostic.located(&loaded.snapshot)).collect();
        Ok(kills)
    }
}
