//! The kinds of change that a flag can have between two sets of definitions.

use crate::bundle::{Flag, State};
use crate::diff::compared_definitions::{ComparedDefinitions, FlagStatus};
use crate::diff::definition_changes::compare_flag;

/// The kind of change of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagEvent {
    /// The flag was not defined before.
    Added,
    /// The flag is not defined any more.
    Removed,
    /// A kill turned it off.
    Killed,
    /// A kill was removed.
    Revived,
    /// Its own definition changed.
    Changed,
    /// Only definitions that it depends on changed.
    Affected,
}

impl FlagEvent {
    /// Returns the kind of change of a flag in an environment, or `None` if the flag is defined neither before nor
    /// after.
    pub(super) fn between(
        before: &ComparedDefinitions,
        after: &ComparedDefinitions,
        key: &str,
        environment: &str,
    ) -> Option<Self> {
        let bundles = [before.bundle(environment), after.bundle(environment)];
        let [old, new] = bundles.map(|bundle| bundle.flag(key));
        let is_killed = |flag: Option<&Flag>| flag.is_some_and(|flag| matches!(flag.state, State::Killed { .. }));
        let is_absent = |definitions: &ComparedDefinitions| definitions.status(key, environment) == FlagStatus::Absent;
        let event = match (is_absent(before), is_absent(after)) {
            (true, true) => return None,
            (true, false) => Self::Added,
            (false, true) => Self::Removed,
            _ if !is_killed(old) && is_killed(new) => Self::Killed,
            _ if is_killed(old) && !is_killed(new) && new.is_some() => Self::Revived,
            (false, false) => {
                let own_definition_differs = match (before.file_text(key), after.file_text(key)) {
                    (Some(old), Some(new)) => old != new,
                    // A bundle has no files to compare, so the bundled definitions are compared.
                    _ => !compare_flag(bundles, key).is_empty(),
                };
                if own_definition_differs { Self::Changed } else { Self::Affected }
            }
        };
        Some(event)
    }
}
