//! The kinds of change that a flag can have between two sets of definitions.

use crate::bundle::{Flag, Percent, State};
use crate::diff::compared_definitions::{ComparedDefinitions, FlagStatus};
use crate::diff::definition_changes::compare_flag;
use crate::diff::metadata_changes::compare_metadata;

/// The kind of change of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagEvent {
    /// The flag was not defined before.
    Added,
    /// The flag is not defined any more.
    Removed,
    /// A kill turned it off.
    Killed,
    /// A kill turned it off except for a share of its units, and this was not so before or for another share.
    HalfOpened,
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
        let kill = |flag: Option<&Flag>| match flag.map(|flag| &flag.state) {
            Some(State::Killed { admit, .. }) => Some(*admit),
            Some(State::Enabled | State::Disabled) | None => None,
        };
        let is_absent = |definitions: &ComparedDefinitions| definitions.status(key, environment) == FlagStatus::Absent;
        let event = match (is_absent(before), is_absent(after)) {
            (true, true) => return None,
            (true, false) => Self::Added,
            (false, true) => Self::Removed,
            _ if kill(new).is_some() && kill(old) != kill(new) => match kill(new) {
                Some(Percent::ZERO) | None => Self::Killed,
                Some(_) => Self::HalfOpened,
            },
            _ if kill(old).is_some() && kill(new).is_none() && new.is_some() => Self::Revived,
            (false, false) => {
                let is_shadow = after.flag(key).is_some_and(|flag| flag.shadowed.is_some());
                let own_definition_differs = match (before.file_text(key), after.file_text(key)) {
                    // The file of a shadow is that of its flag.
                    (Some(_), Some(_)) if is_shadow => {
                        !compare_flag(bundles, key).is_empty()
                            || !compare_metadata([before, after], key, environment).is_empty()
                    }
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
