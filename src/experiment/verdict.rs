//! What the results of a phase mean: ship, stop, keep running, or broken.
//!
//! Only intervals and p-values that are valid however often one looks decide, so the answer may be asked for every day.

use crate::experiment::planned::ExperimentState;
use crate::experiment::result::{Answer, ArmEffect, Measured, MetricResult, PhaseResult, Verdict};
use crate::experiment::settings::AnalysisSettings;
use crate::model::{Better, MetricRole};
use crate::statistics::Interval;

/// Returns the verdict on the last phase.
pub(super) fn verdict(phase: Option<&PhaseResult>, settings: &AnalysisSettings) -> Verdict {
    if settings.state == ExperimentState::NotRunning {
        let flag = &settings.flag;
        let reason =
            format!("no rule of `{flag}` serves the variants at random: the experiment did not begin, or is over");
        let advice = "`--at` with a commit of the experiment gives the verdict of that commit".to_owned();
        return answer(Answer::NotRunning, None, vec![reason, advice]);
    }
    let Some(phase) = phase else {
        return answer(Answer::KeepRunning, None, vec!["there is no data yet".to_owned()]);
    };
    if !phase.problems.is_empty() {
        return answer(Answer::Broken, None, phase.problems.clone());
    }
    if !phase.metrics.iter().any(|metric| metric.role == MetricRole::Primary) {
        let reason = "no primary metric has rows, so nothing can decide".to_owned();
        return answer(Answer::KeepRunning, None, vec![reason]);
    }
    let judged: Vec<(&String, Judged)> =
        settings.arms.treatments.iter().map(|name| (name, judge(phase, name, settings))).collect();
    let reasons = |wanted: Answer| -> Vec<String> {
        judged
            .iter()
            .filter(|(_, judged)| judged.answer == wanted)
            .flat_map(|(_, judged)| judged.reasons.clone())
            .collect()
    };
    let mut best: Option<(&String, &Judged)> = None;
    for (name, judged) in judged.iter().filter(|(_, judged)| judged.answer == Answer::Ship) {
        if best.is_none_or(|(_, other)| judged.gain > other.gain) {
            best = Some((name, judged));
        }
    }
    match best {
        Some((name, judged)) => answer(Answer::Ship, Some(name.clone()), judged.reasons.clone()),
        None if judged.iter().any(|(_, judged)| judged.answer == Answer::KeepRunning) => {
            answer(Answer::KeepRunning, None, reasons(Answer::KeepRunning))
        }
        None => answer(Answer::Stop, None, reasons(Answer::Stop)),
    }
}

fn answer(answer: Answer, treatment: Option<String>, reasons: Vec<String>) -> Verdict {
    Verdict { answer, treatment, reasons }
}

/// The answer for one treatment.
struct Judged {
    answer: Answer,
    reasons: Vec<String>,
    /// The improvement of the first primary metric in standard errors.
    gain: f64,
}

/// The effect of a treatment on a metric, so that a positive number is an improvement.
struct Improvement<'m> {
    metric: &'m MetricResult,
    measured: &'m Measured,
}

impl Improvement<'_> {
    /// Returns the always-valid relative interval, or `None` if the control is too near to zero.
    fn relative(&self) -> Option<Interval> {
        self.measured.relative.map(|relative| self.turned(relative.always_valid.interval))
    }

    /// Returns the always-valid absolute interval.
    fn absolute(&self) -> Interval {
        self.turned(self.measured.absolute.always_valid.interval)
    }

    fn turned(&self, interval: Interval) -> Interval {
        match self.metric.better {
            Better::Increase => interval,
            Better::Decrease => Interval { lower: -interval.upper, upper: -interval.lower },
        }
    }

    fn value(&self) -> f64 {
        let effect = self.measured.absolute.effect;
        let value = effect.value / effect.standard_error;
        if self.metric.better == Better::Increase { value } else { -value }
    }

    /// Returns whether the corrected evidence decides, and in which direction.
    fn direction(&self, alpha: f64) -> Option<f64> {
        (self.measured.always_adjusted <= alpha).then(|| self.value())
    }
}

