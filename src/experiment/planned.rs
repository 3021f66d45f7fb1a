//! The planned shares of the arms of an experiment, from the rules of the flag.

use crate::bundle::Percent;
use crate::guard::verdict::planned_split;
use crate::model::{Arms, EffectiveServing, ExperimentArms};

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
