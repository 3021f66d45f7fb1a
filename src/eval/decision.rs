//! The decision for one flag and one context, in the terms of OpenFeature.

use crate::bundle::{Variant, VariantId};

/// The variant that a flag serves to a context, and the reason.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Decision<'b> {
    /// The variant that is served, with its value.
    pub variant: &'b Variant,
    /// The reason, in OpenFeature's terms.
    pub reason: Reason,
    /// The index of the rule that decided, in [`Flag::rules`](crate::bundle::Flag::rules).
    pub rule: Option<usize>,
    /// The index of the first rule that needed a bucket and found no unit, if there was such a rule.
    pub without_unit: Option<usize>,
}

/// The reason why a variant is served.
///
/// A future version may add a reason: match with a `_` arm, or use [`Reason::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The flag has neither rules nor prerequisites, so every context gets its default.
    Static,
    /// A rule matched.
    TargetingMatch,
    /// A rule matched, and the unit's bucket took part in the decision.
    Split,
    /// No rule matched.
    Default,
    /// `off` is served, and the rules are not evaluated.
    Disabled(Cause),
    /// `off` is served because an attribute that the decision needs is missing from the context.
    Error(ErrorCode),
}

impl Reason {
    /// Returns OpenFeature's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Default => "DEFAULT",
            Self::Disabled(_) => "DISABLED",
            Self::Error(_) => "ERROR",
        }
    }

    /// Returns OpenFeature's error code, or `None` if the reason is not an error.
    pub fn error_code(self) -> Option<ErrorCode> {
        match self {
            Self::Error(code) => Some(code),
            Self::Static | Self::TargetingMatch | Self::Split | Self::Default | Self::Disabled(_) => None,
        }
    }
}

/// The reason why a flag serves `off` without an evaluation of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The flag is killed. The reason of the kill is in [`State::Killed`](crate::bundle::State::Killed).
    Kill,
    /// The definition contains `enabled: false`.
    Disabled,
    /// A prerequisite is not met. The number is its index in
    /// [`Flag::prerequisites`](crate::bundle::Flag::prerequisites).
    Prerequisite(usize),
}

/// The error code of OpenFeature for the part of a context that a decision needs and that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The context has no targeting key.
    TargetingKeyMissing,
    /// Another attribute that is the unit is missing, or the unit is not a text.
    InvalidContext,
}

impl ErrorCode {
    /// Returns OpenFeature's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
        }
    }
}

/// The outcome of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The condition is false or unknown.
    NoMatch,
    /// The slot or the rollout needs a bucket, and the context has no unit.
    NoUnit,
    /// The unit's bucket in the layer is outside the slot.
    OutsideSlot,
    /// The unit's bucket is outside the rollout.
    NotAdmitted,
    /// The rule decides.
    Serves(VariantId, Reason),
    /// The split needs a bucket, and the context has no unit: `off` is served.
    Fails(ErrorCode),
}
