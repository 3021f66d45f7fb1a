//! From flags to those whose decisions may depend on them, without reading more than that takes.

use std::collections::BTreeSet;

use crate::load::{Definition, lower, mentioned};
use crate::model::{FLAGS, Flag, SEGMENTS};
use crate::snapshot::{File, FileId};
use crate::source::{Source, SourceError};

/// A folder and a name in it.
type Named = (&'static str, String);

/// The keys of all flags that require one of these flags or ask for it or one of these segments in a condition, in
/// any environment, through segments and other flags too; sorted, and without the keys themselves.
///
/// # Errors
/// [`SourceError`] if a file or folder is there and cannot be read.
pub fn dependants(source: &Source, keys: &[String], segments: &[String]) -> Result<Vec<String>, SourceError> {
    if keys.is_empty() && segments.is_empty() {
        return Ok(Vec::new());
    }
    let mut known: BTreeSet<Named> = keys.iter().map(|key| (FLAGS, key.clone())).collect();
    known.extend(segments.iter().map(|name| (SEGMENTS, name.clone())));
    let mut new = known.clone();
    while !new.is_empty() {
        // Most flags are mentioned nowhere, and looking for words is much cheaper than parsing.
        let names: Vec<&str> = new.iter().map(|(_, name)| name.as_str()).collect();
        let found = source.files_mentioning(&[FLAGS, SEGMENTS], &names)?;
        let mentioning = |path: String| Ok(source.read(&path)?.and_then(|file| mentioning(file, &new)));
        let found = found.into_iter().filter_map(|path| mentioning(path).transpose());
        let found = found.collect::<Result<BTreeSet<_>, SourceError>>()?;
        new = found.into_iter().filter(|named| known.insert(named.clone())).collect();
    }
    let flags = known.into_iter().filter(|(place, key)| *place == FLAGS && !keys.contains(key));
    Ok(flags.map(|(_, key)| key).collect())
}

/// What the file defines, if that mentions one of the names.
fn mentioning(file: File, names: &BTreeSet<Named>) -> Option<Named> {
    let mut mentions = Vec::new();
    let named = match lower(file, FileId(0)).definition {
        Definition::Flag(flag) => {
            mentioned_by(&flag, &mut mentions);
            (FLAGS, flag.key)
        }
        Definition::Segment(segment) => {
            segment.condition.iter().for_each(|condition| mentioned(&condition.value, &mut mentions));
            (SEGMENTS, segment.name)
        }
        _ => return None,
    };
    mentions.iter().any(|mention| names.contains(mention)).then_some(named)
}

/// In any environment.
fn mentioned_by(flag: &Flag, mentions: &mut Vec<Named>) {
    for serving in flag.servings() {
        let required = serving.requires.iter().flatten();
        mentions.extend(required.map(|required| (FLAGS, required.flag.value.clone())));
        let conditions = serving.rules.iter().flatten().filter_map(|rule| rule.condition.as_ref());
        conditions.for_each(|condition| mentioned(&condition.value, mentions));
    }
}
