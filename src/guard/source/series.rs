//! The numbers of a guardrail over time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::guard::source::problem::DataProblem;
use crate::model::{Arms, Flag, Guard, QueryKind};

/// The window of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The start: when applications had received the stage.
    pub start: Timestamp,
    /// The end: the present without the delay in which metrics arrive.
    pub end: Timestamp,
}

impl Window {
    /// Returns the length, which is zero if the window has not begun.
    pub fn length(&self) -> SignedDuration {
        self.end.duration_since(self.start).max(SignedDuration::ZERO)
    }
}

/// How units get into the arms. It decides which exposures can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignment {
    /// The rule serves both arms with a split.
    Split,
    /// The rule serves the treatment, and all other units get the control.
    Rollout,
    /// The rule has a condition or comes after other rules, so units get the control for several reasons.
    ConditionalRollout,
}

/// What is asked of a source.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The flag.
    pub flag: &'q Flag,
    /// The name of the environment.
    pub environment: &'q str,
    /// The guard.
    pub guard: &'q Guard,
    /// The variants that are compared.
    pub arms: &'q Arms,
    /// How units get into the arms.
    pub assignment: Assignment,
    /// The window.
    pub window: Window,
    /// The present.
    pub now: Timestamp,
    /// At how many times of the window a server is asked, at least one. The last is the end of the window.
    pub looks: u32,
}

/// The numbers of one arm in one window, by the kind of query that gives them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Numbers([Option<f64>; QueryKind::ALL.len()]);

impl Numbers {
    /// Sets a number.
    pub fn set(&mut self, kind: QueryKind, number: f64) {
        if let Some(slot) = self.0.get_mut(kind as usize) {
            *slot = Some(number);
        }
    }

    /// Returns a number.
    pub fn get(&self, kind: QueryKind) -> Option<f64> {
        self.0.get(kind as usize).copied().flatten()
    }

    /// Returns the number of a kind, which the test needs.
    ///
    /// # Errors
    /// Returns [`DataProblem::InvalidNumber`] if the source does not have it.
    pub fn required(&self, kind: QueryKind) -> Result<f64, DataProblem> {
        let missing = || DataProblem::InvalidNumber(format!("the numbers have no `{}`", kind.name()));
        self.get(kind).ok_or_else(missing)
    }

    /// Iterates over the numbers that are present.
    pub fn present(&self) -> impl Iterator<Item = (QueryKind, f64)> {
        QueryKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }

    /// Combines two numbers of each kind.
    pub(super) fn combine(self, other: Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        let mut combined = Self::default();
        for kind in QueryKind::ALL {
            if let (Some(own), Some(other)) = (self.get(kind), other.get(kind)) {
                combined.set(kind, combine(own, other));
            }
        }
        combined
    }
}

/// The numbers of both arms from one time to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The start of the window of the numbers.
    pub start: Timestamp,
    /// The end of the window of the numbers.
    pub end: Timestamp,
    /// The numbers of the treatment.
    pub treatment: Numbers,
    /// The numbers of the control. A value of `threshold` has none.
    pub control: Numbers,
}

/// The numbers of a guardrail.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The cumulative numbers since the start, in the order of time. The last is that of the verdict.
    pub totals: Vec<Point>,
    /// The numbers of single intervals, in the order of time: the blocks of `block`, and the values of `threshold`.
    pub intervals: Vec<Point>,
}

/// The numbers of all guardrails by name, and those of the units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// The numbers of each guardrail, or the reason why they are not known.
    pub guardrails: BTreeMap<String, Result<Series, DataProblem>>,
    /// The numbers of units, or `None` if no source has them.
    pub units: Option<Result<Series, DataProblem>>,
}
