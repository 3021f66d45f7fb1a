//! A chart of the evidence of harm over time, with the threshold at which a guard trips.
//!
//! Evidence is shown as its logarithm, on which equal steps are equal factors. Evidence against harm is below zero and has
//! no bound, so a chart shows it down to the negative of the threshold only.

use jiff::Timestamp;

use crate::report::guard::json::{EvidenceJson, GuardrailJson};

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EvidenceChart {
    /// What the evidence is about. It is escaped in every format.
    pub(super) title: String,
    /// The natural logarithm of the e-value at each time.
    points: Vec<(Timestamp, f64)>,
    /// The natural logarithm of the e-value at which the guard trips.
    threshold: f64,
}

impl EvidenceChart {
    /// Creates a chart. The points may have any order. Points that are not finite are left out.
    pub(super) fn new(title: impl Into<String>, points: &[(Timestamp, f64)], threshold: f64) -> Self {
        let mut points: Vec<(Timestamp, f64)> = points.iter().copied().filter(|(_, log_e)| log_e.is_finite()).collect();
        points.sort_by_key(|(time, _)| *time);
        let threshold = if threshold.is_finite() { threshold.max(0.1) } else { 1.0 };
        Self { title: title.into(), points, threshold }
    }

    /// Returns the points in the order of time.
    pub(super) fn points(&self) -> &[(Timestamp, f64)] {
        &self.points
    }

    /// Returns the threshold.
    pub(super) fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Returns the first time at which the evidence reaches the threshold.
    pub(super) fn trip(&self) -> Option<Timestamp> {
        self.points.iter().find(|(_, log_e)| *log_e >= self.threshold).map(|(time, _)| *time)
    }

    /// Returns the first and the last time.
    pub(super) fn range(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.points.first()?.0, self.points.last()?.0))
    }

    /// Returns the largest value of the chart: the threshold, or the largest evidence.
    pub(super) fn top(&self) -> f64 {
        self.points.iter().fold(self.threshold, |top, (_, log_e)| top.max(*log_e))
    }

    /// Reduces the points to columns: the column of each time, and the largest evidence in it. The largest keeps a trip
    /// visible, however many points share a column.
    pub(super) fn columns(&self, columns: u16) -> Vec<(u16, f64)> {
        let Some((start, end)) = self.range() else { return Vec::new() };
        let last = f64::from(columns.max(1) - 1);
        let all = end.duration_since(start).as_secs_f64();
        let mut reduced: Vec<(u16, f64)> = Vec::new();
        for (time, log_e) in &self.points {
            let part = if all > 0.0 { time.duration_since(start).as_secs_f64() / all } else { 0.0 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to `columns`")]
            let column = (part * last).round() as u16;
            match reduced.last_mut() {
                Some((same, largest)) if *same == column => *largest = largest.max(*log_e),
                Some(_) | None => reduced.push((column, *log_e)),
            }
        }
        reduced
    }
}

/// Returns a chart of each guardrail whose evidence is known at several times.
pub(super) fn charts(evidence: &EvidenceJson) -> Vec<EvidenceChart> {
    let measured = evidence.guardrails.iter().filter(|guardrail| guardrail.log_e.is_some()).count();
    // One of several guardrails trips alone if its e-value is as many times the threshold.
    let guardrails = f64::from(u32::try_from(measured.max(1)).unwrap_or(u32::MAX));
    let threshold = evidence.threshold + guardrails.ln();
    let shown = evidence.guardrails.iter().filter(|guardrail| guardrail.looks.len() > 1);
    let chart = |guardrail: &GuardrailJson| {
        let points: Vec<(Timestamp, f64)> =
            guardrail.looks.iter().filter_map(|look| Some((look.end.parse().ok()?, look.log_e))).collect();
        EvidenceChart::new(&guardrail.name, &points, threshold)
    };
    shown.map(chart).collect()
}

/// Returns a logarithm of an e-value as a label of at most eight characters.
pub(super) fn label(log_e: f64) -> String {
    if log_e.abs() < 10_000.0 { format!("{log_e:.2}") } else { format!("{log_e:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_stays_visible_among_many_points() {
        let time = |second: i64| Timestamp::from_second(second).unwrap();
        let mut points: Vec<(Timestamp, f64)> = (0..10_000).map(|second| (time(second), -1.0)).collect();
        points[4_321].1 = 9.0;
        points.push((time(3), f64::NAN));
        points.reverse();
        let chart = EvidenceChart::new("errors", &points, 4.6);
        assert_eq!(chart.trip(), Some(time(4_321)));
        let columns = chart.columns(50);
        assert_eq!(columns.len(), 50);
        assert_eq!(columns.iter().filter(|(_, log_e)| *log_e > 4.6).count(), 1);
        assert!(EvidenceChart::new("none", &[], 4.6).columns(50).is_empty());
    }
}
