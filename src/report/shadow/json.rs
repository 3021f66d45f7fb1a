//! The report on a dark launch as flagctl's own JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::events::RowCounts;
use crate::shadow::{
    Breakdown, BreakdownEntry, LatencyComparison, MismatchRate, Outcome, OutcomeCounts, Quantiles, ShadowReport, Tally,
};
use crate::statistics::Interval;

/// The maximum number of entries of a breakdown.
const SHOWN: usize = 20;
/// The maximum number of versions.
const VERSIONS: usize = 20;

/// What a report is about, and what it was computed from.
#[derive(Debug)]
pub struct ReportedShadow<'r> {
    /// The key of the flag.
    pub flag: &'r str,
    /// The environment.
    pub environment: &'r str,
    /// The name of the candidate.
    pub candidate: &'r str,
    /// The full id of the commit with the definition, or `None` for the working tree.
    pub commit: Option<String>,
    /// The digest of the definition.
    pub definition: String,
    /// The inputs: their names and the digests of their bytes.
    pub inputs: Vec<(String, [u8; 32])>,
    /// The rows of the inputs.
    pub rows: &'r RowCounts,
    /// The sums.
    pub tally: &'r Tally,
    /// The report.
    pub report: &'r ShadowReport,
}

/// The report on a dark launch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowReportJson {
    /// The version of this structure.
    pub version: u32,
    /// The key of the flag.
    pub flag: String,
    /// The environment.
    pub environment: String,
    /// The name of the candidate.
    pub candidate: String,
    /// The full id of the commit with the definition, or `null` for the working tree.
    pub commit: Option<String>,
    /// The digest of the definition, which a policy compares.
    pub definition: String,
    /// `equivalent`, `different`, `not-enough-data` or `data-problem`.
    pub verdict: &'static str,
    /// The reasons of the verdict, and what else was found.
    pub reasons: Vec<Json>,
    /// The criteria.
    pub criteria: Json,
    /// The files of records.
    pub inputs: Vec<Json>,
    /// The rows of all inputs.
    pub rows: Json,
    /// The first and the last time of a pair, or `null` without a pair.
    pub period: Option<[String; 2]>,
    /// The versions of the definitions that the records name, with the numbers of their pairs.
    pub versions: BTreeMap<String, u64>,
    /// The pairs of control and candidate, by their outcome.
    pub pairs: Json,
    /// The pairs of two control runs, by their outcome.
    pub noise_pairs: Json,
    /// How often the candidate differs from the control.
    pub mismatch: Option<RateJson>,
    /// How often the control differs from itself.
    pub noise: Option<RateJson>,
    /// How much more often the candidate differs.
    pub excess: Option<Json>,
    /// Whether the candidate fails as often as the control.
    pub failures: Json,
    /// How much slower the candidate is, or `null` without durations.
    pub latency: Option<Json>,
    /// The paths at which answers differ, those with the most pairs first.
    pub by_path: Vec<EntryJson>,
    /// The paths at which two runs of the control differ.
    pub noise_by_path: Vec<EntryJson>,
    /// The attributes with mismatches, those with the most first.
    pub by_attribute: Vec<EntryJson>,
}

/// A rate of mismatches.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateJson {
    /// The number of mismatches.
    pub mismatches: u64,
    /// The number of pairs.
    pub pairs: u64,
    /// The rate, from 0 to 1.
    pub rate: f64,
    /// The lower limit.
    pub lower: f64,
    /// The upper limit.
    pub upper: f64,
}

/// An entry of a breakdown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryJson {
    /// The path, or the attribute and its value.
    pub name: String,
    /// The number of pairs.
    pub pairs: u64,
    /// The number of mismatches among them.
    pub mismatches: u64,
    /// The request of the first mismatch.
    pub example: Option<String>,
}

