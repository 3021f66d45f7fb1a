//! The kills of a commit, independent of all other definitions of the commit.

use std::collections::BTreeMap;

use crate::bundle::Percent;
use crate::codes::Severity;
use crate::load;
use crate::source::{Source, SourceError};

/// The kill files of one environment: the key of each killed flag, with its file.
pub type KillFiles = BTreeMap<String, KillFile>;

/// A kill file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillFile {
    /// The text of the file.
    pub text: String,
    /// The share of units that the kill admits.
    pub admits: Percent,
}

impl KillFile {
    /// Returns whether the kill turns the flag off for more units than another kill of the flag, or than no kill.
    pub fn stops_more_than(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| self.admits < other.admits)
    }
}

/// Adds a kill of a flag. Of two kills of one flag, the one that admits fewer units counts, because a kill must not wait for
/// the end of an earlier one. Of two that admit the same share, the first one counts.
pub fn add_kill(kills: &mut KillFiles, flag: &str, file: &KillFile) {
    if file.stops_more_than(kills.get(flag)) {
        kills.insert(flag.to_owned(), file.clone());
    }
}

/// Returns the keys of the flags that `kills` turns off for more units than `others` does.
pub fn stopped_more(kills: &KillFiles, others: &KillFiles) -> Vec<String> {
    let more = kills.iter().filter(|(flag, file)| file.stops_more_than(others.get(*flag)));
    more.map(|(flag, _)| flag.clone()).collect()
}

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
                add_kill(files, &kill.flag, &KillFile { text, admits: kill.admits() });
            }
        }
        kills.errors = findings.iter().map(|finding| finding.diagnostic.located(&loaded.snapshot)).collect();
        Ok(kills)
    }
}
