//! The choice of the changes in a log.

use jiff::Timestamp;

use crate::diff::{DefinitionChange, DependencyChange};
use crate::history::flag_changes::{FlagChange, LoggedChange};

/// The changes that a log contains. An empty list stands for all.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// The time of the oldest commits.
    pub since: Option<Timestamp>,
    /// The time of the newest commits.
    pub until: Option<Timestamp>,
    /// The environments. A change that is not about one environment belongs to each of them.
    pub environments: Vec<String>,
    /// The owners of the flags.
    pub owners: Vec<String>,
    /// The kinds of change.
    pub kinds: Vec<ChangeKind>,
}

/// A kind of change. Each change has one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A flag was added, or added to an environment.
    Added,
    /// A flag was removed, or removed from an environment.
    Removed,
    /// A kill began or ended.
    Kill,
    /// A flag was enabled or disabled in its definition.
    Enabled,
    /// A rule admits another share.
    Rollout,
    /// Rules, conditions, defaults, prerequisites, segments or attributes changed.
    Targeting,
    /// Variants or their values changed.
    Variants,
    /// The unit, the salt or the algorithm of bucketing changed.
    Bucketing,
    /// A flag cannot be decided, or can be decided again.
    Invalid,
    /// Fields, comments or the layout changed, and no decision.
    Metadata,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Added,
        Self::Removed,
        Self::Kill,
        Self::Enabled,
        Self::Rollout,
        Self::Targeting,
        Self::Variants,
        Self::Bucketing,
        Self::Invalid,
        Self::Metadata,
    ];

    /// Returns the name of the kind on the command line and in the formats for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Kill => "kill",
            Self::Enabled => "enabled",
            Self::Rollout => "rollout",
            Self::Targeting => "targeting",
            Self::Variants => "variants",
            Self::Bucketing => "bucketing",
            Self::Invalid => "invalid",
            Self::Metadata => "metadata",
        }
    }

    /// Returns the kind of a change. A change through another flag has the kind of that flag's change.
    pub fn of(change: &FlagChange) -> Self {
        match change {
            FlagChange::Own(change) | FlagChange::Through(DependencyChange::Flag(_, change)) => {
                Self::of_definition(change)
            }
            FlagChange::Through(DependencyChange::Segment(..) | DependencyChange::Attribute(..)) => Self::Targeting,
            FlagChange::Through(DependencyChange::Bucketing(_)) => Self::Bucketing,
            FlagChange::Invalid(_) | FlagChange::StillInvalid(_) | FlagChange::ValidAgain => Self::Invalid,
            FlagChange::Metadata(_) | FlagChange::Unchanged => Self::Metadata,
        }
    }

    fn of_definition(change: &DefinitionChange) -> Self {
        match change {
            DefinitionChange::Added => Self::Added,
            DefinitionChange::Removed => Self::Removed,
            DefinitionChange::Killed { .. } | DefinitionChange::HalfOpened { .. } | DefinitionChange::Revived => {
                Self::Kill
            }
            DefinitionChange::Enabled | DefinitionChange::Disabled => Self::Enabled,
            DefinitionChange::ShownToClients | DefinitionChange::HiddenFromClients => Self::Metadata,
            DefinitionChange::Slot(..) | DefinitionChange::Rollout(..) => Self::Rollout,
            DefinitionChange::Variants(_) => Self::Variants,
            DefinitionChange::Unit(_) | DefinitionChange::Salt(_) | DefinitionChange::RuleUnit(..) => Self::Bucketing,
            DefinitionChange::Off(_)
            | DefinitionChange::Default(_)
            | DefinitionChange::Requires(_)
            | DefinitionChange::RuleAdded(_)
            | DefinitionChange::RuleRemoved(_)
            | DefinitionChange::RuleOrder
            | DefinitionChange::Condition(..)
            | DefinitionChange::Serve(..) => Self::Targeting,
        }
    }
}

impl LogFilter {
    /// Returns whether the log contains commits of a time, in seconds since 1970.
    pub(super) fn includes_time(&self, seconds: i64) -> bool {
        self.since.is_none_or(|since| seconds >= since.as_second())
            && self.until.is_none_or(|until| seconds <= until.as_second())
    }

    /// Returns whether the log contains a change.
    pub(super) fn includes(&self, change: &LoggedChange) -> bool {
        let is_wanted = |wanted: &[String], found: Option<&String>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
        };
        (change.environment.is_none() || is_wanted(&self.environments, change.environment.as_ref()))
            && is_wanted(&self.owners, change.owner.as_ref())
            && (self.kinds.is_empty() || self.kinds.contains(&ChangeKind::of(&change.change)))
    }
}
