//! Finds the flags that a change may affect: the flags whose files differ, and the flags that depend on them or on
//! another changed definition. The analysis of all contexts then examines only these flags.

use std::collections::BTreeSet;

use crate::bundle::Bundle;
use crate::diff::compared_definitions::{ComparedDefinitions, FlagStatus};
use crate::diff::equality::Comparison;
use crate::git::Revision;
use crate::load;
use crate::model::{FLAGS, KILLS, LAYERS, SEGMENTS, flag_key};
use crate::snapshot::{PROJECT_FILE, stem};
use crate::source::{Source, SourceError};

/// Returns the keys of all flags that a change from `before` to `after` may affect. A change of `flagctl.yaml` may affect
/// every flag.
///
/// # Errors
/// Returns [`SourceError`] if a file or folder exists and cannot be read.
pub fn affected_flags(before: &Revision, after: &Source) -> Result<BTreeSet<String>, SourceError> {
    let paths = [PROJECT_FILE, FLAGS, SEGMENTS, LAYERS, KILLS];
    let (changed, ()) = rayon::join(|| after.changed_since(before, &paths), || before.load_word_index());
    let changed = changed?;
    let mut keys = BTreeSet::new();
    if changed.contains(PROJECT_FILE) {
        let (after, before) = (after.list(FLAGS)?, before.list(FLAGS)?);
        keys.extend(after.iter().chain(&before).filter_map(|path| flag_key(path)));
        return Ok(keys);
    }
    let mut shared = load::SharedNames::default();
    for path in &changed {
        if path.starts_with(SEGMENTS) {
            shared.segments.extend(stem(path).map(str::to_owned));
        } else if path.starts_with(LAYERS) {
            shared.layers.extend(stem(path).map(str::to_owned));
        } else {
            keys.extend(flag_key(path));
        }
    }
    let list: Vec<String> = keys.iter().cloned().collect();
    // The sets `keys` and `shared` cover all files that differ. The other files are equal in both, so it is enough to
    // search one of them: the revision has an index of words, and `after` is searched only if a link in the revision is
    // broken.
    let before = Source::Revision(before.clone());
    let dependants = load::dependants(&before, &list, &shared);
    keys.extend(dependants.or_else(|_| load::dependants(after, &list, &shared))?);
    Ok(keys)
}

/// Returns the keys of the flags that may decide differently in an environment, and of the flags with
/// renamed rules or another value of `client`.
pub fn differing_flags(
    before: &ComparedDefinitions,
    after: &ComparedDefinitions,
    environment: &str,
) -> BTreeSet<String> {
    let both = [before, after];
    let bundles = both.map(|definitions| definitions.bundle(environment));
    let mut comparison = Comparison::new(bundles);
    let rule_names = |bundle: &Bundle, key: &str| -> Option<Vec<Option<Box<str>>>> {
        Some(bundle.flag(key)?.rules.iter().map(|rule| rule.name.clone()).collect())
    };
    let client = |bundle: &Bundle, key: &str| Some(bundle.flag(key)?.client);
    let mut is_unchanged = |key: &str| {
        both.iter().all(|definitions| definitions.status(key, environment) == FlagStatus::Sound)
            && comparison.flags_of_key(key)
            && client(bundles[0], key) == client(bundles[1], key)
            && rule_names(bundles[0], key) == rule_names(bundles[1], key)
    };
    let keys: BTreeSet<&str> = both.iter().flat_map(|definitions| definitions.keys(environment)).collect();
    keys.into_iter().filter(|key| !is_unchanged(key)).map(str::to_owned).collect()
}

/// Adds the shadows of flags. A flag and its shadow are defined in the same file.
pub fn with_shadows<'d>(
    keys: &BTreeSet<String>,
    definitions: impl IntoIterator<Item = &'d ComparedDefinitions>,
) -> BTreeSet<String> {
    let flags = definitions.into_iter().flat_map(|definitions| &definitions.loaded.project.flags);
    let shadows = flags.filter(|flag| flag.shadowed.as_ref().is_some_and(|shadowed| keys.contains(&shadowed.flag)));
    keys.iter().cloned().chain(shadows.map(|flag| flag.key.clone())).collect()
}
