//! The chart of the evidence as text: bars of block characters, with a dashed line at the threshold.

use crate::report::guard::chart::{EvidenceChart, label};
use crate::report::{Lines, Role, StyledText};

/// The number of lines of the bars.
const HEIGHT: u16 = 6;
/// The width of the bars that fits a terminal of 80 columns.
const WIDTH: u16 = 60;
/// The parts of a line that a bar fills, in eighths.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Returns the chart. A bar is the evidence of harm; evidence against harm has no bar.
pub(super) fn lines(chart: &EvidenceChart) -> Lines {
    let mut lines = Lines::default();
    lines.add(StyledText::new(Role::Name, &chart.title).plain(": evidence of harm, ln E"));
    let Some((start, end)) = chart.range() else {
        lines.add("  no data");
        return lines;
    };
    // The line of the threshold is the top, unless the evidence is above it.
    let step = chart.top() / f64::from(HEIGHT);
    let width = WIDTH.min(u16::try_from(chart.points().len().saturating_mul(4)).unwrap_or(WIDTH)).max(20);
    let columns = filled(&chart.columns(width), width);
    let threshold_row = row_of(chart.threshold(), step);
    let names = [label(chart.top()), label(chart.threshold()), label(0.0)];
    let margin = names.iter().map(String::len).max().unwrap_or_default();
    for row in (0..HEIGHT).rev() {
        let name = match row {
            _ if row == threshold_row => label(chart.threshold()),
            _ if row == HEIGHT - 1 => label(chart.top()),
            0 => label(0.0),
            _ => String::new(),
        };
        let mut line = StyledText::from(format!("  {name:>margin$} {}", if name.is_empty() { '│' } else { '┤' }));
        for log_e in &columns {
            line = cell(line, *log_e, row, step, chart.threshold(), threshold_row);
        }
        if row == threshold_row {
            line = line.plain(" trip");
        }
        lines.add(line);
    }
    lines.add(format!("  {:>margin$} └{}", "", "─".repeat(width.into())));
    let (start, end) = (start.strftime("%F %R").to_string(), end.strftime("%F %R UTC").to_string());
    let gap = usize::from(width).saturating_sub(start.len() + end.len()).max(1);
    lines.add(format!("  {:>margin$}  {start}{}{end}", "", " ".repeat(gap)));
    if let Some(trip) = chart.trip() {
        let text = format!("trips at {}", trip.strftime("%F %T UTC"));
        lines.add(StyledText::from(format!("  {:>margin$}  ", "")).with(Role::Bad, text));
    }
    lines
}

/// Returns the row of a value, counted from the bottom.
fn row_of(log_e: f64, step: f64) -> u16 {
    (0..HEIGHT).rev().find(|row| f64::from(*row) * step < log_e).unwrap_or(0)
}

/// Returns the evidence of each column. A column without a point has the evidence of the column before it.
fn filled(points: &[(u16, f64)], width: u16) -> Vec<f64> {
    let mut filled = Vec::with_capacity(width.into());
    let mut points = points.iter().peekable();
    let mut last = 0.0;
    for column in 0..width {
        if let Some((_, log_e)) = points.next_if(|(own, _)| *own == column) {
            last = *log_e;
        }
        filled.push(last);
    }
    filled
}

/// Adds the part of one bar in one row.
fn cell(line: StyledText, log_e: f64, row: u16, step: f64, threshold: f64, threshold_row: u16) -> StyledText {
    let above = log_e / step - f64::from(row);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 8")]
    let eighths = (above.clamp(0.0, 1.0) * 8.0).round() as usize;
    let block = BLOCKS.get(eighths).copied().unwrap_or(' ').to_string();
    match eighths {
        0 if row == threshold_row => line.with(Role::Minor, "╌"),
        0 => line.plain(" "),
        _ if log_e >= threshold => line.with(Role::Bad, block),
        _ => line.plain(block),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::report::guard::chart::EvidenceChart;
    use crate::report::guard::chart_text::lines;

    fn chart(values: &[f64]) -> String {
        let time = |index: usize| Timestamp::from_second(1_700_000_000 + 60 * i64::try_from(index).unwrap()).unwrap();
        let points: Vec<(Timestamp, f64)> =
            values.iter().enumerate().map(|(index, log_e)| (time(index), *log_e)).collect();
        lines(&EvidenceChart::new("errors", &points, 4.6)).to_string()
    }

    #[test]
    fn a_trip_is_above_the_line() {
        let text = chart(&[-1.0, -0.5, 0.2, 1.1, 2.3, 2.0, 3.1, 4.0, 4.7]);
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.contains("  4.60 ┤╌╌╌╌╌") && text.contains("  0.00 ┤"), "{text}");
        assert!(text.contains(" trip\n") && text.contains("trips at 2023-11-14 22:21:20 UTC"), "{text}");
    }

    #[test]
    fn evidence_of_any_size_fits() {
        for values in [&[][..], &[1e15], &[-1e15, 1e15], &[0.0, 0.0], &[-3.0]] {
            let text = chart(values);
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
        assert_eq!(chart(&[]), "errors: evidence of harm, ln E\n  no data\n");
        assert!(!chart(&[-3.0]).contains('█'));
    }
}
