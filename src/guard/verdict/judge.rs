//! The verdict of all guardrails together.

use jiff::SignedDuration;

use crate::guard::evidence::budget::{Budget, Verdict};
use crate::guard::evidence::{Alpha, LogE, srm};
use crate::guard::source::{DataProblem, Metrics, Series, Window};
use crate::guard::verdict::result::{
    GuardVerdict, GuardrailResult, GuardrailState, Judgement, SampleRatioResult, TripCause,
};
use crate::guard::verdict::split::PlannedSplit;
use crate::guard::verdict::test::{invalid, tested};
use crate::model::{Arms, Guard, OnSourceError, QueryKind};

/// What a verdict is about.
#[derive(Debug, Clone, Copy)]
pub struct Case<'c> {
    /// The guard.
    pub guard: &'c Guard,
    /// The arms.
    pub arms: &'c Arms,
    /// The window.
    pub window: Window,
    /// The age of the stage.
    pub age: SignedDuration,
    /// The planned split, or the reason why it is not known.
    pub split: Result<PlannedSplit, &'static str>,
    /// The number of trips before a probe, or `None` outside of a probe. A probe has a smaller probability of a false trip.
    pub probe: Option<u32>,
}

/// Judges the numbers.
///
/// # Errors
/// Returns [`DataProblem`] if the settings of the guard are outside their bounds, which `validate` reports.
pub fn judge(case: &Case<'_>, metrics: &Metrics) -> Result<Judgement, DataProblem> {
    let guard = case.guard;
    let alpha = Alpha::new(guard.alpha).map_err(invalid)?;
    let budget = match case.probe {
        None => Budget::new(alpha, guard.stages).map_err(invalid)?,
        Some(trips) => Budget::probe(alpha, trips),
    };
    let sample_ratio = sample_ratio(case, metrics.units.as_ref());
    let results: Vec<GuardrailResult> = guard
        .guardrails
        .iter()
        .map(|guardrail| tested(guardrail, metrics.guardrails.get(&guardrail.name.value), budget.alpha()))
        .collect();
    // A guardrail without numbers takes part without evidence, so that their number does not depend on the data.
    let measured = results.iter().filter(|result| result.test.is_statistical());
    let evidence: Vec<LogE> = measured.map(|result| result.log_e.unwrap_or(LogE::NONE)).collect();
    let combined = budget.judge(&evidence);
    let min_duration = SignedDuration::try_from(guard.min_duration.get()).unwrap_or(SignedDuration::MAX);
    let is_tripped = combined.verdict == Verdict::Trip;
    let verdict = verdict(guard, &sample_ratio, &results, is_tripped.then(|| strongest(&results)).flatten());
    let verdict = match verdict {
        GuardVerdict::Healthy if case.age < min_duration => GuardVerdict::NotEnoughData,
        verdict => verdict,
    };
    Ok(Judgement {
        verdict,
        arms: case.arms.clone(),
        window: case.window,
        age: case.age,
        min_duration,
        alpha: budget.alpha().get(),
        log_e: combined.log_e.ln(),
        threshold: combined.threshold.ln(),
        sample_ratio,
        guardrails: results,
    })
}

/// Returns the name of the guardrail with the most evidence.
fn strongest(results: &[GuardrailResult]) -> Option<String> {
    let measured = results.iter().filter_map(|result| Some((result.log_e?, &result.name)));
    measured.max_by(|(first, _), (second, _)| first.ln().total_cmp(&second.ln())).map(|(_, name)| name.clone())
}

fn verdict(
    guard: &Guard,
    sample_ratio: &SampleRatioResult,
    results: &[GuardrailResult],
    tripped: Option<String>,
) -> GuardVerdict {
    let problem = |name: &str| match guard.on_source_error {
        OnSourceError::Trip => GuardVerdict::Trip(TripCause::DataProblem(name.to_owned())),
        OnSourceError::Hold => GuardVerdict::DataProblem,
        OnSourceError::Ignore => GuardVerdict::NotEnoughData,
    };
    // Numbers of another population are no evidence of anything.
    if sample_ratio.problem().is_some() {
        return match problem("srm") {
            GuardVerdict::NotEnoughData => GuardVerdict::DataProblem,
            verdict => verdict,
        };
    }
    let exceeded = results.iter().find(|result| matches!(result.state, GuardrailState::Exceeded { .. }));
    if let Some(result) = exceeded {
        return GuardVerdict::Trip(TripCause::Limit(result.name.clone()));
    }
    if let Some(name) = tripped {
        return GuardVerdict::Trip(TripCause::Evidence(name));
    }
    let is_problem = |result: &&GuardrailResult| matches!(result.state, GuardrailState::Problem(_));
    if let Some(result) = results.iter().find(is_problem) {
        return problem(&result.name);
    }
    let is_fine = results.iter().all(|result| result.state == GuardrailState::Fine);
    if is_fine { GuardVerdict::Healthy } else { GuardVerdict::NotEnoughData }
}

/// Compares the numbers of units with the planned split.
fn sample_ratio(case: &Case<'_>, units: Option<&Result<Series, DataProblem>>) -> SampleRatioResult {
    let series = match units {
        None => return SampleRatioResult::NotCompared,
        Some(Err(problem)) => return SampleRatioResult::Problem(problem.clone()),
        Some(Ok(series)) => series,
    };
    let planned = match case.split {
        Ok(planned) => planned,
        Err(reason) => return SampleRatioResult::Problem(DataProblem::UnknownSplit(reason)),
    };
    match compared(case.guard, planned, series) {
        Ok(result) => result,
        Err(problem) => SampleRatioResult::Problem(problem),
    }
}

fn compared(guard: &Guard, planned: PlannedSplit, series: &Series) -> Result<SampleRatioResult, DataProblem> {
    let Some(point) = series.totals.last() else { return Err(DataProblem::Empty("n".to_owned())) };
    let treatment = point.treatment.required(QueryKind::N)?.round();
    let control = point.control.required(QueryKind::N)?.round();
    let shares = [
        srm::Share { planned: planned.treatment, units: treatment },
        srm::Share { planned: planned.control, units: control },
    ];
    let log_e = srm::evaluate(&shares, srm::CONCENTRATION).map_err(invalid)?.ln();
    let threshold = Alpha::new(guard.srm.alpha).map_err(invalid)?.threshold().ln();
    Ok(SampleRatioResult::Compared { planned, treatment, control, log_e, threshold })
}
