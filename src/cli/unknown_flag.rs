//! The error for a requested flag that does not exist.

use anyhow::anyhow;

use crate::diag::flag_help;
use crate::model::{FLAGS, flag_key};
use crate::source::Source;

/// Returns the error for a key that is not among `keys`, with the most similar key as advice. `container` describes the
/// source of the keys, such as ` at main`. It is empty for the working tree.
pub(crate) fn unknown_flag<'k>(key: &str, keys: impl Iterator<Item = &'k str>, container: &str) -> anyhow::Error {
    let help = flag_help(key, keys).map_or(String::new(), |help| format!("; {help}"));
    anyhow!("`{key}` is not a flag{container}{help}")
}

/// Returns the error for a flag that a flag repository does not define.
pub(crate) fn unknown_flag_in_source(key: &str, source: &Source) -> anyhow::Error {
    let revision = source.revision().map_or(String::new(), |revision| format!(" at {}", revision.name()));
    unknown_among_flags(key, source, &revision)
}

/// Returns the error for a flag that a revision and the commits before it do not define.
pub(crate) fn unknown_flag_in_history(key: &str, tip: &Source) -> anyhow::Error {
    let revision = tip.revision().map_or(String::new(), |tip| format!(" at {} or at a commit before it", tip.name()));
    unknown_among_flags(key, tip, &revision)
}

fn unknown_among_flags(key: &str, source: &Source, container: &str) -> anyhow::Error {
    let paths = source.list(FLAGS).unwrap_or_default();
    let keys: Vec<String> = paths.iter().filter_map(|path| flag_key(path)).collect();
    unknown_flag(key, keys.iter().map(String::as_str), container)
}

/// Returns the error for a flag that does not exist in a bundle with these keys.
pub(crate) fn unknown_flag_in_bundle<'k>(key: &str, keys: impl Iterator<Item = &'k str>) -> anyhow::Error {
    unknown_flag(key, keys, " in the bundle")
}