impl ShadowReportJson {
    /// Describes a report.
    pub fn new(reported: &ReportedShadow<'_>) -> Self {
        let ReportedShadow { report, tally, rows, .. } = reported;
        let input = |(name, digest): &(String, [u8; 32])| json!({"name": name, "sha256": hexadecimal(digest)});
        let reasons = report.reasons.iter().map(|reason| json!({"name": reason.name(), "text": reason.to_string()}));
        let mut versions: Vec<(&String, &u64)> = tally.versions.iter().collect();
        versions.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let versions = versions.into_iter().take(VERSIONS).map(|(version, pairs)| (version.clone(), *pairs));
        Self {
            version: 1,
            flag: reported.flag.to_owned(),
            environment: reported.environment.to_owned(),
            candidate: reported.candidate.to_owned(),
            commit: reported.commit.clone(),
            definition: reported.definition.clone(),
            verdict: report.verdict.name(),
            reasons: reasons.collect(),
            criteria: json!({
                "minPairs": report.criteria.min_pairs,
                "maxExcessMismatch": f64::from(report.criteria.max_excess_mismatch.buckets()) / 100_000.0,
                "maxLatencyRatio": report.criteria.max_latency_ratio,
            }),
            inputs: reported.inputs.iter().map(input).collect(),
            rows: self::rows(rows, tally),
            period: tally.period.map(|(first, last)| [first.to_string(), last.to_string()]),
            versions: versions.collect(),
            pairs: outcomes(&tally.candidate),
            noise_pairs: outcomes(&tally.control),
            mismatch: report.mismatch.as_ref().map(RateJson::new),
            noise: report.noise.as_ref().map(RateJson::new),
            excess: report.excess.map(|excess| {
                let Interval { lower, upper } = excess.interval;
                json!({"difference": excess.difference, "lower": lower, "upper": upper})
            }),
            failures: json!({
                "onlyCandidate": report.errors.only_candidate,
                "onlyControl": report.errors.only_control,
                "p": report.errors.p,
            }),
            latency: report.latency.as_ref().map(latency),
            by_path: entries(&tally.by_path),
            noise_by_path: entries(&tally.noise_by_path),
            by_attribute: entries(&tally.by_attribute),
        }
    }
}

impl RateJson {
    fn new(rate: &MismatchRate) -> Self {
        let Interval { lower, upper } = rate.interval;
        Self { mismatches: rate.mismatches, pairs: rate.pairs, rate: rate.rate, lower, upper }
    }
}

fn rows(rows: &RowCounts, tally: &Tally) -> Json {
    let bad = rows.bad.iter().map(|(reason, bad)| {
        json!({"reason": reason, "count": bad.count, "file": bad.file, "line": bad.line, "message": bad.message})
    });
    json!({
        "all": rows.rows(),
        "records": rows.events,
        "otherEvents": rows.other_events + rows.failed_evaluations,
        "otherFlags": tally.others,
        "duplicates": tally.duplicates,
        "ignored": tally.ignored,
        "bad": bad.collect::<Vec<_>>(),
    })
}

fn outcomes(counts: &OutcomeCounts) -> Json {
    json!({
        "equal": counts.of(Outcome::Equal),
        "different": counts.of(Outcome::Different),
        "onlyCandidateFailed": counts.of(Outcome::OnlyCandidateFailed),
        "onlyControlFailed": counts.of(Outcome::OnlyControlFailed),
        "bothFailedAlike": counts.of(Outcome::BothFailedAlike),
        "bothFailedDifferently": counts.of(Outcome::BothFailedDifferently),
    })
}

fn latency(latency: &LatencyComparison) -> Json {
    let quantiles = |quantiles: Quantiles| json!({"p50": quantiles.p50, "p95": quantiles.p95, "p99": quantiles.p99});
    let order = latency.order.map(|order| {
        let Interval { lower, upper } = order.interval;
        json!({
            "controlFirst": order.control_first, "candidateFirst": order.candidate_first,
            "ratio": order.ratio, "lower": lower, "upper": upper, "isClear": order.is_clear(),
        })
    });
    let Interval { lower, upper } = latency.interval;
    json!({
        "pairs": latency.pairs, "withoutDuration": latency.without_duration,
        "ratio": latency.ratio, "lower": lower, "upper": upper,
        "controlMs": quantiles(latency.control), "candidateMs": quantiles(latency.candidate), "order": order,
    })
}

fn entries(breakdown: &Breakdown) -> Vec<EntryJson> {
    let entry = |entry: BreakdownEntry| EntryJson {
        name: entry.text,
        pairs: entry.pairs,
        mismatches: entry.mismatches,
        example: entry.example,
    };
    breakdown.top(SHOWN).into_iter().map(entry).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
