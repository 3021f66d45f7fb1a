//! The verdict about a change, and what is refused.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::analyze::Share;
use crate::bundle::Percent;
use crate::model::{AcknowledgedClass, NewConditions, WrittenDuration};
use crate::policy::first_serving::ShadowProblem;

/// The verdict about a change.
#[derive(Debug, Clone, Default)]
pub struct PolicyVerdict {
    /// The flags that grow, or change in another way that a policy is about, in the order of flags and environments.
    pub judged: Vec<Judged>,
    /// What is refused, in the same order.
    pub refusals: Vec<Refusal>,
}

impl PolicyVerdict {
    /// Returns whether the change is allowed.
    pub fn is_allowed(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// A flag in an environment with a policy, which the change affects.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The flag's key after the change.
    pub flag: String,
    /// The key at the base, if the flag was renamed.
    pub former_key: Option<String>,
    /// The environment's name.
    pub environment: String,
    /// Whether the change only shrinks or kills, which is always allowed.
    pub is_free: bool,
    /// The growth within unchanged conditions, or zero.
    pub step: Share,
    /// The growth of new or changed conditions, or `None` if there is none.
    pub new_condition: Option<NewConditionSize>,
    /// Whether a revival is proven to restore what was before the kill.
    pub restores: bool,
}

/// The size of the growth of new or changed conditions, as a share of all contexts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewConditionSize {
    /// The share, which is an upper bound, or `None` if it is not known.
    pub size: Option<Share>,
    /// What the size was computed from.
    pub source: SizeSource,
}

/// What the size of a new condition was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeSource {
    /// The declared weights of attribute values.
    Weights,
    /// The contexts of a file.
    Population,
    /// The size is not known.
    Unknown,
}

/// Something that a policy refuses.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The rule that is broken, and how.
    pub problem: Problem,
    /// The time from which the change, or what is allowed instead, is possible.
    pub from: Timestamp,
    /// The path of the flag's file from git's root, and the number of the line, counted from one.
    pub location: Option<(String, usize)>,
}

/// The rule that a change breaks, and how.
#[derive(Debug, Clone)]
pub enum Problem {
    /// A share grows by more than `max-step`.
    Step {
        /// The growth.
        growth: Share,
        /// The greatest growth.
        limit: Percent,
    },
    /// The flag grows before `min-soak` is over.
    Soak {
        /// The shortest soak.
        limit: WrittenDuration,
        /// Since when the flag is served.
        state: SoakState,
    },
    /// The flag changes in a freeze.
    Freeze {
        /// The end of the freeze.
        until: Timestamp,
        /// The reason.
        reason: String,
    },
    /// It is not proven that another environment serves at least what this one serves.
    Containment {
        /// The other environment.
        after: String,
        /// The reason.
        problem: ContainmentProblem,
    },
    /// A condition is new or changed.
    NewCondition {
        /// What the policy does with conditions of unknown size.
        mode: NewConditions,
        /// The size and the greatest step, if the size is known and too large.
        size: Option<(Share, Percent)>,
    },
    /// A class of change is not acknowledged.
    Acknowledge(AcknowledgedClass),
    /// A commit is not signed by a listed signer.
    Signature {
        /// The full id of the commit.
        commit: String,
        /// The reason.
        why: String,
    },
    /// No test is about the flag.
    Tests,
    /// A candidate that runs in the dark would be served without a report that allows it.
    Shadow {
        /// The name of the candidate.
        candidate: String,
        /// The reason.
        problem: ShadowProblem,
    },
    /// The effect is not known, because the analysis exceeds its budget.
    Unknown,
    /// The flag cannot be decided after the change, because of this error.
    Undecidable(String),
}

/// Since when the flag is served as at the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoakState {
    /// Since this time.
    Since(Timestamp),
    /// The state of the base is not published yet.
    Unpublished,
}

/// The reason why containment is not proven.
#[derive(Debug, Clone)]
pub enum ContainmentProblem {
    /// The other environment does not have the flag.
    Absent,
    /// The flag has another salt in the other environment.
    Salt,
    /// A rule hashes another attribute in the other environment.
    Unit,
    /// This context gets the variant here, and not there.
    Refuted {
        /// The name of the variant.
        variant: String,
        /// A context.
        context: Map<String, Json>,
    },
    /// The analysis does not decide it.
    Undecided,
}

impl Problem {
    /// Returns the name of the rule in reports.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Step { .. } => "max-step",
            Self::Soak { .. } => "min-soak",
            Self::Freeze { .. } => "freeze",
            Self::Containment { .. } => "after",
            Self::NewCondition { .. } => "new-conditions",
            Self::Acknowledge(_) => "acknowledge",
            Self::Signature { .. } => "signed-by",
            Self::Tests => "tests",
            Self::Shadow { .. } => "shadow",
            Self::Unknown => "unknown-effect",
            Self::Undecidable(_) => "undecidable",
        }
    }
}
