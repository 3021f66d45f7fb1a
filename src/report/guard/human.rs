//! The results of `flagctl guard` as text for people.

use serde_json::{Map, Value as Json};

use crate::git::short_id;
use crate::report::actions::human::committed;
use crate::report::guard::chart::charts;
use crate::report::guard::chart_text;
use crate::report::guard::json::{EvidenceJson, GuardCheckJson, GuardRunJson, GuardStepJson, GuardrailJson};
use crate::report::text::duration;
use crate::report::{Lines, Role, StyledText};

/// Returns a check.
pub fn check(check: &GuardCheckJson) -> Lines {
    let mut lines = Lines::default();
    add_check(&mut lines, check);
    lines
}

/// Returns what follows for each flag.
pub fn run(run: &GuardRunJson) -> Lines {
    let mut lines = Lines::default();
    for step in &run.flags {
        add_check(&mut lines, &step.check);
        add_step(&mut lines, step);
    }
    if run.flags.is_empty() {
        lines.add("no flag has a guard in this environment");
    }
    lines
}

fn add_check(lines: &mut Lines, check: &GuardCheckJson) {
    let verdict = check.verdict.unwrap_or(check.state);
    let role = match verdict {
        "healthy" => Role::Good,
        "trip" | "data-problem" => Role::Bad,
        _ => Role::Caution,
    };
    let title = StyledText::default().plain(format!("{} in {}: ", check.flag, check.environment)).with(role, verdict);
    lines.add(title);
    if let Some(cause) = &check.cause {
        lines.add(format!("  {cause}"));
    }
    lines.add(format!("  breaker: {}, {} of {} trips", check.state, check.trips, check.max_trips));
    if let Some(until) = &check.until {
        lines.add(format!("  probe after {until}"));
    }
    match &check.stage {
        None if check.verdict.is_none() => {}
        None => lines.add("  stage: the environment does not serve the flag as the commit defines it yet"),
        Some(stage) => {
            let entry = stage.sequence.map_or_else(String::new, |sequence| format!(", entry {sequence}"));
            lines.add(format!("  stage: since {}, commit {}{entry}", stage.start, short_id(&stage.commit)));
        }
    }
    if let Some(evidence) = &check.evidence {
        add_evidence(lines, evidence);
    }
}

fn add_evidence(lines: &mut Lines, evidence: &EvidenceJson) {
    let EvidenceJson { window_start, window_end, treatment, control, .. } = evidence;
    lines.add(format!(
        "  window: {window_start} to {window_end}; the stage has lasted {}, and `min-duration` is {}",
        duration(evidence.age_seconds),
        duration(evidence.min_age_seconds)
    ));
    lines.add(format!("  arms: {treatment} against {control}"));
    match &evidence.sample_ratio {
        None => lines.add("  units: not compared with the planned split"),
        Some(ratio) => lines.add(format!("  units: {}", units(ratio))),
    }
    lines.add(format!(
        "  evidence of harm: ln E = {:.4}, trip at {:.4} (alpha {} in this stage)",
        evidence.log_e, evidence.threshold, evidence.alpha
    ));
    for guardrail in &evidence.guardrails {
        add_guardrail(lines, guardrail);
    }
    charts(evidence).iter().for_each(|chart| lines.append(&chart_text::lines(chart)));
}

fn add_guardrail(lines: &mut Lines, guardrail: &GuardrailJson) {
    let role = match guardrail.state {
        "fine" => Role::Good,
        "exceeded" | "data-problem" => Role::Bad,
        _ => Role::Caution,
    };
    let title = StyledText::default().plain(format!("  {} ({}): ", guardrail.name, guardrail.test));
    lines.add(title.with(role, &guardrail.text));
    if let Some(log_e) = guardrail.log_e {
        let health =
            guardrail.log_e_health.map_or_else(String::new, |health| format!(", of health {health:.4} of 2.9957"));
        lines.add(format!("    ln E of harm {log_e:.4}{health}"));
    }
    for (arm, numbers) in [("treatment", &guardrail.treatment), ("control", &guardrail.control)] {
        if !numbers.is_empty() {
            lines.add(format!("    {arm}: {}", numbers_text(numbers)));
        }
    }
}

fn add_step(lines: &mut Lines, step: &GuardStepJson) {
    if !step.reason.is_empty() {
        lines.add(format!("  {} → {}: {}", step.check.state, step.next, step.reason));
    }
    if let Some(note) = &step.note {
        lines.add(format!("  {note}"));
    }
    let Some(written) = &step.written else { return };
    lines.add(format!("  {}", written.subject));
    if let Some(made) = &written.committed {
        committed(made).as_str().lines().for_each(|line| lines.add(format!("  {line}")));
    }
}

/// Returns numbers as `bad 50, total 10000`.
pub(super) fn numbers_text(numbers: &Map<String, Json>) -> String {
    let numbers: Vec<String> = numbers.iter().map(|(name, number)| format!("{name} {number}")).collect();
    numbers.join(", ")
}

/// Returns the comparison of units in words.
pub(super) fn units(ratio: &Json) -> String {
    let number = |path: &str| ratio.pointer(path).and_then(Json::as_f64).unwrap_or_default();
    if let Some(text) = ratio.get("text").and_then(Json::as_str) {
        return text.to_owned();
    }
    let fit = if ratio.get("problem").is_some_and(Json::is_string) { "do not fit" } else { "fit" };
    format!(
        "{} and {} {fit} the planned {:.3}% and {:.3}% (ln E = {:.4}, mismatch at {:.4})",
        number("/units/treatment"),
        number("/units/control"),
        number("/planned/treatment") * 100.0,
        number("/planned/control") * 100.0,
        number("/logE"),
        number("/threshold")
    )
}
