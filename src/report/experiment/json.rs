//! The result of `flagctl experiment analyze` as flagctl's own JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::experiment::{
    Analysis, AnalysisSettings, ArmEffect, Fit, Measured, MetricOrigin, MetricResult, PhaseResult, SampleRatio,
    ScaledEffect,
};
use crate::model::Better;
use crate::report::experiment::event_rows::EventRowsJson;

/// The result of `flagctl experiment analyze`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisJson {
    /// The version of this structure.
    pub version: u32,
    /// The key of the flag.
    pub flag: String,
    /// The variant with which the others are compared.
    pub control: String,
    /// The variants that are compared with it.
    pub treatments: Vec<String>,
    /// The commit of the definition, or `null` if it was read from the working tree.
    pub commit: Option<String>,
    /// What was read.
    pub inputs: Vec<InputJson>,
    /// The rows of the inputs, if they are events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<EventRowsJson>,
    /// The probability that any primary metric seems to differ while none does.
    pub alpha: f64,
    /// The number of units at which the always-valid intervals are narrowest.
    pub tuning: f64,
    /// `ship`, `stop`, `keep-running`, `not-running` or `broken`.
    pub verdict: &'static str,
    /// The treatment that the verdict is about, if it is about one.
    pub treatment: Option<String>,
    /// Why.
    pub reasons: Vec<String>,
    /// The phases in the order of time, of which the last decides.
    pub phases: Vec<PhaseJson>,
}

/// Where the numbers of an analysis come from.
#[derive(Debug, Default)]
pub struct OriginJson {
    /// What was read.
    pub inputs: Vec<InputJson>,
    /// The rows of the inputs, if they are events.
    pub rows: Option<EventRowsJson>,
    /// The numbers of the published entries with which the phases begin, by the names of the phases.
    pub sequences: BTreeMap<String, u64>,
}

/// An input file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputJson {
    /// Its name on the command line.
    pub name: String,
    /// The SHA-256 digest of its content.
    pub sha256: String,
}

/// A phase.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseJson {
    /// The name.
    pub name: String,
    /// The number of the entry in the published log with which the phase begins. Absent if phases come from commits or from statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The arms, the control first.
    pub arms: Vec<ArmJson>,
    /// The comparison of the numbers of units with the planned split.
    pub sample_ratio: SampleRatioJson,
    /// The share of units that were seen in several arms.
    pub multiple_share: f64,
    /// What is wrong with the data.
    pub problems: Vec<String>,
    /// The metrics of all units.
    pub metrics: Vec<MetricJson>,
    /// The metrics of parts of the units.
    pub subgroups: Vec<SubgroupJson>,
}

/// The units of an arm.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArmJson {
    /// The variant.
    pub variant: String,
    /// The number of units.
    pub units: f64,
    /// The number of units that were also seen in another arm, and are left out.
    pub multiple: f64,
    /// The number of units whose window is not over, which are in no metric.
    pub immature: f64,
    /// The planned share, if it is known.
    pub planned: Option<f64>,
}

/// The comparison of the numbers of units with the planned split.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleRatioJson {
    /// `fits`, `mismatch` or `not-compared`.
    pub state: &'static str,
    /// Why it was not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The statistic of the χ² test.
    pub chi_squared: Option<f64>,
    /// Its degrees of freedom.
    pub degrees: Option<f64>,
    /// Its p-value, which is valid for one look.
    pub p_value: Option<f64>,
    /// The natural logarithm of the evidence that is valid however often one looks.
    pub log_e: Option<f64>,
    /// The logarithm at which the evidence is a mismatch.
    pub threshold: Option<f64>,
}

/// A part of the units.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubgroupJson {
    /// The attribute.
    pub dimension: String,
    /// Its value.
    pub value: String,
    /// The metrics.
    pub metrics: Vec<MetricJson>,
}

/// A metric.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricJson {
    /// The name.
    pub name: String,
    /// `primary`, `secondary` or `guardrail`.
    pub role: &'static str,
    /// `mean`, `proportion`, `ratio`, `quantile` or `event-quantile`.
    pub kind: &'static str,
    /// `increase` or `decrease`.
    pub better: &'static str,
    /// `definition`, `command-line` or `statistics`.
    pub origin: &'static str,
    /// The smallest relative effect that matters.
    pub min_effect: Option<f64>,
    /// The arms, the control first.
    pub arms: Vec<ArmValueJson>,
    /// The effects of the treatments.
    pub effects: Vec<EffectJson>,
}

/// The value of a metric in an arm.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArmValueJson {
    /// The variant.
    pub variant: String,
    /// The number of units.
    pub n: f64,
    /// The value without adjustment.
    pub value: Option<f64>,
    /// The number of units whose value was cut.
    pub capped: f64,
    /// The number of units without data before their first exposure.
    pub missing: Option<f64>,
}

/// The effect of a treatment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectJson {
    /// The treatment.
    pub treatment: String,
    /// Why there is no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// The effect in the unit of the metric.
    pub absolute: Option<ScaleJson>,
    /// The effect relative to the control.
    pub relative: Option<ScaleJson>,
    /// The coefficient of the covariate.
    pub theta: Option<f64>,
    /// The adjusted p-values.
    pub adjusted: Option<AdjustedJson>,
    /// The exact results for small counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small_counts: Option<InferenceJson>,
}

/// Adjusted p-values of the absolute effect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdjustedJson {
    /// Valid at the planned end only.
    pub fixed: f64,
    /// Valid however often one looks.
    pub always_valid: f64,
}

