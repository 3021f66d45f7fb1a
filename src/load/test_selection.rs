//! Loads the definitions that a test run needs.
//!
//! The input is the settings and the paths in the arguments of `flagctl test`. The output is the test files at these
//! paths, with the flags that they test. A run of one test file therefore reads a few flags instead of ten thousand.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::load::{Loaded, all, flags, tests};
use crate::model::{FLAGS, Suite, TESTS, flag_key};
use crate::source::{Source, SourceError};

/// The set of flags that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagScope {
    /// All flags. A coverage report needs them.
    All,
    /// The flags that the selected test files test, and the flags that these flags depend on.
    Tested,
}

/// The reason why the definitions for a test run could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TestSelectionError {
    /// A file or folder exists and cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No test file is at or below the path.
    #[error("no test file is at `{}`; test files are in `{TESTS}`", .0.display())]
    NoTestFile(PathBuf),
}

/// Loads the test files at `paths`, and the flags that they need in `environments`. Paths are relative to the root of
/// the flag repository. An empty path, or an empty list of paths, selects all test files.
///
/// # Errors
/// Returns [`TestSelectionError`] if a file cannot be read or a path selects no test file.
pub fn selected_tests(
    source: &Source,
    settings: Loaded,
    paths: &[PathBuf],
    environments: &[String],
    scope: FlagScope,
) -> Result<Loaded, TestSelectionError> {
    let everything = paths.iter().all(|path| path.as_os_str().is_empty());
    let is_selected = |path: &str| everything || paths.iter().any(|selected| Path::new(path).starts_with(selected));
    if everything || scope == FlagScope::All {
        return Ok(tests(source, all(source)?, is_selected)?);
    }
    let loaded = tests(source, settings, is_selected)?;
    let has_files = |selected: &&PathBuf| {
        let mut files = loaded.snapshot.files();
        files.any(|(_, file)| Path::new(&file.path).starts_with(selected))
    };
    if let Some(missing) = paths.iter().find(|path| !has_files(path)) {
        return Err(TestSelectionError::NoTestFile(missing.clone()));
    }
    let is_about_all_flags = |suite: &Suite| suite.golden.as_ref().is_some_and(|golden| golden.flags.is_empty());
    if loaded.project.suites.iter().any(is_about_all_flags) {
        return Ok(tests(source, all(source)?, is_selected)?);
    }
    let keys = tested_flags(&loaded.project.suites);
    let environments: Vec<&str> = environments.iter().map(String::as_str).collect();
    Ok(flags(source, loaded, &keys, &environments)?)
}

/// Returns the environments that the test files name. Returns all environments if a test file does not name its
/// environments, or if `environments` contains no named environment.
pub fn tested_environments(environments: Vec<String>, suites: &[Suite]) -> Vec<String> {
    let Some(named) = suites.iter().map(Suite::named_environments).collect::<Option<Vec<_>>>() else {
        return environments;
    };
    let named: BTreeSet<&str> = named.into_iter().flatten().collect();
    let tested: Vec<String> = environments.iter().filter(|name| named.contains(name.as_str())).cloned().collect();
    if tested.is_empty() { environments } else { tested }
}

/// Returns the keys of all flags of the source if test files name a flag that was not loaded. The keys are for advice
/// about similar names. Otherwise returns an empty list, because listing all files takes longer than a small test run.
///
/// # Errors
/// Returns [`SourceError`] if a folder cannot be listed.
pub fn keys_for_advice(source: &Source, loaded: &Loaded) -> Result<Vec<String>, SourceError> {
    let known: BTreeSet<&str> = loaded.project.flags.iter().map(|flag| flag.key.as_str()).collect();
    if tested_flags(&loaded.project.suites).iter().all(|key| known.contains(key.as_str())) {
        return Ok(Vec::new());
    }
    Ok(source.list(FLAGS)?.iter().filter_map(|path| flag_key(path)).collect())
}

/// Returns the keys of the flags that test files name, sorted and without duplicates.
fn tested_flags(suites: &[Suite]) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for suite in suites {
        keys.extend(suite.kills.iter().map(|key| &key.value));
        for case in &suite.cases {
            keys.extend(case.expect.iter().map(|expectation| &expectation.flag.value));
            keys.extend(case.buckets.iter().map(|placement| &placement.flag.value));
        }
        let servings = suite.assertions.iter().flat_map(|assertion| assertion.claim.servings());
        keys.extend(servings.map(|serving| &serving.flag.value));
        keys.extend(suite.golden.iter().flat_map(|golden| &golden.flags).map(|flag| &flag.value));
    }
    keys.into_iter().cloned().collect()
}
