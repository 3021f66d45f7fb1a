//! Whether the data of a phase can be trusted: the numbers of units, and the units that were seen in several arms.

use crate::experiment::result::{Fit, SampleRatio};
use crate::experiment::settings::AnalysisSettings;
use crate::experiment::sufficient_statistics::ArmExposures;
use crate::statistics::sample_ratio::{CONCENTRATION, Share, chi_squared, evaluate};

/// The number of units in several arms up to which they are no problem.
const FEW_MULTIPLE: f64 = 10.0;

/// Compares the numbers of units with the planned split.
pub(super) fn sample_ratio(units: &[(String, ArmExposures)], settings: &AnalysisSettings) -> SampleRatio {
    if units.is_empty() {
        return SampleRatio::NotCompared(
            "the statistics have no rows `exposures` with the numbers of units".to_owned(),
        );
    }
    let weights: Option<Vec<f64>> = match &settings.planned {
        _ if units.iter().all(|(_, arm)| arm.planned.is_some()) => units.iter().map(|(_, arm)| arm.planned).collect(),
        Ok(planned) => {
            let weight = |name: &str| planned.iter().find(|(own, _)| own == name).map(|(_, weight)| *weight);
            units.iter().map(|(name, _)| weight(name)).collect()
        }
        Err(reason) => return SampleRatio::NotCompared(format!("the planned split is not known: {reason}")),
    };
    let Some(weights) = weights else {
        return SampleRatio::NotCompared("the planned share of an arm is not known".to_owned());
    };
    let sum: f64 = weights.iter().sum();
    let planned: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
    let shares: Vec<Share> =
        units.iter().zip(&planned).map(|((_, arm), planned)| Share { planned: *planned, units: arm.units }).collect();
    let (once, evidence) = match (chi_squared(&shares), evaluate(&shares, CONCENTRATION)) {
        (Ok(Some(once)), Ok(evidence)) => (once, evidence),
        (Ok(None), _) => return SampleRatio::NotCompared("there are fewer than two arms with units".to_owned()),
        (Err(error), _) | (_, Err(error)) => return SampleRatio::NotCompared(error.to_string()),
    };
    let threshold = settings.srm_alpha.threshold();
    let mismatch = once.p_value < settings.srm_alpha.get() || evidence >= threshold;
    SampleRatio::Compared {
        planned,
        once,
        log_e: evidence.ln(),
        threshold: threshold.ln(),
        fit: if mismatch { Fit::Mismatch } else { Fit::Fits },
    }
}

/// Returns the number and the share of units that were seen in several arms.
pub(super) fn multiple(units: &[(String, ArmExposures)]) -> (f64, f64) {
    let multiple: f64 = units.iter().map(|(_, arm)| arm.multiple).sum();
    let all: f64 = units.iter().map(|(_, arm)| arm.units).sum::<f64>() + multiple;
    (multiple, if all > 0.0 { multiple / all } else { 0.0 })
}

/// Says what is wrong with the data.
pub(super) fn problems(
    units: &[(String, ArmExposures)],
    sample_ratio: &SampleRatio,
    settings: &AnalysisSettings,
) -> Vec<String> {
    let mut problems = Vec::new();
    if let SampleRatio::Compared { once, log_e, fit: Fit::Mismatch, .. } = sample_ratio {
        problems.push(format!(
            "the numbers of units do not fit the planned split (p = {:.3e}, ln E = {log_e:.4}): units are lost or added in \
             one arm, so the arms cannot be compared",
            once.p_value
        ));
    }
    let (multiple, share) = multiple(units);
    if multiple >= FEW_MULTIPLE && share > settings.max_multiple {
        problems.push(format!(
            "{:.2}% of the units were seen in several arms, more than {:.2}%",
            share * 100.0,
            settings.max_multiple * 100.0
        ));
    }
    problems
}
