//! Charts of the evidence as SVG: a document of its own, without scripts and without references to other files.
//!
//! It has a light and a dark design, of which the reader's settings choose one, so that it can also be an image in Markdown.
//! Its title and description say what it shows to people who do not see it.

use std::fmt::Write as _;

use crate::report::Printable;
use crate::report::escape::html;
use crate::report::guard::chart::{EvidenceChart, charts, label};
use crate::report::guard::json::GuardCheckJson;

/// The size of a chart.
const SIZE: (u16, u16) = (720, 260);
/// The left, top, right and bottom edges of the plot.
const PLOT: (u16, u16, u16, u16) = (72, 40, 700, 220);

const STYLE: &str = "\
.ground{fill:#fff}text{fill:#1f2328;font:13px system-ui,sans-serif}.title{font-weight:600}.axis{stroke:#8c959f}\
.evidence{fill:none;stroke:#0969da;stroke-width:2}.threshold{stroke:#cf222e;stroke-dasharray:6 4}.limit{fill:#cf222e}\
.trip{fill:#cf222e}@media(prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}.axis{stroke:#6e7681}\
.evidence{stroke:#58a6ff}.threshold{stroke:#ff7b72}.limit,.trip{fill:#ff7b72}}";

/// Returns the charts of a check, or `None` if the evidence of no guardrail is known at several times.
pub fn check(check: &GuardCheckJson) -> Option<Printable> {
    let charts = check.evidence.as_ref().map_or_else(Vec::new, charts);
    if charts.is_empty() { None } else { Some(document(&charts)) }
}

/// Returns a document with one chart below the other.
fn document(charts: &[EvidenceChart]) -> Printable {
    let (width, height) = SIZE;
    let total = charts.len() * usize::from(height);
    let mut document = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {total}\" width=\"{width}\" height=\"{total}\">\n\
         <style>{STYLE}</style>\n"
    );
    for (index, chart) in charts.iter().enumerate() {
        document += &element(chart, index);
    }
    Printable::xml(document + "</svg>\n")
}

/// Returns the chart at an index, counted from the top.
fn element(chart: &EvidenceChart, index: usize) -> String {
    let (width, height) = SIZE;
    let (id, y) = (format!("chart-{index}"), index * usize::from(height));
    let (left, top, right, bottom) = PLOT;
    let scale = Scale::new(chart);
    let title = html(&chart.title);
    let mut svg = format!(
        "<svg y=\"{y}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"{id}-title {id}-description\">\n\
         <title id=\"{id}-title\">{title}: evidence of harm</title>\n\
         <desc id=\"{id}-description\">{}</desc>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"{left}\" y=\"24\">{title}: evidence of harm (ln E)</text>\n",
        html(&description(chart))
    );
    let mut line = |class: &str, x1: u16, y1: f64, x2: u16, y2: f64| {
        // Writing to a string cannot fail.
        let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1:.1}\" x2=\"{x2}\" y2=\"{y2:.1}\"/>");
    };
    line("axis", left, f64::from(top), left, f64::from(bottom));
    line("axis", left, scale.y(0.0), right, scale.y(0.0));
    line("threshold", left, scale.y(chart.threshold()), right, scale.y(chart.threshold()));
    let mut text = |class: &str, x: u16, y: f64, anchor: &str, text: &str| {
        let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
    };
    text("", left - 8, scale.y(0.0) + 4.0, "end", "0");
    text("limit", left - 8, scale.y(chart.threshold()) + 4.0, "end", &label(chart.threshold()));
    text("limit", right, scale.y(chart.threshold()) - 6.0, "end", "trip");
    if let Some((start, end)) = chart.range() {
        let y = f64::from(bottom) + 24.0;
        text("", left, y, "start", &start.strftime("%F %R").to_string());
        text("", right, y, "end", &end.strftime("%F %R UTC").to_string());
    }
    let columns = chart.columns(right - left + 1);
    let points: Vec<String> =
        columns.iter().map(|(column, log_e)| format!("{},{:.1}", left + column, scale.y(*log_e))).collect();
    if points.len() > 1 {
        let _ = writeln!(svg, "<polyline class=\"evidence\" points=\"{}\"/>", points.join(" "));
    }
    let mark = columns.iter().find(|(_, log_e)| *log_e >= chart.threshold());
    if let Some((column, log_e)) = mark.or(if points.len() == 1 { columns.first() } else { None }) {
        let class = if mark.is_some() { "trip" } else { "axis" };
        let _ =
            writeln!(svg, "<circle class=\"{class}\" cx=\"{}\" cy=\"{:.1}\" r=\"4\"/>", left + column, scale.y(*log_e));
    }
    svg + "</svg>\n"
}

