//! The result of `flagctl experiment analyze` as one page without scripts, with the intervals as pictures.
//!
//! A picture shows the always-valid interval as a thin line and the interval for the planned end as a thick one, on a scale
//! that all metrics of a table share. It uses the colours of the page, so it is right in light and dark designs.

use crate::git::short_id;
use crate::report::Printable;
use crate::report::diff::html::document::document;
use crate::report::diff::html::markup::Html;
use crate::report::experiment::human::ratio_text;
use crate::report::experiment::json::{AnalysisJson, ArmValueJson, EffectJson, MetricJson, PhaseJson};
use crate::report::experiment::number::{Shown, number, p_value, shown};

/// The size of a picture.
const SIZE: (f64, f64) = (280.0, 24.0);

/// Returns an analysis.
pub fn page(analysis: &AnalysisJson) -> Printable {
    document(&format!("Experiment {}: {}", analysis.flag, analysis.verdict), |html| {
        html.element("header", &[], |html| header(html, analysis));
        html.element("main", &[], |html| {
            for (index, phase) in analysis.phases.iter().enumerate() {
                add_phase(html, phase, index + 1 == analysis.phases.len());
            }
        });
        html.element("footer", &[], |html| {
            for input in &analysis.inputs {
                html.element("p", &[], |html| {
                    html.code(&input.name).text(" SHA-256 ").code(&input.sha256);
                });
            }
        });
    })
}

fn header(html: &mut Html, analysis: &AnalysisJson) {
    html.element("h1", &[], |html| {
        html.text("Experiment ").code(&analysis.flag);
    });
    html.element("p", &[("class", "lead")], |html| {
        let class = match analysis.verdict {
            "ship" => "badge expand",
            "keep-running" => "badge reassign",
            _ => "badge shrink",
        };
        html.leaf("span", &[("class", class)], analysis.verdict);
        if let Some(treatment) = &analysis.treatment {
            html.text(" ").code(treatment);
        }
    });
    html.element("ul", &[], |html| {
        for reason in &analysis.reasons {
            html.leaf("li", &[], reason);
        }
    });
    html.element("p", &[], |html| {
        html.codes(analysis.treatments.iter().map(String::as_str), ", ").text(" against ").code(&analysis.control);
        html.text(&format!(", alpha {}", analysis.alpha));
        if let Some(commit) = &analysis.commit {
            html.text(", commit ").code(short_id(commit));
        }
    });
    html.leaf(
        "p",
        &[],
        "Thin line: the interval that is valid however often one looks. Thick line: valid at the planned end only. P-values \
         are always valid, and adjusted for the number of tests.",
    );
}

fn add_phase(html: &mut Html, phase: &PhaseJson, is_last: bool) {
    html.element("section", &[], |html| {
        html.element("h2", &[], |html| {
            html.text("Phase ").code(&phase.name).text(if is_last { "" } else { ", which another phase follows" });
        });
        html.leaf("p", &[], &format!("Units: {}.", ratio_text(&phase.sample_ratio)));
        if !phase.problems.is_empty() {
            html.element("div", &[("class", "problems")], |html| {
                for problem in &phase.problems {
                    html.leaf("p", &[], problem);
                }
            });
        }
        add_metrics(html, &phase.metrics);
        for subgroup in &phase.subgroups {
            html.element("h3", &[], |html| {
                html.code(&subgroup.dimension).text(" = ").code(&subgroup.value);
            });
            add_metrics(html, &subgroup.metrics);
        }
    });
}

fn add_metrics(html: &mut Html, metrics: &[MetricJson]) {
    if metrics.is_empty() {
        return;
    }
    let scale = metrics.iter().flat_map(|metric| &metric.effects).filter_map(|effect| effect.relative.as_ref());
    let limits = scale.flat_map(|scale| scale.always_valid.interval).map(f64::abs);
    // One metric with a very wide interval would make the others invisible.
    let scale = limits.fold(0.0, f64::max).clamp(1e-6, 1.0);
    html.element("table", &[], |html| {
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| {
                for title in
                    ["Metric", "Arm", "Units", "Value", "Effect", "Interval", "Always valid", "p", "Adjusted p"]
                {
                    html.leaf("th", &[("scope", "col")], title);
                }
            });
        });
        html.element("tbody", &[], |html| {
            for metric in metrics {
                for arm in &metric.arms {
                    html.element("tr", &[], |html| row(html, metric, arm, scale));
                }
            }
        });
    });
}

