//! Finds the flags whose decisions may depend on given flags, segments and layers, without parsing files that do not mention
//! them.

use std::collections::BTreeSet;

use crate::load::parsed_file::{Definition, parse_file};
use crate::load::references;
use crate::load::references::Reference;
use crate::model::{FLAGS, SEGMENTS};
use crate::snapshot::{File, FileId};
use crate::source::{Source, SourceError};

/// The names of definitions that flags share.
#[derive(Debug, Default)]
pub struct SharedNames {
    /// The names of segments.
    pub segments: Vec<String>,
    /// The names of layers.
    pub layers: Vec<String>,
}

/// Returns the keys of all flags that depend on one of these flags, segments or layers in any environment, directly or
/// indirectly. The keys are sorted. The result does not contain the given keys.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn dependants(source: &Source, keys: &[String], shared: &SharedNames) -> Result<Vec<String>, SourceError> {
    let flags = dependants_and_each_other(source, keys, shared)?;
    Ok(flags.into_iter().filter(|key| !keys.contains(key)).collect())
}

/// Returns the keys of all flags that depend on one of these flags, segments or layers, as [`dependants`] does, and also those of
/// the given keys that depend on another one.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn dependants_and_each_other(
    source: &Source,
    keys: &[String],
    shared: &SharedNames,
) -> Result<BTreeSet<String>, SourceError> {
    let mut flags = BTreeSet::new();
    if keys.is_empty() && shared.segments.is_empty() && shared.layers.is_empty() {
        return Ok(flags);
    }
    let mut known: BTreeSet<Reference> = keys.iter().map(|key| Reference::flag(key)).collect();
    known.extend(shared.segments.iter().map(|name| Reference::segment(name)));
    known.extend(shared.layers.iter().map(|name| Reference::layer(name)));
    let mut new = known.clone();
    while !new.is_empty() {
        // Most files do not mention any of the names, and a search for words is much faster than parsing.
        let names: Vec<&str> = new.iter().map(|reference| reference.name.as_str()).collect();
        let candidates = source.files_mentioning(&[FLAGS, SEGMENTS], &names)?;
        let dependant = |path: String| Ok(source.read(&path)?.and_then(|file| dependant(file, &new)));
        let dependants = candidates.into_iter().filter_map(|path| dependant(path).transpose());
        let dependants = dependants.collect::<Result<BTreeSet<_>, SourceError>>()?;
        let found = dependants.iter().filter(|reference| reference.folder == FLAGS);
        flags.extend(found.map(|reference| reference.name.clone()));
        new = dependants.into_iter().filter(|reference| known.insert(reference.clone())).collect();
    }
    Ok(flags)
}

/// Returns the flag or segment that a file defines, if its definition refers to one of the names.
fn dependant(file: File, names: &BTreeSet<Reference>) -> Option<Reference> {
    let mut mentioned = Vec::new();
    let definition = match parse_file(file, FileId(0)).definition {
        Definition::Flag(flag) => {
            references::of_flag(&flag, &mut mentioned);
            Reference::flag(&flag.key)
        }
        Definition::Segment(segment) => {
            if let Some(condition) = &segment.condition {
                references::of_condition(&condition.value, &mut mentioned);
            }
            Reference::segment(&segment.name)
        }
        Definition::Settings(_)
        | Definition::Layer(_)
        | Definition::Kill(_)
        | Definition::Suite(_)
        | Definition::InvalidName => return None,
    };
    mentioned.iter().any(|reference| names.contains(reference)).then_some(definition)
}
