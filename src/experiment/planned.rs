//! The planned shares of the arms of an experiment, from the rules of the flag.

use crate::bundle::Percent;
use crate::guard::verdict::planned_split;
use crate::model::{Arms, EffectiveServing, ExperimentArms, Serve};

/// Whether a flag serves the arms of its experiment at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentState {
    /// A rule decides by the unit.
    Running,
    /// No rule does: the experiment did not begin, or is over.
    NotRunning,
}

/// Returns whether a rule splits the arms, or admits only a part of the units to an arm.
pub fn experiment_state(serving: &EffectiveServing<'_>, arms: &ExperimentArms) -> ExperimentState {
    let is_arm = |name: &str| name == arms.control || arms.treatments.iter().any(|treatment| treatment == name);
    let is_random = serving.rules.iter().any(|rule| match rule.serve {
        Some(Serve::Split(shares)) => {
            let served = shares.value.iter().filter(|share| share.share.value.buckets() > 0);
            served.filter(|share| is_arm(&share.variant.value)).count() > 1
        }
        Some(Serve::Variant(name)) => {
            let admits_a_part = |percent: Percent| percent.buckets() > 0 && percent < Percent::ALL;
            let is_part =
                rule.written.slot.is_some() || rule.rollout.is_some_and(|rollout| admits_a_part(rollout.value));
            is_part && is_arm(&name.value)
        }
        None => false,
    });
    if is_random { ExperimentState::Running } else { ExperimentState::NotRunning }
}

/// Returns the planned shares of the control and of the treatments, as weights in relation to the control.
///
/// # Errors
/// Returns the reason if the rules do not say what the split is.
pub fn planned_weights(
    serving: &EffectiveServing<'_>,
    arms: &ExperimentArms,
) -> Result<Vec<(String, f64)>, &'static str> {
    let mut weights = vec![(arms.control.clone(), 1.0)];
    for treatment in &arms.treatments {
        let two = Arms { treatment: treatment.clone(), control: arms.control.clone() };
        let split = planned_split(serving, &two, Percent::ALL)?;
        weights.push((treatment.clone(), split.treatment / split.control));
    }
    Ok(weights)
}