fn row(html: &mut Html, metric: &MetricJson, arm: &ArmValueJson, scale: f64) {
    html.element("td", &[], |html| {
        html.code(&metric.name).text(" ").text(metric.role);
    });
    html.element("td", &[], |html| {
        html.code(&arm.variant);
    });
    html.leaf("td", &[], &arm.n.to_string());
    html.leaf("td", &[], &arm.value.map_or_else(|| "—".to_owned(), number));
    let effect = metric.effects.iter().find(|effect| effect.treatment == arm.variant);
    let Some(effect) = effect else {
        (0..5).for_each(|_| empty_cell(html));
        return;
    };
    let (Some(shown), Some(adjusted), Some(absolute)) = (shown(effect), &effect.adjusted, &effect.absolute) else {
        html.leaf("td", &[], effect.problem.unwrap_or("—"));
        (0..4).for_each(|_| empty_cell(html));
        return;
    };
    html.leaf("td", &[], &(shown.write)(shown.scale.value));
    html.element("td", &[], |html| {
        if effect.relative.is_some() {
            picture(html, metric, effect, &shown, scale);
        }
    });
    html.leaf("td", &[], &shown.interval(shown.scale.always_valid.interval));
    html.leaf("td", &[], &p_value(absolute.always_valid.p_value));
    html.leaf("td", &[], &p_value(adjusted.always_valid));
}

fn empty_cell(html: &mut Html) {
    html.leaf("td", &[], "");
}

/// Draws the two intervals of an effect, from `-scale` at the left to `scale` at the right.
fn picture(html: &mut Html, metric: &MetricJson, effect: &EffectJson, shown: &Shown<'_>, scale: f64) {
    let (width, height) = SIZE;
    let x = |value: f64| format!("{:.1}", width / 2.0 * (1.0 + (value / scale).clamp(-1.0, 1.0)));
    let middle = format!("{:.1}", height / 2.0);
    let [lower, upper] = shown.scale.always_valid.interval;
    let class = match metric.better {
        _ if lower <= 0.0 && upper >= 0.0 => "",
        "increase" if lower > 0.0 => "better",
        "decrease" if upper < 0.0 => "better",
        _ => "worse",
    };
    // The class sets the colour of the text, which the lines have.
    let class = match class {
        "better" => "expand",
        "worse" => "shrink",
        _ => "undecided",
    };
    let label = format!(
        "{} of {}: {}, {} always valid",
        metric.name,
        effect.treatment,
        (shown.write)(shown.scale.value),
        shown.interval(shown.scale.always_valid.interval)
    );
    let (w, h) = (width.to_string(), height.to_string());
    let view = format!("0 0 {w} {h}");
    let attributes = [
        ("class", class),
        ("viewBox", view.as_str()),
        ("width", &w),
        ("height", &h),
        ("role", "img"),
        ("aria-label", &label),
    ];
    html.element("svg", &attributes, |html| {
        let zero = x(0.0);
        html.empty(
            "line",
            &[("x1", &zero), ("x2", &zero), ("y1", "0"), ("y2", &h), ("stroke", "currentColor"), ("opacity", "0.5")],
        );
        let mut line = |limits: [f64; 2], thickness: &str, opacity: &str| {
            let [from, to] = limits.map(x);
            let attributes = [
                ("x1", from.as_str()),
                ("x2", &to),
                ("y1", &middle),
                ("y2", &middle),
                ("stroke", "currentColor"),
                ("stroke-width", thickness),
                ("opacity", opacity),
            ];
            html.empty("line", &attributes);
        };
        line(shown.scale.always_valid.interval, "2", "1");
        line(shown.scale.fixed.interval, "8", "0.45");
        html.empty("circle", &[("cx", &x(shown.scale.value)), ("cy", &middle), ("r", "4"), ("fill", "currentColor")]);
    });
}
