//! From sufficient statistics to the results of each phase.

use std::collections::{BTreeMap, BTreeSet};

use crate::experiment::comparison::{compare, estimate};
use crate::experiment::quality::{multiple, problems, sample_ratio};
use crate::experiment::result::{Analysis, ArmEffect, ArmValue, Measured, MetricResult, PhaseResult};
use crate::experiment::settings::{AnalysisSettings, MetricSettings};
use crate::experiment::sufficient_statistics::{
    ArmExposures, ArmMetric, CovariateData, Subgroup, SufficientStatistics,
};
use crate::experiment::verdict::verdict;
use crate::model::{MetricKind, MetricRole};
use crate::statistics::multiplicity::{benjamini_hochberg, holm};

/// What happens to effects if the data cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntrustedEffects {
    /// They are not computed.
    Refused,
    /// They are computed, and the verdict is broken all the same.
    Shown,
}

/// Analyses the statistics of a flag.
///
/// # Errors
/// Returns a sentence if the statistics have no row about the flag, or a kind of a metric differs from its definition.
pub fn analyze(
    statistics: &SufficientStatistics,
    settings: &AnalysisSettings,
    untrusted: UntrustedEffects,
) -> Result<Analysis, String> {
    let cells = PhaseCells::of_flag(statistics, &settings.flag);
    if cells.is_empty() {
        return Err(format!("the statistics have no row with the flag `{}`", settings.flag));
    }
    let metrics = all_metrics(&cells, settings)?;
    let phases: Vec<PhaseResult> = statistics
        .phases()
        .filter_map(|name| Some(phase(name, cells.get(name)?, &metrics, settings, untrusted)))
        .collect();
    let verdict = verdict(phases.last(), settings);
    Ok(Analysis { phases, verdict })
}

/// The values of the arms of a part of the units, by the names of the metric and of the arm.
type Cells<'s> = BTreeMap<(&'s str, &'s str), &'s ArmMetric>;

/// The rows of a phase.
#[derive(Default)]
struct PhaseCells<'s> {
    units: BTreeMap<&'s str, &'s ArmExposures>,
    metrics: BTreeMap<Option<&'s Subgroup>, Cells<'s>>,
}

