//! The facts of a report in words, which all formats for people have: names and values.

use serde_json::Value as Json;

use crate::report::shadow::json::{RateJson, ShadowReportJson};
use crate::report::text::grouped;

/// Returns the facts in their order: a name, and what is known.
pub(super) fn facts(report: &ShadowReportJson) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("pairs", format!("{}; {}", outcomes(&report.pairs), "control against candidate")),
        ("noise", format!("{}; {}", outcomes(&report.noise_pairs), "control against control")),
        ("mismatches", report.mismatch.as_ref().map_or_else(|| "no pair".to_owned(), rate)),
        ("noise floor", report.noise.as_ref().map_or_else(|| "no pair, so it counts as zero".to_owned(), rate)),
    ];
    if let Some(excess) = &report.excess {
        let [difference, lower, upper] = ["difference", "lower", "upper"].map(|name| number(excess, name));
        facts.push((
            "excess",
            format!("{}, 95% interval {} to {}", percent(difference), percent(lower), percent(upper)),
        ));
    }
    let [only_candidate, only_control, p] =
        ["onlyCandidate", "onlyControl", "p"].map(|name| number(&report.failures, name));
    facts.push((
        "failures",
        format!("only the candidate in {only_candidate}, only the control in {only_control} (McNemar's p = {p:.4})"),
    ));
    facts.extend(report.latency.iter().flat_map(latency));
    facts
}

/// Returns the rows of the inputs in words.
pub(super) fn rows(report: &ShadowReportJson) -> Vec<String> {
    let rows = &report.rows;
    let count = |name: &str| grouped(rows.get(name).and_then(Json::as_u64).unwrap_or_default());
    let mut lines = vec![format!(
        "{} rows: {} records, {} of other flags or environments, {} repeated, {} ignored by the application",
        count("all"),
        count("records"),
        count("otherFlags"),
        count("duplicates"),
        count("ignored")
    )];
    for bad in rows.get("bad").and_then(Json::as_array).into_iter().flatten() {
        let text = |name: &str| bad.get(name).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        let [reason, count, file, line, message] =
            ["reason", "count", "file", "line", "message"].map(|name| text(name).unwrap_or_default());
        lines.push(format!("bad: {count} × {reason}, first at {file}:{line}: {message}"));
    }
    lines
}

/// Returns a text of a reason.
pub(super) fn reason(reason: &Json) -> &str {
    reason.get("text").and_then(Json::as_str).unwrap_or_default()
}

/// Returns a rate in percent.
pub(super) fn percent(rate: f64) -> String {
    format!("{:.4}%", rate * 100.0)
}

fn latency(latency: &Json) -> Vec<(&'static str, String)> {
    let [ratio, lower, upper] = ["ratio", "lower", "upper"].map(|name| number(latency, name));
    let quantiles = |side: &str| {
        let quantile = |name: &str| latency.get(side).map_or(0.0, |side| number(side, name));
        format!("{:.1} / {:.1} / {:.1} ms", quantile("p50"), quantile("p95"), quantile("p99"))
    };
    let mut facts = vec![
        ("latency", format!("the candidate takes {ratio:.4} times as long, 95% interval {lower:.4} to {upper:.4}")),
        ("P50 / P95 / P99", format!("control {}, candidate {}", quantiles("controlMs"), quantiles("candidateMs"))),
    ];
    if let Some(order) = latency.get("order").filter(|order| !order.is_null()) {
        let [ratio, lower, upper] = ["ratio", "lower", "upper"].map(|name| number(order, name));
        let clear = match order.get("isClear").and_then(Json::as_bool) {
            Some(true) => "the order makes a difference",
            Some(false) | None => "no clear difference between the orders",
        };
        facts.push((
            "order",
            format!("{clear}: × {ratio:.4} if the candidate runs first, 95% interval {lower:.4} to {upper:.4}"),
        ));
    }
    facts
}

fn outcomes(counts: &Json) -> String {
    let names = [
        ("equal", "equal"),
        ("different", "different"),
        ("onlyCandidateFailed", "only the second run failed"),
        ("onlyControlFailed", "only the first run failed"),
        ("bothFailedAlike", "both failed alike"),
        ("bothFailedDifferently", "both failed differently"),
    ];
    let count = |name: &str| counts.get(name).and_then(Json::as_u64).unwrap_or_default();
    let shown = names.iter().filter(|(name, _)| *name == "equal" || count(name) > 0);
    let shown: Vec<String> = shown.map(|(name, words)| format!("{} {words}", grouped(count(name)))).collect();
    shown.join(", ")
}

fn rate(rate: &RateJson) -> String {
    let RateJson { mismatches, pairs, rate, lower, upper } = *rate;
    let limits = match mismatches {
        0 => format!("95% limit {}", percent(upper)),
        _ => format!("95% interval {} to {}", percent(lower), percent(upper)),
    };
    format!("{} of {} pairs, {}, {limits}", grouped(mismatches), grouped(pairs), percent(rate))
}

fn number(object: &Json, name: &str) -> f64 {
    object.get(name).and_then(Json::as_f64).unwrap_or_default()
}
