//! A check of a guard as a comment on a pull request.

use crate::report::Printable;
use crate::report::escape::{line, markdown_code};
use crate::report::guard::chart::charts;
use crate::report::guard::chart_text;
use crate::report::guard::human::{numbers_text, units};
use crate::report::guard::json::GuardCheckJson;

/// Returns a check.
pub fn check(check: &GuardCheckJson) -> Printable {
    let verdict = check.verdict.unwrap_or(check.state);
    let mut text = format!(
        "### Guard of {} in {}: {verdict}\n\n",
        markdown_code(&line(&check.flag)),
        markdown_code(&line(&check.environment))
    );
    if let Some(cause) = &check.cause {
        text += &format!("{}\n\n", markdown_code(&line(cause)));
    }
    text += &format!("Breaker: {}, {} of {} trips.\n", check.state, check.trips, check.max_trips);
    if let Some(until) = &check.until {
        text += &format!("Probe after {until}.\n");
    }
    let Some(evidence) = &check.evidence else { return Printable::markdown(&text) };
    text += &format!("\nWindow: {} to {}.\n", evidence.window_start, evidence.window_end);
    if let Some(ratio) = &evidence.sample_ratio {
        text += &format!("\nUnits: {}.\n", markdown_code(&line(&units(ratio))));
    }
    text += &format!("\nln E = {:.4}, trip at {:.4}.\n\n", evidence.log_e, evidence.threshold);
    text += "| guardrail | test | state | ln E | treatment | control |\n|---|---|---|---|---|---|\n";
    for guardrail in &evidence.guardrails {
        let cell = |text: &str| markdown_code(&line(text).replace('|', "/"));
        let log_e = guardrail.log_e.map_or_else(|| "—".to_owned(), |log_e| format!("{log_e:.4}"));
        text += &format!(
            "| {} | {} | {} | {log_e} | {} | {} |\n",
            cell(&guardrail.name),
            guardrail.test,
            cell(&guardrail.text),
            cell(&numbers_text(&guardrail.treatment)),
            cell(&numbers_text(&guardrail.control))
        );
    }
    for chart in charts(evidence) {
        text += &format!("\n```text\n{}```\n", chart_text::lines(&chart).as_str().replace('`', "'"));
    }
    Printable::markdown(&text)
}