impl<'s> PhaseCells<'s> {
    /// Returns the rows of a flag by the names of the phases.
    fn of_flag(statistics: &'s SufficientStatistics, flag: &str) -> BTreeMap<&'s str, Self> {
        let mut phases: BTreeMap<&str, Self> = BTreeMap::new();
        for (key, units) in statistics.exposures().filter(|(key, _)| key.flag == flag && key.subgroup.is_none()) {
            phases.entry(&key.phase).or_default().units.insert(&key.arm, units);
        }
        for (key, metric, values) in statistics.metrics().filter(|(key, _, _)| key.flag == flag) {
            let cells = phases.entry(&key.phase).or_default().metrics.entry(key.subgroup.as_ref()).or_default();
            cells.insert((metric, &key.arm), values);
        }
        phases
    }
}

/// The metrics of an analysis, in the order of reports, by their names.
struct Metrics {
    all: Vec<MetricSettings>,
    places: BTreeMap<String, usize>,
}

/// Returns the metrics of the settings, and those that only the statistics have.
fn all_metrics(phases: &BTreeMap<&str, PhaseCells<'_>>, settings: &AnalysisSettings) -> Result<Metrics, String> {
    let mut known: BTreeMap<&str, Option<MetricKind>> =
        settings.metrics.iter().map(|metric| (metric.name.as_str(), metric.kind)).collect();
    let mut all = settings.metrics.clone();
    for ((name, _), values) in phases.values().flat_map(|phase| phase.metrics.values()).flatten() {
        match known.get(name) {
            None => {
                all.push(MetricSettings::undefined(name));
                known.insert(name, None);
            }
            Some(Some(kind)) if *kind != values.kind => {
                return Err(format!(
                    "`{name}` has the kind `{}` in the statistics and `{}` in the definition of the flag",
                    values.kind.name(),
                    kind.name()
                ));
            }
            Some(_) => {}
        }
    }
    all.sort_by_key(|metric| metric.role);
    let places = all.iter().enumerate().map(|(index, metric)| (metric.name.clone(), index)).collect();
    Ok(Metrics { all, places })
}

fn arms(settings: &AnalysisSettings) -> impl Iterator<Item = &str> {
    std::iter::once(&settings.arms.control).chain(&settings.arms.treatments).map(String::as_str)
}

fn phase(
    name: &str,
    cells: &PhaseCells<'_>,
    metrics: &Metrics,
    settings: &AnalysisSettings,
    untrusted: UntrustedEffects,
) -> PhaseResult {
    let units = arms(settings).filter_map(|arm| Some((arm.to_owned(), **cells.units.get(arm)?)));
    let units: Vec<(String, ArmExposures)> = units.collect();
    let sample_ratio = sample_ratio(&units, settings);
    let problems = problems(&units, &sample_ratio, settings);
    let (_, multiple) = multiple(&units);
    let mut result = PhaseResult {
        name: name.to_owned(),
        units,
        sample_ratio,
        multiple,
        problems,
        metrics: Vec::new(),
        subgroups: Vec::new(),
    };
    if !result.problems.is_empty() && untrusted == UntrustedEffects::Refused {
        return result;
    }
    for (subgroup, cells) in &cells.metrics {
        let names: BTreeSet<usize> = cells.keys().filter_map(|(name, _)| metrics.places.get(*name).copied()).collect();
        let present = names.into_iter().filter_map(|index| metrics.all.get(index));
        let results = present.filter_map(|metric| metric_result(metric, cells, settings)).collect();
        match subgroup {
            None => result.metrics = results,
            Some(subgroup) => result.subgroups.push(((*subgroup).clone(), results)),
        }
    }
    for (role, correct) in [(MetricRole::Primary, holm as Correction), (MetricRole::Secondary, benjamini_hochberg)] {
        correct_all(&mut result.metrics, |metric| metric.role == role, correct);
    }
    let mut all: Vec<&mut MetricResult> =
        result.subgroups.iter_mut().flat_map(|(_, metrics)| metrics.iter_mut()).collect();
    correct_measured(&mut measured(&mut all), benjamini_hochberg);
    result
}

/// A correction of p-values for the number of tests.
type Correction = fn(&[f64]) -> Vec<f64>;

fn correct_all(metrics: &mut [MetricResult], includes: impl Fn(&MetricResult) -> bool, correct: Correction) {
    let mut included: Vec<&mut MetricResult> = metrics.iter_mut().filter(|metric| includes(metric)).collect();
    correct_measured(&mut measured(&mut included), correct);
}

fn measured<'m>(metrics: &'m mut [&mut MetricResult]) -> Vec<&'m mut Measured> {
    let effects = metrics.iter_mut().flat_map(|metric| metric.effects.iter_mut());
    effects.filter_map(|effect| effect.outcome.as_mut().ok()).collect()
}

fn correct_measured(measured: &mut [&mut Measured], correct: Correction) {
    let fixed: Vec<f64> = measured.iter().map(|effect| effect.fixed_adjusted).collect();
    let always: Vec<f64> = measured.iter().map(|effect| effect.always_adjusted).collect();
    for ((effect, fixed), always) in measured.iter_mut().zip(correct(&fixed)).zip(correct(&always)) {
        effect.fixed_adjusted = fixed;
        effect.always_adjusted = always;
    }
}

/// Compares the treatments in a metric, or returns `None` if no arm has it.
fn metric_result(metric: &MetricSettings, cells: &Cells<'_>, settings: &AnalysisSettings) -> Option<MetricResult> {
    let find = |arm: &str| cells.get(&(metric.name.as_str(), arm)).copied();
    let kind = arms(settings).find_map(|arm| find(arm).map(|values| values.kind))?;
    let arms = arms(settings).filter_map(|arm| {
        let values = find(arm)?;
        let missing = match values.covariate {
            CovariateData::Present { missing } => Some(missing),
            CovariateData::Absent => None,
        };
        Some(ArmValue {
            arm: arm.to_owned(),
            n: values.moments.n(),
            value: estimate(values).map(|estimate| estimate.unadjusted),
            capped: values.capped,
            missing,
        })
    });
    let control = find(&settings.arms.control);
    let effects = settings.arms.treatments.iter().map(|treatment| ArmEffect {
        treatment: treatment.clone(),
        outcome: match (find(treatment), control) {
            (Some(own), Some(control)) => compare(own, control, metric.covariate, settings),
            (None, _) => Err("the treatment has no rows"),
            (_, None) => Err("the control has no rows"),
        },
    });
    Some(MetricResult {
        name: metric.name.clone(),
        role: metric.role,
        kind,
        better: metric.better,
        min_effect: metric.min_effect,
        origin: metric.origin,
        arms: arms.collect(),
        effects: effects.collect(),
    })
}
