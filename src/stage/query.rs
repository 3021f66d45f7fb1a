//! The question for the stages of a flag, and its answer.

use jiff::{SignedDuration, Timestamp};

use crate::bundle::Bundle;
use crate::diff::ComparedDefinitions;
use crate::git::Revision;
use crate::source::Source;
use crate::stage::error::StageError;

/// A flag in an environment, as a commit defines it.
#[derive(Debug, Clone, Copy)]
pub struct StageQuery<'q> {
    /// The flag's key.
    pub flag: &'q str,
    /// The environment's name.
    pub environment: &'q str,
    /// The commit, which is usually the tip of the published branch.
    pub tip: &'q Revision,
}

/// How far a walk goes back.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// The maximum number of stages, at least one.
    pub stages: usize,
    /// A stage that is known to have begun before this time ends the walk, so a soak of a day does not read a log of
    /// years. Applies to the published log only.
    pub before: Option<Timestamp>,
}

impl Reach {
    /// The newest stage, with its exact begin.
    pub const NEWEST: Self = Self { stages: 1, before: None };
}

/// A run of publications or commits in which all that decides a flag is equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The time of its first publication or commit.
    pub start: Timestamp,
    /// Whether `start` is exact.
    pub begin: Begin,
    /// The full id of the commit that began the stage: of the definitions, or of the kills if a publication had only kills.
    pub commit: String,
    /// The number of the entry that began the stage, or `None` if commits are the clock.
    pub sequence: Option<u64>,
}

/// How exactly the begin of a stage is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// The stage began at that time, with that commit and entry.
    Exact,
    /// The stage began at that time or before, because the walk ended at [`Reach::before`].
    OrEarlier,
}

/// Whether an environment serves a flag as the commit of a query defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// The newest stage is that of the commit.
    Live,
    /// The newest publication differs, for example because the commit was not published yet.
    Unpublished,
}

/// The stages of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stages {
    /// Whether the newest stage is that of the commit.
    pub liveness: Liveness,
    /// The stages, the newest first. The list is empty only if what is published does not have the flag.
    pub list: Vec<Stage>,
}

impl Stage {
    /// Returns how long the stage has lasted at a time. The result is zero if the stage began later, as a clock that is
    /// wrong says.
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.start).max(SignedDuration::ZERO)
    }
}

impl Stages {
    /// Returns the newest stage if it is that of the commit.
    pub fn current(&self) -> Option<&Stage> {
        match self.liveness {
            Liveness::Live => self.list.first(),
            Liveness::Unpublished => None,
        }
    }

    /// Returns the stages whose newest began last. A target that serves something else comes before all others.
    pub(super) fn later(self, other: Self) -> Self {
        let start = |stages: &Self| stages.list.first().map(|stage| stage.start);
        match (self.liveness, other.liveness) {
            (Liveness::Unpublished, _) => self,
            (Liveness::Live, Liveness::Unpublished) => other,
            (Liveness::Live, Liveness::Live) if start(&other) > start(&self) => other,
            (Liveness::Live, Liveness::Live) => self,
        }
    }
}

impl StageQuery<'_> {
    /// Compiles the flag at the commit, with all that its decisions need.
    pub(super) fn definitions(&self) -> Result<ComparedDefinitions, StageError> {
        let source = Source::Revision(self.tip.clone());
        let found = ComparedDefinitions::read(&source, &[self.flag.to_owned()], &[self.environment])?;
        self.check(found.bundle(self.environment))?;
        Ok(found)
    }

    /// Returns an error if a bundle does not have the flag.
    pub(super) fn check(&self, bundle: &Bundle) -> Result<(), StageError> {
        if bundle.flag(self.flag).is_some() {
            return Ok(());
        }
        let (flag, environment) = (self.flag.to_owned(), self.environment.to_owned());
        Err(StageError::Undecidable { flag, environment, commit: self.tip.name().to_owned() })
    }
}
