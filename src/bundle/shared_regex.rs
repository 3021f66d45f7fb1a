//! Compiled regular expressions, which all bundles of the process share.
//!
//! The environments of a project, and the two states that `diff` compares, have almost the same expressions, so each
//! expression is compiled once while a bundle uses it.
//!
//! **Invariant:** the table keeps no regular expression alive.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use regex::{Regex, RegexBuilder};

/// The size limit of a compiled automaton, in bytes.
const SIZE_LIMIT: usize = 2 << 20;
/// The minimum number of entries at which entries without a regular expression are removed.
const MIN_SWEEP: usize = 1_000;

/// Whether a regular expression distinguishes upper and lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Case {
    Sensitive,
    Insensitive,
}

/// The regular expressions that are in use, by source text.
#[derive(Default)]
struct Table {
    entries: BTreeMap<(Case, Box<str>), Weak<Regex>>,
    /// The number of entries at which the next sweep happens. It doubles with the entries, so that a sweep costs little.
    sweep_at: usize,
}

static TABLE: Mutex<Option<Table>> = Mutex::new(None);

/// Returns the compiled expression.
///
/// # Errors
/// Returns [`regex::Error`] if the expression is not valid, or exceeds its size limit.
pub(super) fn shared(expression: &str, case: Case) -> Result<Arc<Regex>, regex::Error> {
    let key = (case, Box::from(expression));
    let table = || TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = table().as_ref().and_then(|table| table.entries.get(&key)?.upgrade()) {
        return Ok(known);
    }
    // Other threads compile other expressions meanwhile.
    let mut builder = RegexBuilder::new(expression);
    let compiled = builder.case_insensitive(case == Case::Insensitive).size_limit(SIZE_LIMIT).build()?;
    let compiled = Arc::new(compiled);
    let mut table = table();
    let table = table.get_or_insert_default();
    if table.entries.len() >= table.sweep_at {
        table.entries.retain(|_, regex| regex.strong_count() > 0);
        table.sweep_at = MIN_SWEEP.max(table.entries.len() * 2);
    }
    table.entries.insert(key, Arc::downgrade(&compiled));
    Ok(compiled)
}
