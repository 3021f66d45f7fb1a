//! Decides a flag: checks its state, then its prerequisites, then its rules in their order.

use jiff::Timestamp;

use crate::bundle::{
    Bucket, Bundle, BundleError, Condition, Flag, HashDomain, LazyBundle, Percent, Rule, Serve, State, VariantId,
};
use crate::eval::condition::Scope;
use crate::eval::context::Context;
use crate::eval::decision::{Cause, Decision, ErrorCode, Outcome, Reason};
use crate::eval::truth::Truth;

impl Bundle {
    /// Decides what the flag with this key serves to a context at a time. Returns `None` for an unknown key.
    ///
    /// The context must have been created with [`Bundle::attributes`] of this bundle, or of a bundle with the same
    /// context schema. The caller passes the time, for example from [`jiff::Timestamp::now`].
    ///
    /// ```
    /// # use flagctl::bundle::Bundle;
    /// # use flagctl::eval::Context;
    /// let bundle = Bundle::from_json(br#"{
    ///     "format": 1, "environment": "production", "bucketing": "siphash",
    ///     "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
    ///     "segments": [],
    ///     "flags": [{
    ///         "key": "dark-mode", "off": 1, "default": 0, "state": "enabled", "unit": 0, "salt": "dark-mode",
    ///         "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}]
    ///     }]
    /// }"#)?;
    /// let context = Context::empty(bundle.attributes());
    /// let now = "2026-11-22T11:02:00Z".parse()?;
    /// let decision = bundle.decide("dark-mode", &context, now).ok_or("no flag `dark-mode`")?;
    /// assert_eq!(decision.variant.value, true);
    /// assert_eq!(decision.reason.name(), "STATIC");
    /// assert!(bundle.decide("light-mode", &context, now).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide(&self, key: &str, context: &Context<'_>, now: Timestamp) -> Option<Decision<'_>> {
        self.flag(key).map(|flag| decide(self, flag, context, now))
    }
}

impl LazyBundle {
    /// Loads the flag with this key if it is not loaded yet, and decides it as [`Bundle::decide`] does. Returns `None`
    /// for an unknown key.
    ///
    /// # Errors
    /// Returns [`BundleError`] if the flag, or something that it depends on, cannot be evaluated.
    pub fn decide(
        &self,
        key: &str,
        context: &Context<'_>,
        now: Timestamp,
    ) -> Result<Option<Decision<'_>>, BundleError> {
        Ok(self.flag(key)?.map(|flag| decide(self.partial(), flag, context, now)))
    }
}

/// Decides what `flag` serves to `context` at `now`. The flag must belong to `bundle`.
pub fn decide<'b>(bundle: &'b Bundle, flag: &'b Flag, context: &Context<'_>, now: Timestamp) -> Decision<'b> {
    Scope { bundle, context, now }.decide(flag)
}

/// Returns whether a condition holds for `context` at `now`. The condition must belong to `bundle`.
pub fn holds(bundle: &Bundle, condition: &Condition, context: &Context<'_>, now: Timestamp) -> Truth {
    Scope { bundle, context, now }.holds(condition)
}