/// The vertical scale.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn new(chart: &EvidenceChart) -> Self {
        let least = chart.points().iter().fold(0.0, |least: f64, (_, log_e)| least.min(*log_e));
        Self { least: least.max(-chart.threshold()), most: chart.top() * 1.08 }
    }

    /// Returns the coordinate of a value.
    fn y(&self, log_e: f64) -> f64 {
        let (_, top, _, bottom) = PLOT;
        let part = (log_e.clamp(self.least, self.most) - self.least) / (self.most - self.least);
        f64::from(bottom) - part * f64::from(bottom - top)
    }
}

/// Describes the chart in words.
fn description(chart: &EvidenceChart) -> String {
    let (Some((start, end)), Some((_, last))) = (chart.range(), chart.points().last()) else {
        return "There is no data.".to_owned();
    };
    let trip = match chart.trip() {
        Some(trip) => format!("It reaches the threshold at {}.", trip.strftime("%F %T UTC")),
        None => "It does not reach the threshold.".to_owned(),
    };
    format!(
        "A line from {} to {}. The evidence at the end is {}, and the threshold of a trip is {}. {trip}",
        start.strftime("%F %T UTC"),
        end.strftime("%F %T UTC"),
        label(*last),
        label(chart.threshold())
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::report::guard::chart::EvidenceChart;
    use crate::report::guard::chart_svg::document;

    fn chart(title: &str, values: &[f64]) -> String {
        let time = |index: usize| Timestamp::from_second(1_700_000_000 + 60 * i64::try_from(index).unwrap()).unwrap();
        let points: Vec<(Timestamp, f64)> =
            values.iter().enumerate().map(|(index, log_e)| (time(index), *log_e)).collect();
        document(&[EvidenceChart::new(title, &points, 4.6)]).as_str().to_owned()
    }

    #[test]
    fn it_is_xml_with_a_title_and_a_description() {
        for values in [&[][..], &[1.0], &[-1e15, 1e15], &[0.0, 2.0, 5.0]] {
            let text = chart("<script>&\"errors\"", values);
            let document = roxmltree::Document::parse(&text).unwrap();
            let names: Vec<&str> = document.descendants().map(|node| node.tag_name().name()).collect();
            assert!(names.contains(&"title") && names.contains(&"desc") && !names.contains(&"script"), "{text}");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }

    #[test]
    fn its_description_says_when_it_trips() {
        let text = chart("errors", &[0.0, 2.0, 5.0]);
        assert!(text.contains("It reaches the threshold at 2023-11-14 22:15:20 UTC."), "{text}");
        assert!(text.contains("class=\"trip\""), "{text}");
        assert!(chart("errors", &[0.0, 2.0]).contains("It does not reach the threshold."));
    }

    #[test]
    fn it_refers_to_nothing_outside() {
        let text = chart("errors", &[0.0, 2.0, 5.0]);
        assert_eq!(text.matches("http").count(), 1, "the name space of SVG is the only address");
        assert!(!text.contains("url(") && !text.contains("href") && !text.contains("@import"));
    }
}
