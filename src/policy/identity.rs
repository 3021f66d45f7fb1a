//! The identity of flags: which flag of the base a flag after the change is.
//!
//! A flag keeps its identity by its key. A flag with a new key is the removed flag that has the same salt. If there
//! is none, it is the removed flag whose file git recognises as renamed. Without this rule, a rename would lift the limits.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::ComparedDefinitions;
use crate::git::{GitError, Revision};
use crate::model::flag_key;

/// Returns the keys at the base of renamed flags, by their keys after the change.
pub(super) fn renamed_flags(
    revisions: [&Revision; 2],
    [before, after]: [&ComparedDefinitions; 2],
    keys: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, GitError> {
    let in_both = |key: &&String| (before.flag(key).is_some(), after.flag(key).is_some());
    let removed: BTreeSet<&String> = keys.iter().filter(|key| in_both(key) == (true, false)).collect();
    let added: BTreeSet<&String> = keys.iter().filter(|key| in_both(key) == (false, true)).collect();
    let mut found = BTreeMap::new();
    if removed.is_empty() || added.is_empty() {
        return Ok(found);
    }
    let salts = |definitions: &ComparedDefinitions, key: &str| -> BTreeSet<String> {
        let bundles = definitions.environments().map(|environment| definitions.bundle(environment));
        bundles.filter_map(|bundle| Some(bundle.flag(key)?.bucketer.salt().to_owned())).collect()
    };
    let [old, new] = revisions;
    let by_git = new.renamed_files(old)?;
    let by_git: BTreeMap<String, String> =
        by_git.into_iter().filter_map(|(new, old)| Some((flag_key(&new)?, flag_key(&old)?))).collect();
    for key in added {
        let own = salts(after, key);
        let same_salt = removed.iter().find(|former| !own.is_disjoint(&salts(before, former)));
        let former = same_salt.or_else(|| removed.iter().find(|former| by_git.get(key) == Some(**former)));
        found.extend(former.map(|former| (key.clone(), (*former).clone())));
    }
    Ok(found)
}
