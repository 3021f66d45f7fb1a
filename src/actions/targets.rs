//! The flags that an action changes, each in an environment.

use std::collections::BTreeSet;
use std::fmt;

/// The pairs of a flag and an environment that an action changes, in the order in which the plan shows them.
///
/// [`Display`](fmt::Display) writes the keys of all flags and the names of all environments:
/// `cart, checkout in production`.
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

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.flags().join(", "), self.environments().join(", "))
    }
}

/// Removes repeated names and keeps the order.
fn distinct<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}
