//! Whom a change of one flag moves, before it is made.

use std::collections::BTreeSet;

use crate::analyze;
use crate::analyze::{Budget, Definition, Effect};
use crate::bundle::Bundle;
use crate::report;

/// What a flag decides otherwise, for all contexts.
pub(crate) struct Moves {
    /// In words, one for each region of contexts; empty if that is proven to be nobody.
    pub(crate) lines: Vec<String>,
    pub(crate) effects: BTreeSet<Effect>,
}

/// None where that takes too much work to say, or where one of the bundles has no such flag.
pub(crate) fn moves(before: &Bundle, after: &Bundle, key: &str) -> Option<Moves> {
    let (old, new) = (Definition::find(before, key)?, Definition::find(after, key)?);
    let regions = analyze::changes(old, new, &Budget::default()).ok()?;
    let lines = regions.iter().map(report::diff::region).collect();
    Some(Moves { lines, effects: analyze::effects(&regions) })
}
