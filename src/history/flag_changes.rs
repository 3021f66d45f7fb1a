//! The changes of a flag between two commits, in each environment.

use crate::diff::{
    ComparedDefinitions, DefinitionChange, DependencyChange, FlagStatus, MetadataChange, compare_dependencies,
    compare_flag, compare_metadata,
};

/// A change of a flag by a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedChange {
    /// The flag's key.
    pub flag: String,
    /// The owner after the commit, or before it if the commit removed the flag.
    pub owner: Option<String>,
    /// The environment, or `None` if the change is not about one environment.
    pub environment: Option<String>,
    /// The change.
    pub change: FlagChange,
}

/// A change of a flag, in one environment or in all.
#[derive(Debug, Clone, PartialEq)]
pub enum FlagChange {
    /// The definition of the flag itself changed.
    Own(DefinitionChange),
    /// A definition changed that the flag depends on.
    Through(DependencyChange),
    /// A field changed that does not affect decisions.
    Metadata(MetadataChange),
    /// The flag cannot be decided any more, because of this error.
    Invalid(String),
    /// A file of the flag changed, and the flag still cannot be decided, because of this error.
    StillInvalid(String),
    /// The flag can be decided again.
    ValidAgain,
    /// A file of the flag changed, for example in a comment, and no field of the flag.
    Unchanged,
}

/// Whether a commit changed a file of a flag: the file that defines it, or a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnFiles {
    /// A file differs.
    Changed,
    /// All files are the same.
    Same,
}

/// Returns the differences of a flag between two commits, in the order of the environments. The result is empty if the
/// commit does not change the flag and its files.
pub(super) fn flag_changes(
    key: &str,
    before: Option<&ComparedDefinitions>,
    after: &ComparedDefinitions,
    own_files: OwnFiles,
) -> Vec<LoggedChange> {
    let mut changes = Vec::new();
    for environment in environments(before, after) {
        let found = changes_in_environment(key, environment, before, after, own_files);
        changes.extend(found.into_iter().map(|change| (Some(environment.to_owned()), change)));
    }
    if own_files == OwnFiles::Changed {
        changes.extend(before.into_iter().flat_map(|before| metadata_changes(key, before, after)));
        if changes.is_empty() {
            changes.extend(change_without_environment(key, before, after).map(|change| (None, change)));
        }
    }
    let flag = after.flag(key).or_else(|| before?.flag(key));
    let owner = flag.and_then(|flag| flag.owner.as_ref()).map(|owner| owner.value.clone());
    let logged =
        |(environment, change)| LoggedChange { flag: key.to_owned(), owner: owner.clone(), environment, change };
    changes.into_iter().map(logged).collect()
}

/// Returns the change of a flag whose files changed, if no environment shows a difference: the settings may declare no
/// environment that can be read.
fn change_without_environment(
    key: &str,
    before: Option<&ComparedDefinitions>,
    after: &ComparedDefinitions,
) -> Option<FlagChange> {
    let was_defined = before.is_some_and(|before| before.flag(key).is_some());
    match (was_defined, after.flag(key).is_some(), after.settings_error()) {
        (false, false, _) => None,
        (true, false, _) => Some(FlagChange::Own(DefinitionChange::Removed)),
        (false, true, Some(problem)) => Some(FlagChange::Invalid(problem.to_owned())),
        (false, true, None) => Some(FlagChange::Own(DefinitionChange::Added)),
        (true, true, Some(problem)) => Some(FlagChange::StillInvalid(problem.to_owned())),
        (true, true, None) => Some(FlagChange::Unchanged),
    }
}

/// Returns the environments that one of two commits declares: those of the newer commit, and then the removed ones.
fn environments<'d>(before: Option<&'d ComparedDefinitions>, after: &'d ComparedDefinitions) -> Vec<&'d str> {
    let mut environments: Vec<&str> = after.environments().collect();
    let removed = before.into_iter().flat_map(|before| before.environments());
    let removed: Vec<&str> = removed.filter(|name| !environments.contains(name)).collect();
    environments.extend(removed);
    environments
}

fn changes_in_environment(
    key: &str,
    environment: &str,
    before: Option<&ComparedDefinitions>,
    after: &ComparedDefinitions,
    own_files: OwnFiles,
) -> Vec<FlagChange> {
    let status_before = before.map_or(FlagStatus::Absent, |definitions| definitions.status(key, environment));
    match (status_before, after.status(key, environment)) {
        (FlagStatus::Absent, FlagStatus::Absent) => Vec::new(),
        (FlagStatus::Invalid(_), FlagStatus::Invalid(problem)) => match own_files {
            OwnFiles::Changed => vec![FlagChange::StillInvalid(problem)],
            OwnFiles::Same => Vec::new(),
        },
        (FlagStatus::Sound | FlagStatus::Absent, FlagStatus::Invalid(problem)) => vec![FlagChange::Invalid(problem)],
        (FlagStatus::Invalid(_), FlagStatus::Sound) => vec![FlagChange::ValidAgain],
        (FlagStatus::Absent, FlagStatus::Sound) => vec![FlagChange::Own(DefinitionChange::Added)],
        (FlagStatus::Sound | FlagStatus::Invalid(_), FlagStatus::Absent) => {
            vec![FlagChange::Own(DefinitionChange::Removed)]
        }
        (FlagStatus::Sound, FlagStatus::Sound) => {
            let bundles = before.map(|before| [before.bundle(environment), after.bundle(environment)]);
            let own = bundles.into_iter().flat_map(|bundles| compare_flag(bundles, key)).map(FlagChange::Own);
            let dependencies = bundles.into_iter().flat_map(|bundles| compare_dependencies(bundles, key));
            own.chain(dependencies.map(FlagChange::Through)).collect()
        }
    }
}

/// Returns the fields that differ and do not affect decisions. Only the steps of rules can differ by environment.
fn metadata_changes(
    key: &str,
    before: &ComparedDefinitions,
    after: &ComparedDefinitions,
) -> Vec<(Option<String>, FlagChange)> {
    let mut changes = Vec::new();
    for environment in after.environments() {
        for change in compare_metadata([before, after], key, environment) {
            let environment = match &change {
                MetadataChange::Steps(..) => Some(environment.to_owned()),
                MetadataChange::Field(..) | MetadataChange::List(..) => None,
            };
            let change = (environment, FlagChange::Metadata(change));
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}
