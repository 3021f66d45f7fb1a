//! What the words before the completed word say: where the definitions are, and which flags they name.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use crate::git::{CacheWrites, RevisionSpec};
use crate::source::{FlagRepository, Folder, Source};

/// The words before the completed word.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// The folder of `-C`.
    pub(super) folder: Option<PathBuf>,
    /// The revision of `--at`.
    at: Option<RevisionSpec>,
    /// The keys of flags.
    pub(super) flags: Vec<String>,
    /// The words of `list` and `show`.
    pub(super) words: Vec<String>,
}

impl Typed {
    /// Parses the words, of which the last ones may be missing or wrong.
    pub(super) fn new(definition: clap::Command, words: &[OsString]) -> Self {
        let Ok(matches) = definition.ignore_errors(true).try_get_matches_from(words) else { return Self::default() };
        let mut innermost = &matches;
        let mut folder = folder_of(innermost);
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
            folder = folder_of(innermost).or(folder);
        }
        let texts = |id: &str| -> Vec<String> {
            innermost.try_get_many(id).ok().flatten().map(|texts| texts.cloned().collect()).unwrap_or_default()
        };
        Self {
            folder,
            at: innermost.try_get_one("at").ok().flatten().cloned(),
            flags: [texts("flag"), texts("flags")].concat(),
            words: texts("words"),
        }
    }

    /// Returns the definitions that the command reads, or `None` if there are none.
    pub(super) fn source(&self) -> Option<Source> {
        let here = Path::new(".");
        match &self.at {
            Some(at) => {
                let repository = FlagRepository::find(here, CacheWrites::Forbidden).ok()?;
                repository.revision(at).ok().map(Source::Revision)
            }
            None => Folder::find(here).ok().map(Source::Folder),
        }
    }
}

/// Returns the folder of `-C`. The shell has not yet expanded a tilde in it.
fn folder_of(matches: &ArgMatches) -> Option<PathBuf> {
    let folder: &PathBuf = matches.try_get_one("folder").ok().flatten()?;
    match (folder.strip_prefix("~"), env::home_dir()) {
        (Ok(in_home), Some(home)) => Some(home.join(in_home)),
        _ => Some(folder.clone()),
    }
}
