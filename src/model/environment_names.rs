//! The names under which the fields of one environment are written: its own name, and the groups that contain it.

use crate::model::lower::Lowering;
use crate::snapshot::Spanned;
use crate::yaml::Entry;

/// A name in `flagctl.yaml` that stands for several environments.
#[derive(Debug, Clone)]
pub struct EnvironmentGroup {
    /// The name, which no environment has.
    pub name: Spanned<String>,
    /// The environments.
    pub members: Vec<Spanned<String>>,
}

impl EnvironmentGroup {
    pub(super) fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let name = lowering.key(entry);
        let members = lowering.distinct_list(&entry.value, Lowering::name);
        Some(Self { name: name?, members })
    }

    /// Returns the names of the environments.
    pub fn names(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.value.as_str()).collect()
    }

    /// Returns whether the group contains an environment.
    pub fn contains(&self, environment: &str) -> bool {
        self.members.iter().any(|member| member.value == environment)
    }
}

/// The names of one environment in `environments:` of flags and rules.
#[derive(Debug, Clone)]
pub struct EnvironmentNames<'n> {
    environment: &'n str,
    groups: Vec<&'n str>,
}

impl<'n> EnvironmentNames<'n> {
    /// Returns the names of an environment, which may be undeclared.
    pub(super) fn new(environment: &'n str, groups: &'n [EnvironmentGroup]) -> Self {
        let groups = groups.iter().filter(|group| group.contains(environment));
        Self { environment, groups: groups.map(|group| group.name.value.as_str()).collect() }
    }

    /// Iterates over the entries that are about the environment. The entry of the environment itself is the first.
    pub fn entries<'f, T>(
        &self,
        entries: &'f [(Spanned<String>, T)],
    ) -> impl Iterator<Item = &'f (Spanned<String>, T)> + use<'_, 'n, 'f, T> {
        let own = entries.iter().filter(|(name, _)| name.value == self.environment);
        own.chain(entries.iter().filter(|(name, _)| self.groups.contains(&name.value.as_str())))
    }
}