/// An effect on one scale.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleJson {
    /// The effect.
    pub value: f64,
    /// The standard error.
    pub standard_error: f64,
    /// The degrees of freedom of the fixed interval.
    pub degrees: f64,
    /// Valid however often one looks.
    pub always_valid: InferenceJson,
    /// Valid at the planned end only.
    pub fixed: InferenceJson,
}

/// An interval and its p-value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InferenceJson {
    /// The lower and the upper limit.
    pub interval: [f64; 2],
    /// The two-sided p-value.
    pub p_value: f64,
}

impl AnalysisJson {
    /// Returns an analysis.
    pub fn new(analysis: &Analysis, settings: &AnalysisSettings, commit: Option<String>, origin: OriginJson) -> Self {
        let OriginJson { inputs, rows, sequences } = origin;
        Self {
            version: 1,
            flag: settings.flag.clone(),
            control: settings.arms.control.clone(),
            treatments: settings.arms.treatments.clone(),
            commit,
            inputs,
            rows,
            alpha: settings.alpha.get(),
            tuning: settings.tuning,
            verdict: analysis.verdict.answer.name(),
            treatment: analysis.verdict.treatment.clone(),
            reasons: analysis.verdict.reasons.clone(),
            phases: analysis.phases.iter().map(|result| phase(result, sequences.get(&result.name).copied())).collect(),
        }
    }
}

fn phase(phase: &PhaseResult, sequence: Option<u64>) -> PhaseJson {
    let planned: &[f64] = match &phase.sample_ratio {
        SampleRatio::Compared { planned, .. } => planned,
        SampleRatio::NotCompared(_) => &[],
    };
    let arms = phase.units.iter().enumerate().map(|(index, (variant, units))| ArmJson {
        variant: variant.clone(),
        units: units.units,
        multiple: units.multiple,
        immature: units.immature,
        planned: planned.get(index).copied(),
    });
    PhaseJson {
        name: phase.name.clone(),
        sequence,
        arms: arms.collect(),
        sample_ratio: sample_ratio(&phase.sample_ratio),
        multiple_share: phase.multiple,
        problems: phase.problems.clone(),
        metrics: phase.metrics.iter().map(metric).collect(),
        subgroups: phase
            .subgroups
            .iter()
            .map(|(subgroup, metrics)| SubgroupJson {
                dimension: subgroup.dimension.clone(),
                value: subgroup.level.clone(),
                metrics: metrics.iter().map(metric).collect(),
            })
            .collect(),
    }
}

fn sample_ratio(ratio: &SampleRatio) -> SampleRatioJson {
    match ratio {
        SampleRatio::NotCompared(reason) => SampleRatioJson {
            state: "not-compared",
            reason: Some(reason.clone()),
            chi_squared: None,
            degrees: None,
            p_value: None,
            log_e: None,
            threshold: None,
        },
        SampleRatio::Compared { once, log_e, threshold, fit, .. } => SampleRatioJson {
            state: match fit {
                Fit::Fits => "fits",
                Fit::Mismatch => "mismatch",
            },
            reason: None,
            chi_squared: Some(once.statistic),
            degrees: Some(once.degrees),
            p_value: Some(once.p_value),
            log_e: Some(*log_e),
            threshold: Some(*threshold),
        },
    }
}

fn metric(metric: &MetricResult) -> MetricJson {
    MetricJson {
        name: metric.name.clone(),
        role: metric.role.name(),
        kind: metric.kind.name(),
        better: match metric.better {
            Better::Increase => "increase",
            Better::Decrease => "decrease",
        },
        origin: match metric.origin {
            MetricOrigin::Definition => "definition",
            MetricOrigin::CommandLine => "command-line",
            MetricOrigin::Statistics => "statistics",
        },
        min_effect: metric.min_effect,
        arms: metric
            .arms
            .iter()
            .map(|arm| ArmValueJson {
                variant: arm.arm.clone(),
                n: arm.n,
                value: arm.value,
                capped: arm.capped,
                missing: arm.missing,
            })
            .collect(),
        effects: metric.effects.iter().map(effect).collect(),
    }
}

fn effect(effect: &ArmEffect) -> EffectJson {
    let treatment = effect.treatment.clone();
    match &effect.outcome {
        Err(problem) => EffectJson {
            treatment,
            problem: Some(problem),
            absolute: None,
            relative: None,
            theta: None,
            adjusted: None,
            small_counts: None,
        },
        Ok(Measured { absolute, relative, theta, fixed_adjusted, always_adjusted, small_counts }) => EffectJson {
            treatment,
            problem: None,
            absolute: Some(scale(absolute)),
            relative: relative.as_ref().map(scale),
            theta: *theta,
            adjusted: Some(AdjustedJson { fixed: *fixed_adjusted, always_valid: *always_adjusted }),
            small_counts: small_counts.map(|small| InferenceJson {
                interval: [small.interval.lower, small.interval.upper],
                p_value: small.p_value,
            }),
        },
    }
}

fn scale(scaled: &ScaledEffect) -> ScaleJson {
    let inference = |inference: crate::statistics::effect::Inference| InferenceJson {
        interval: [inference.interval.lower, inference.interval.upper],
        p_value: inference.p_value,
    };
    ScaleJson {
        value: scaled.effect.value,
        standard_error: scaled.effect.standard_error,
        degrees: scaled.effect.degrees,
        always_valid: inference(scaled.always_valid),
        fixed: inference(scaled.fixed),
    }
}