impl<'b> Scope<'b, '_> {
    pub(super) fn decide(&self, flag: &'b Flag) -> Decision<'b> {
        let off = |cause| Decision {
            variant: flag.variant(flag.off),
            reason: Reason::Disabled(cause),
            rule: None,
            without_unit: None,
        };
        match flag.state {
            State::Enabled => self.decide_by_rules(flag),
            State::Disabled => off(Cause::Disabled),
            State::Killed { admit: Percent::ZERO, .. } => off(Cause::Kill),
            State::Killed { admit, .. } => {
                let decision = self.decide_by_rules(flag);
                if std::ptr::eq(decision.variant, flag.variant(flag.off)) || self.is_admitted(flag, &decision, admit) {
                    // The bucket takes part in the decision, so no client may keep it for all contexts.
                    let reason = if decision.reason == Reason::Static { Reason::Default } else { decision.reason };
                    Decision { reason, ..decision }
                } else {
                    off(Cause::Kill)
                }
            }
        }
    }

    /// Returns whether a kill that admits a share of units leaves a decision as it is.
    fn is_admitted(&self, flag: &Flag, decision: &Decision<'_>, admit: Percent) -> bool {
        self.kill_bucket(flag, decision).is_some_and(|bucket| bucket < admit.buckets())
    }

    /// Returns the bucket by which a kill admits a decision, or `None` if the context does not have the unit.
    pub(super) fn kill_bucket(&self, flag: &Flag, decision: &Decision<'_>) -> Option<Bucket> {
        let unit = self.context.unit(flag.deciding_unit(decision.rule)).ok()?;
        Some(flag.bucketer.bucket(HashDomain::Rollout, unit))
    }

    /// Decides a flag as if it were enabled.
    pub(super) fn decide_by_rules(&self, flag: &'b Flag) -> Decision<'b> {
        let serve = |id, reason, rule, without_unit| Decision { variant: flag.variant(id), reason, rule, without_unit };
        for (index, prerequisite) in flag.prerequisites.iter().enumerate() {
            if self.holds(prerequisite) != Truth::True {
                return serve(flag.off, Reason::Disabled(Cause::Prerequisite(index)), None, None);
            }
        }
        let mut without_unit = None;
        for (index, rule) in flag.rules.iter().enumerate() {
            match self.apply(flag, rule) {
                Outcome::NoMatch | Outcome::OutsideSlot | Outcome::NotAdmitted => {}
                Outcome::NoUnit => without_unit = without_unit.or(Some(index)),
                Outcome::Serves(variant, reason) => return serve(variant, reason, Some(index), without_unit),
                Outcome::Fails(code) => {
                    return serve(flag.off, Reason::Error(code), Some(index), without_unit.or(Some(index)));
                }
            }
        }
        let is_static = flag.rules.is_empty() && flag.prerequisites.is_empty();
        let reason = if is_static { Reason::Static } else { Reason::Default };
        serve(flag.default, reason, None, without_unit)
    }

    pub(super) fn apply(&self, flag: &Flag, rule: &Rule) -> Outcome {
        if rule.condition.as_ref().is_some_and(|condition| self.holds(condition) != Truth::True) {
            return Outcome::NoMatch;
        }
        if rule.rollout == Percent::ZERO {
            return Outcome::NotAdmitted;
        }
        let in_slot = match rule.partial_slot() {
            None => false,
            Some(slot) => match self.context.unit(flag.unit_of(rule)) {
                Err(_) => return Outcome::NoUnit,
                Ok(unit) if !slot.contains(slot.bucket(unit)) => return Outcome::OutsideSlot,
                Ok(_) => true,
            },
        };
        let uses_bucket = match rule.rollout {
            Percent::ALL => in_slot,
            share => match self.bucket(flag, rule, HashDomain::Rollout) {
                Err(_) => return Outcome::NoUnit,
                Ok(bucket) if bucket >= share.buckets() => return Outcome::NotAdmitted,
                Ok(_) => true,
            },
        };
        match &rule.serve {
            Serve::Variant(id) if uses_bucket => Outcome::Serves(*id, Reason::Split),
            Serve::Variant(id) => Outcome::Serves(*id, Reason::TargetingMatch),
            Serve::Split(ranges) => match self.split(flag, rule, ranges) {
                Err(code) => Outcome::Fails(code),
                Ok(id) => Outcome::Serves(id, Reason::Split),
            },
        }
    }

    fn split(&self, flag: &Flag, rule: &Rule, ranges: &[(Bucket, VariantId)]) -> Result<VariantId, ErrorCode> {
        let bucket = self.bucket(flag, rule, HashDomain::Split)?;
        Ok(ranges.iter().find(|(end, _)| bucket < *end).map_or(flag.off, |(_, id)| *id))
    }

    pub(super) fn bucket(&self, flag: &Flag, rule: &Rule, domain: HashDomain) -> Result<Bucket, ErrorCode> {
        let unit = self.context.unit(flag.unit_of(rule))?;
        Ok(flag.bucketer.bucket(domain, unit))
    }
}
