//! The changes of all flags by a commit.

use std::collections::BTreeSet;

use crate::diff::{ComparedDefinitions, affected_flags, with_shadows};
use crate::git::Revision;
use crate::history::error::HistoryError;
use crate::history::flag_changes::{FlagChange, LoggedChange, OwnFiles, flag_changes};
use crate::model::{FLAGS, KILLS, flag_key};
use crate::source::Source;

/// Returns the changes of all flags between a commit and its parent, in the order of the keys. Without a parent, all
/// flags are added.
pub(super) fn commit_changes(
    revision: &Revision,
    parent: Option<&Revision>,
) -> Result<Vec<LoggedChange>, HistoryError> {
    let source = Source::Revision(revision.clone());
    let keys: BTreeSet<String> = match parent {
        Some(parent) => affected_flags(parent, &source)?,
        None => revision.list(FLAGS)?.iter().filter_map(|path| flag_key(path)).collect(),
    };
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<String> = keys.iter().cloned().collect();
    let read = |revision: &Revision| ComparedDefinitions::read(&Source::Revision(revision.clone()), &list, &[]);
    let (after, before) = rayon::join(|| read(revision), || parent.map(read).transpose());
    let (after, before) = (after?, before?);
    let killed: BTreeSet<String> = match parent {
        Some(parent) => {
            let kills = parent.changed_yaml_files(revision, &[KILLS])?;
            kills.iter().filter_map(|path| flag_key(path)).collect()
        }
        None => BTreeSet::new(),
    };
    let keys = with_shadows(&keys, before.iter().chain([&after]));
    let changes = keys.iter().flat_map(|key| {
        let has_same_text = before.as_ref().and_then(|before| before.file_text(key)) == after.file_text(key);
        let own_files = if has_same_text && !killed.contains(key) { OwnFiles::Same } else { OwnFiles::Changed };
        flag_changes(key, before.as_ref(), &after, own_files)
    });
    let is_shadow = |key: &str| after.flag(key).is_some_and(|flag| flag.shadowed.is_some());
    // The file of a shadow is that of its flag, so a change of the file need not be one of the shadow.
    Ok(changes.filter(|change| change.change != FlagChange::Unchanged || !is_shadow(&change.flag)).collect())
}
