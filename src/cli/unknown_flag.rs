//! The error for a flag that is asked for and not defined.

use anyhow::anyhow;

use crate::diag::did_you_mean;
use crate::model::FLAGS;
use crate::snapshot::stem;
use crate::source::Source;

/// Returns the error for a key that is not among `keys`, with the most similar of them as advice. `container` says what
/// was searched, as in ` at main`; it is empty for the working tree.
pub(crate) fn unknown_flag<'k>(key: &str, keys: impl Iterator<Item = &'k str>, container: &str) -> anyhow::Error {
    let help = did_you_mean(key, keys).map_or(String::new(), |help| format!("; {help}"));
    anyhow!("`{key}` is not a flag{container}{help}")
}

/// Returns the error for a flag that no file of a flag repository defines.
pub(crate) fn unknown_flag_in_source(key: &str, source: &Source) -> anyhow::Error {
    let paths = source.list(FLAGS).unwrap_or_default();
    let revision = source.revision().map_or(String::new(), |revision| format!(" at {}", revision.name()));
    unknown_flag(key, paths.iter().filter_map(|path| stem(path)), &revision)
}

/// Returns the error for a flag that a bundle with these keys does not have.
pub(crate) fn unknown_flag_in_bundle<'k>(key: &str, keys: impl Iterator<Item = &'k str>) -> anyhow::Error {
    unknown_flag(key, keys, " in the bundle")
}
