//! The flags that an action changes, each in an environment.

use std::collections::BTreeSet;
use std::fmt;

/// The pairs of a flag and an environment that an action changes, in the order in which the plan shows them.
///
/// [`Display`](fmt::Display) writes the flags of each environment: `cart, checkout in production`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    pairs: Vec<(String, String)>,
}

impl Targets {
    pub(super) fn new(pairs: impl Iterator<Item = (String, String)>) -> Self {
        Self { pairs: pairs.collect() }
    }

    /// Returns whether the action changes nothing.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Iterates over the pairs of a flag's key and an environment's name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(flag, environment)| (flag.as_str(), environment.as_str()))
    }

    /// Returns the keys of the flags, without repetitions.
    pub fn flags(&self) -> Vec<&str> {
        distinct(self.pairs().map(|(flag, _)| flag))
    }

    /// Returns the names of the environments, without repetitions.
    pub fn environments(&self) -> Vec<&str> {
        distinct(self.pairs().map(|(_, environment)| environment))
    }
}

impl Targets {
    /// Returns the flags with their environments, grouped: the flags of a group are targets in each environment of the
    /// group. A command for each group therefore reaches exactly the pairs.
    pub fn groups(&self) -> Vec<TargetGroup<'_>> {
        let mut groups: Vec<TargetGroup<'_>> = Vec::new();
        for environment in self.environments() {
            let pairs = self.pairs().filter(|(_, name)| *name == environment);
            let flags: Vec<&str> = distinct(pairs.map(|(flag, _)| flag));
            match groups.iter_mut().find(|group| group.flags == flags) {
                Some(group) => group.environments.push(environment),
                None => groups.push(TargetGroup { flags, environments: vec![environment] }),
            }
        }
        groups
    }
}

/// Flags that are targets in the same environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup<'t> {
    /// The keys of the flags.
    pub flags: Vec<&'t str>,
    /// The names of the environments.
    pub environments: Vec<&'t str>,
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.groups();
        let groups =
            groups.iter().map(|group| format!("{} in {}", group.flags.join(", "), group.environments.join(", ")));
        f.write_str(&groups.collect::<Vec<_>>().join(" and "))
    }
}

/// Removes repeated names and keeps the order.
fn distinct<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}
