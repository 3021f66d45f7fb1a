//! The planned shares of the arms, from the rules of a flag.

use crate::bundle::Percent;
use crate::guard::source::Assignment;
use crate::model::{Arms, EffectiveServing, Serve};

/// The planned shares of the two arms, which add up to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedSplit {
    /// The share of the treatment.
    pub treatment: f64,
    /// The share of the control.
    pub control: f64,
}

/// Returns how units get into the arms.
pub fn assignment(serving: &EffectiveServing<'_>, arms: &Arms) -> Assignment {
    let has = |serve: &Serve, arm: &str| match serve {
        Serve::Variant(name) => name.value == arm,
        Serve::Split(shares) => shares.value.iter().any(|share| share.variant.value == arm),
    };
    let rule = serving.rules.iter().find(|rule| rule.serve.is_some_and(|serve| has(serve, &arms.treatment)));
    match (rule, serving.rules.as_slice()) {
        (Some(rule), _) if rule.serve.is_some_and(|serve| has(serve, &arms.control)) => Assignment::Split,
        (Some(rule), [_]) if rule.condition.is_none() => Assignment::Rollout,
        _ => Assignment::ConditionalRollout,
    }
}

/// Returns the planned split among the units that the rule of the treatment matches.
///
/// `admit` is the share of the former units during a probe, or [`Percent::ALL`].
///
/// # Errors
/// Returns the reason if the rules do not say what the split is.
pub fn planned_split(
    serving: &EffectiveServing<'_>,
    arms: &Arms,
    admit: Percent,
) -> Result<PlannedSplit, &'static str> {
    let serves = |serve: &Serve| match serve {
        Serve::Variant(name) => name.value == arms.treatment,
        Serve::Split(shares) => shares.value.iter().any(|share| share.variant.value == arms.treatment),
    };
    let mut rules = serving.rules.iter().enumerate().filter(|(_, rule)| rule.serve.is_some_and(serves));
    let (index, rule) = rules.next().ok_or("no rule serves the treatment")?;
    if rules.next().is_some() {
        return Err("several rules serve the treatment");
    }
    let buckets = |percent: Percent| f64::from(percent.buckets());
    let rollout = rule.rollout.map_or(Percent::ALL, |rollout| rollout.value);
    match rule.serve {
        Some(Serve::Split(shares)) => {
            let share = |name: &str| {
                let own = shares.value.iter().filter(|share| share.variant.value == name);
                own.map(|share| buckets(share.share.value)).sum::<f64>()
            };
            if admit != Percent::ALL {
                return Err("a probe of a split changes its shares");
            }
            if rollout != Percent::ALL && share(&arms.control) > 0.0 && default_is(serving, &arms.control) {
                return Err("both the split and the default serve the control");
            }
            split(share(&arms.treatment), share(&arms.control))
        }
        Some(Serve::Variant(_)) | None => {
            let is_last = index + 1 == serving.rules.len();
            if !is_last || !default_is(serving, &arms.control) {
                return Err("the units that the rule does not admit do not all get the control");
            }
            let treatment = buckets(rollout.min(admit));
            split(treatment, buckets(Percent::ALL) - treatment)
        }
    }
}

fn default_is(serving: &EffectiveServing<'_>, name: &str) -> bool {
    serving.default.is_some_and(|default| default.value == name)
}

fn split(treatment: f64, control: f64) -> Result<PlannedSplit, &'static str> {
    let all = treatment + control;
    if treatment <= 0.0 || control <= 0.0 {
        return Err("one of the arms has no units");
    }
    Ok(PlannedSplit { treatment: treatment / all, control: control / all })
}