fn judge(phase: &PhaseResult, treatment: &str, settings: &AnalysisSettings) -> Judged {
    let judged = |answer, reasons: Vec<String>| Judged { answer, reasons, gain: 0.0 };
    let mut primary = Vec::new();
    let (mut harm, mut waiting) = (Vec::new(), Vec::new());
    for metric in phase.metrics.iter().filter(|metric| metric.role != MetricRole::Secondary) {
        let of_treatment = |effect: &&ArmEffect| effect.treatment == treatment;
        let Some(effect) = metric.effects.iter().find(of_treatment) else { continue };
        let measured = match usable(metric, effect, settings) {
            Ok(measured) => measured,
            // A guardrail without a limit never blocks: it stops a treatment if there is evidence of harm.
            Err(_) if metric.role == MetricRole::Guardrail && metric.min_effect.is_none() => continue,
            Err(reason) => {
                waiting.push(format!("`{}` of `{treatment}`: {reason}", metric.name));
                continue;
            }
        };
        let improvement = Improvement { metric, measured };
        match metric.role {
            MetricRole::Primary => primary.push(improvement),
            MetricRole::Guardrail | MetricRole::Secondary => {
                guardrail(&improvement, treatment, &mut harm, &mut waiting)
            }
        }
    }
    let alpha = settings.alpha.get();
    for improvement in &primary {
        if improvement.direction(alpha).is_some_and(|value| value < 0.0) {
            harm.push(format!("`{treatment}` makes `{}` worse", improvement.metric.name));
        }
    }
    if !harm.is_empty() {
        return judged(Answer::Stop, harm);
    }
    let is_futile = |improvement: &Improvement<'_>| {
        let enough = improvement.metric.min_effect.zip(improvement.relative());
        enough.is_some_and(|(least, interval)| interval.upper < least)
    };
    if !primary.is_empty() && waiting.is_empty() && primary.iter().all(is_futile) {
        let names: Vec<String> = primary.iter().map(|improvement| format!("`{}`", improvement.metric.name)).collect();
        let reason = format!("`{treatment}` has no effect on {} that matters", names.join(" and "));
        return judged(Answer::Stop, vec![reason]);
    }
    let better: Vec<String> = primary
        .iter()
        .filter(|improvement| improvement.direction(alpha).is_some_and(|value| value > 0.0))
        .map(|improvement| format!("`{treatment}` makes `{}` better", improvement.metric.name))
        .collect();
    if better.is_empty() {
        waiting.push(format!("no primary metric of `{treatment}` has an effect that the data proves yet"));
    }
    if waiting.is_empty() {
        let gain = primary.first().map_or(0.0, Improvement::value);
        return Judged { answer: Answer::Ship, reasons: better, gain };
    }
    judged(Answer::KeepRunning, waiting)
}

/// Judges a guardrail: harm beyond what is accepted, or the proof that there is none, if the definition asks for it.
fn guardrail(improvement: &Improvement<'_>, treatment: &str, harm: &mut Vec<String>, waiting: &mut Vec<String>) {
    let name = &improvement.metric.name;
    let accepted = improvement.metric.min_effect.zip(improvement.relative());
    match accepted {
        Some((loss, interval)) if interval.upper < -loss => {
            harm.push(format!("`{treatment}` makes the guardrail `{name}` worse by more than {}%", percent(loss)));
        }
        Some((loss, interval)) if interval.lower <= -loss => {
            waiting.push(format!("the guardrail `{name}` of `{treatment}` may still be worse by {}%", percent(loss)));
        }
        None if improvement.absolute().upper < 0.0 => {
            harm.push(format!("`{treatment}` makes the guardrail `{name}` worse"));
        }
        Some(_) | None => {}
    }
}

/// Returns the effect, or the reason why it cannot take part in a verdict yet.
fn usable<'m>(
    metric: &MetricResult,
    effect: &'m ArmEffect,
    settings: &AnalysisSettings,
) -> Result<&'m Measured, String> {
    let measured = effect.outcome.as_ref().map_err(|reason| (*reason).to_owned())?;
    let of_two = metric.arms.iter().filter(|arm| [&effect.treatment, &settings.arms.control].contains(&&arm.arm));
    let units = of_two.map(|arm| arm.n).fold(f64::INFINITY, f64::min);
    if units < settings.min_units {
        return Err(format!("an arm has {units} units, and a verdict needs {}", settings.min_units));
    }
    if measured.small_counts.is_some() {
        return Err("the counts are too small for a verdict".to_owned());
    }
    Ok(measured)
}

/// Returns a share as a percentage with at most three decimals.
fn percent(share: f64) -> f64 {
    (share * 100_000.0).round() / 1_000.0
}
