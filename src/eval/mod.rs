//! What a context gets, and why.
//!
//! Takes a bundle, one of its flags, a context and a moment; gives a [`Decision`], and on request the
//! [`Trace`] that explains it, made by the same functions.
//!
//! **Invariant:** total and pure. No clock, no environment, no error that compiling could have found.
//! **Invariant:** deciding allocates nothing.

mod condition;
mod context;
mod nearest;
mod trace;
mod truth;

pub use crate::eval::context::{Context, ContextError, Value};
pub use crate::eval::nearest::{Change, Nearest, nearest};
pub use crate::eval::trace::{ConditionTrace, RuleTrace, Trace, TraceKind, trace};
pub use crate::eval::truth::Truth;

#[cfg(feature = "cli")]
pub(crate) use crate::eval::condition::judge;
#[cfg(feature = "cli")]
pub(crate) use crate::eval::context::{EXACT, moment};

use jiff::Timestamp;

use crate::bundle::{Bucket, Bundle, Condition, Flag, HashDomain, Percent, Rule, Serve, State, Variant, VariantId};
use crate::eval::condition::Scope;

/// What a flag serves to a context, and why.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'b> {
    /// What is served.
    pub variant: &'b Variant,
    /// Why, in OpenFeature's words.
    pub reason: Reason,
    /// The place of the rule that decided, in [`Flag::rules`].
    pub rule: Option<usize>,
    /// The first rule that would have bucketed but found no unit, if the decision went past one.
    pub without_unit: Option<usize>,
}

/// Why a variant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The flag has neither rules nor prerequisites: everyone gets its default.
    Static,
    /// A rule matched.
    TargetingMatch,
    /// A rule matched, and the unit's bucket took part in the decision.
    Split,
    /// No rule matched.
    Default,
    /// `off` is served, whatever the rules say.
    Disabled(Cause),
    /// `off` is served because a decision needs something that the context lacks.
    Error(ErrorCode),
}

impl Reason {
    /// OpenFeature's name.
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
}

/// What turned a flag off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A kill; its reason stands in [`State::Killed`].
    Kill,
    /// `enabled: false`.
    Disabled,
    /// The prerequisite at this place in [`Flag::prerequisites`] is not met.
    Prerequisite(usize),
}

/// What a context lacks, in OpenFeature's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// There is no targeting key.
    TargetingKeyMissing,
    /// Another attribute that is the flag's unit is missing, or the unit is not a text.
    InvalidContext,
}

impl ErrorCode {
    /// OpenFeature's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
        }
    }
}

/// Decides what `flag`, which must be one of `bundle`'s, serves to `context` at `now`.
///
/// ```
/// # use flagctl::bundle::Bundle;
/// # use flagctl::eval::{Context, decide};
/// let bundle = Bundle::from_json(br#"{
///     "format": 1, "environment": "production", "bucketing": "siphash",
///     "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
///     "segments": [],
///     "flags": [{
///         "key": "dark-mode", "off": 1, "default": 0, "state": "enabled", "unit": 0, "salt": "dark-mode",
///         "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}]
///     }]
/// }"#)?;
/// let flag = bundle.flag("dark-mode").unwrap();
/// let context = Context::empty(&bundle.attributes);
/// let decision = decide(&bundle, flag, &context, "2026-11-22T11:02:00Z".parse()?);
/// assert_eq!(decision.variant.value, true);
/// assert_eq!(decision.reason.name(), "STATIC");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decide<'b>(bundle: &'b Bundle, flag: &'b Flag, context: &Context<'_>, now: Timestamp) -> Decision<'b> {
    Scope { bundle, context, now }.decide(flag)
}

/// Whether a condition, which must be one of `bundle`'s, holds for `context` at `now`.
pub fn holds(bundle: &Bundle, condition: &Condition, context: &Context<'_>, now: Timestamp) -> Truth {
    Scope { bundle, context, now }.holds(condition)
}

/// What became of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its condition is false or unknown.
    NoMatch,
    /// Its rollout would bucket the unit, and there is none.
    NoUnit,
    /// The unit's bucket lies outside the rollout.
    NotAdmitted,
    /// It decides.
    Serves(VariantId, Reason),
    /// Its split would bucket the unit, and there is none: `off`.
    Fails(ErrorCode),
}

impl<'b> Scope<'b, '_> {
    fn decide(&self, flag: &'b Flag) -> Decision<'b> {
        let serve = |id, reason, rule, without_unit| Decision { variant: flag.variant(id), reason, rule, without_unit };
        match flag.state {
            State::Enabled => {}
            State::Disabled => return serve(flag.off, Reason::Disabled(Cause::Disabled), None, None),
            State::Killed { .. } => return serve(flag.off, Reason::Disabled(Cause::Kill), None, None),
        }
        for (at, prerequisite) in flag.prerequisites.iter().enumerate() {
            if self.holds(prerequisite) != Truth::True {
                return serve(flag.off, Reason::Disabled(Cause::Prerequisite(at)), None, None);
            }
        }
        let mut without_unit = None;
        for (at, rule) in flag.rules.iter().enumerate() {
            match self.apply(flag, rule) {
                Outcome::NoMatch | Outcome::NotAdmitted => {}
                Outcome::NoUnit => without_unit = without_unit.or(Some(at)),
                Outcome::Serves(variant, reason) => return serve(variant, reason, Some(at), without_unit),
                Outcome::Fails(code) => {
                    return serve(flag.off, Reason::Error(code), Some(at), without_unit.or(Some(at)));
                }
            }
        }
        let fixed = flag.rules.is_empty() && flag.prerequisites.is_empty();
        let reason = if fixed { Reason::Static } else { Reason::Default };
        serve(flag.default, reason, None, without_unit)
    }

    fn apply(&self, flag: &Flag, rule: &Rule) -> Outcome {
        if rule.condition.as_ref().is_some_and(|condition| self.holds(condition) != Truth::True) {
            return Outcome::NoMatch;
        }
        let gated = match rule.rollout {
            Percent::ALL => false,
            Percent::ZERO => return Outcome::NotAdmitted,
            share => match self.bucket(flag, HashDomain::Rollout) {
                Err(_) => return Outcome::NoUnit,
                Ok(bucket) if bucket >= share.buckets() => return Outcome::NotAdmitted,
                Ok(_) => true,
            },
        };
        match &rule.serve {
            Serve::Variant(id) if gated => Outcome::Serves(*id, Reason::Split),
            Serve::Variant(id) => Outcome::Serves(*id, Reason::TargetingMatch),
            Serve::Split(ranges) => match self.split(flag, ranges) {
                Err(code) => Outcome::Fails(code),
                Ok(id) => Outcome::Serves(id, Reason::Split),
            },
        }
    }

    fn split(&self, flag: &Flag, ranges: &[(Bucket, VariantId)]) -> Result<VariantId, ErrorCode> {
        let bucket = self.bucket(flag, HashDomain::Split)?;
        Ok(ranges.iter().find(|(end, _)| bucket < *end).map_or(flag.off, |(_, id)| *id))
    }

    fn bucket(&self, flag: &Flag, domain: HashDomain) -> Result<Bucket, ErrorCode> {
        let unit = self.context.unit(flag.unit)?;
        Ok(flag.bucketer.bucket(domain, unit))
    }
}
