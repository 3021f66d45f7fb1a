//! The state of writing one flag.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde_json::Value as Json;

use crate::bundle::Bundle;
use crate::eval::Truth;

/// The maximum number of tests in one flag, including everything that it refers to. Tests above the maximum are not
/// written, which bounds the time and the memory of an export.
pub(super) const MAX_TESTS: usize = 5_000;

/// The part of a flag that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagPart {
    /// The flag as a whole.
    Flag,
    /// The variant with this index.
    Variant(usize),
    /// The prerequisite with this index.
    Prerequisite(usize),
    /// The rule with this index.
    Rule(usize),
}

/// What flagd lacks for a part of a flag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The buckets of the project's `bucketing`.
    Buckets,
    /// A test of this attribute.
    Attribute(String),
    /// Anything else.
    Other,
}

/// A reason why a flag cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub(super) why: String,
    pub(super) help: &'static str,
    pub(super) cause: Cause,
    pub(super) part: FlagPart,
}

/// Writes one flag, and collects the reasons why it cannot be written.
pub(super) struct Writer<'b> {
    pub(super) bundle: &'b Bundle,
    /// The part of the flag that is being written.
    pub(super) part: FlagPart,
    /// The rule or prerequisite that is being written, as the beginning of a refusal: `rule staff: `.
    pub(super) location: String,
    /// The number of tests that were written so far.
    pub(super) tests: usize,
    pub(super) problems: BTreeSet<Problem>,
}

/// The form in which a condition is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The JsonLogic is true exactly if the condition is true.
    WhereTrue,
    /// The JsonLogic is true exactly if the condition is false.
    WhereFalse,
}

impl Form {
    /// Returns the form for the condition under a `not`.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::WhereTrue => Self::WhereFalse,
            Self::WhereFalse => Self::WhereTrue,
        }
    }

    /// Returns whether the JsonLogic must be true if the condition has this truth value.
    pub(super) fn selects(self, truth: Truth) -> bool {
        match self {
            Self::WhereTrue => truth == Truth::True,
            Self::WhereFalse => truth == Truth::False,
        }
    }
}

impl<'b> Writer<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        Self { bundle, part: FlagPart::Flag, location: String::new(), tests: 0, problems: BTreeSet::new() }
    }

    /// Adds a reason why the flag cannot be written, and what to write instead. Returns placeholder JsonLogic, so the
    /// writer continues and finds all reasons in one run.
    pub(super) fn refuse(&mut self, cause: Cause, why: impl Display, help: &'static str) -> Json {
        self.problems.insert(Problem { why: format!("{}{why}", self.location), help, cause, part: self.part });
        Json::Bool(false)
    }
}
