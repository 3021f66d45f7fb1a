//! Half-open ranges of units, exact to a thousandth of a percent.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::bundle::bucket::{BUCKETS, Bucket};
use crate::bundle::percent::Percent;

/// A range of units that is not empty: from one percentage up to another one, which is not part of it.
///
/// **Invariant:** `from` is less than `to`.
///
/// ```
/// # use flagctl::bundle::{Percent, PercentRange};
/// let (from, to) = ("20%".parse().unwrap(), "35%".parse().unwrap());
/// let range = PercentRange::new(from, to).unwrap();
/// assert_eq!(range.buckets(), 20_000..35_000);
/// assert_eq!(range.to_string(), "20%..35%");
/// assert!(PercentRange::new(to, from).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(Percent, Percent)", into = "(Percent, Percent)")]
pub struct PercentRange {
    from: Percent,
    to: Percent,
}

impl PercentRange {
    /// Returns the range, or `None` if it would be empty.
    pub fn new(from: Percent, to: Percent) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Returns the buckets of the range.
    pub fn buckets(self) -> Range<Bucket> {
        self.from.buckets()..self.to.buckets()
    }

    /// Returns whether the range contains all units.
    pub fn is_all(self) -> bool {
        self.buckets() == (0..BUCKETS)
    }

    /// Returns the share of the units that are in the range.
    pub fn share(self) -> Percent {
        Percent::from_buckets(self.to.buckets() - self.from.buckets()).unwrap_or(Percent::ALL)
    }

    /// Returns whether every unit of the other range is in this one.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// Returns the units of both ranges, or `None` if they have no unit in common.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// Returns the ranges between the used ones, in ascending order. The used ranges may overlap.
    pub fn unused(used: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut used: Vec<Self> = used.collect();
        used.sort_unstable_by_key(|range| (range.from, range.to));
        let (mut unused, mut end) = (Vec::new(), Percent::ZERO);
        for range in used {
            unused.extend(Self::new(end, range.from));
            end = end.max(range.to);
        }
        unused.extend(Self::new(end, Percent::ALL));
        unused
    }

    /// Returns the units of this range that are not in the other one: at most one range before it, and one after it.
    #[must_use]
    pub fn without(self, other: Self) -> Vec<Self> {
        let before = Self::new(self.from, self.to.min(other.from));
        let after = Self::new(self.from.max(other.to), self.to);
        before.into_iter().chain(after).collect()
    }
}

impl TryFrom<(Percent, Percent)> for PercentRange {
    type Error = &'static str;

    fn try_from((from, to): (Percent, Percent)) -> Result<Self, Self::Error> {
        Self::new(from, to).ok_or("expected a range whose end is above its start")
    }
}

impl From<PercentRange> for (Percent, Percent) {
    fn from(range: PercentRange) -> Self {
        (range.from, range.to)
    }
}

impl fmt::Display for PercentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}
