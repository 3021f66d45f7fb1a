//! Loads all definitions, or only the settings, or test files.

use crate::load::duplicates::duplicates;
use crate::load::loaded::Loaded;
use crate::load::names;
use crate::load::read::read;
use crate::load::value_schemas;
use crate::model::{FLAGS, KILLS, LAYERS, SEGMENTS, TESTS};
use crate::snapshot::PROJECT_FILE;
use crate::source::{Source, SourceError};

/// Loads the settings and all flags, segments, layers and kills, but no test files.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn all(source: &Source) -> Result<Loaded, SourceError> {
    let mut paths = vec![PROJECT_FILE.to_owned()];
    for folder in [FLAGS, SEGMENTS, LAYERS, KILLS] {
        paths.extend(source.list(folder)?);
    }
    let mut loaded = Loaded::default();
    read(source, &paths, &mut loaded)?;
    let duplicates = duplicates(&loaded.project);
    loaded.diagnostics.extend(duplicates);
    let names = names::check(&loaded.snapshot, &loaded.project);
    loaded.diagnostics.extend(names);
    value_schemas::check(source, &mut loaded)?;
    Ok(loaded)
}

/// Loads only one file. If it does not exist, the result has no definition.
///
/// # Errors
/// Returns [`SourceError`] if the file exists and cannot be read.
pub fn file(source: &Source, path: &str) -> Result<Loaded, SourceError> {
    let mut loaded = Loaded::default();
    read(source, &[path.to_owned()], &mut loaded)?;
    Ok(loaded)
}

/// Loads only `flagctl.yaml`.
///
/// # Errors
/// Returns [`SourceError`] if the file exists and cannot be read.
pub fn settings(source: &Source) -> Result<Loaded, SourceError> {
    let mut loaded = Loaded::default();
    read(source, &[PROJECT_FILE.to_owned()], &mut loaded)?;
    Ok(loaded)
}

/// Loads only the kills. Other files may have any content or be missing.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn kills(source: &Source) -> Result<Loaded, SourceError> {
    let mut loaded = Loaded::default();
    read(source, &source.list(KILLS)?, &mut loaded)?;
    Ok(loaded)
}

/// Adds the test files whose paths are selected.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn tests(source: &Source, mut loaded: Loaded, is_selected: impl Fn(&str) -> bool) -> Result<Loaded, SourceError> {
    let mut paths = source.list(TESTS)?;
    paths.retain(|path| is_selected(path));
    read(source, &paths, &mut loaded)?;
    Ok(loaded)
}
