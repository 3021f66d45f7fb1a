//! Loads single flags and all definitions that their decisions need.

use std::collections::BTreeSet;

use crate::load::loaded::Loaded;
use crate::load::read::read;
use crate::load::references;
use crate::load::references::Reference;
use crate::model::{FLAGS, kill_path, shadowed_key};
use crate::source::{Source, SourceError};

/// Adds the flags with these keys to the settings, and all definitions that affect their decisions in these
/// environments: their kills, and the segments and flags that they refer to directly or indirectly. Also adds the
/// definitions that the conditions of loaded test files refer to.
///
/// A flag that does not exist is not added. The compiler reports the reference to it.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn flags(source: &Source, settings: Loaded, keys: &[String], environments: &[&str]) -> Result<Loaded, SourceError> {
    with_needed(source, settings, keys.iter().map(|key| Reference::flag(key)).collect(), environments)
}

/// Adds a segment to the settings, and all definitions that its condition needs in these environments. See [`flags`].
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn segment(source: &Source, settings: Loaded, name: &str, environments: &[&str]) -> Result<Loaded, SourceError> {
    with_needed(source, settings, vec![Reference::segment(name)], environments)
}

fn with_needed(
    source: &Source,
    settings: Loaded,
    mut found: Vec<Reference>,
    environments: &[&str],
) -> Result<Loaded, SourceError> {
    let mut loaded = settings;
    let assertions = loaded.project.suites.iter().flat_map(|suite| &suite.assertions);
    for condition in assertions.filter_map(|assertion| assertion.when.as_ref()) {
        references::of_condition(condition, &mut found);
    }
    let mut seen = BTreeSet::new();
    loop {
        let unread: BTreeSet<Reference> = found.drain(..).filter(|reference| seen.insert(reference.clone())).collect();
        if unread.is_empty() {
            return Ok(loaded);
        }
        let mut paths = Vec::new();
        for reference in &unread {
            let Some(file_name) = reference.file_name() else { continue };
            let path = source.search(reference.folder, &file_name)?;
            // The file of a flag also defines its shadow.
            if path.is_none()
                && reference.folder == FLAGS
                && let Some(shadowed) = shadowed_key(&reference.name)
            {
                found.push(Reference::flag(shadowed));
            }
            paths.extend(path);
            if reference.folder == FLAGS {
                paths.extend(environments.iter().map(|environment| kill_path(&reference.name, environment)));
            }
        }
        let (known_flags, known_segments) = (loaded.project.flags.len(), loaded.project.segments.len());
        read(source, &paths, &mut loaded)?;
        for flag in loaded.project.flags.iter().skip(known_flags) {
            for environment in environments {
                let names = loaded.project.settings.names_of(environment);
                references::of_serving(&flag.serving(&names), &mut found);
            }
        }
        for segment in loaded.project.segments.iter().skip(known_segments) {
            if let Some(condition) = &segment.condition {
                references::of_condition(&condition.value, &mut found);
            }
        }
    }
}
