//! The result of `flagctl experiment analyze` as a comment on a pull request.

use crate::report::Printable;
use crate::report::escape::markdown_code;
use crate::report::experiment::human::ratio_text;
use crate::report::experiment::json::{AnalysisJson, MetricJson, PhaseJson};
use crate::report::experiment::number::{number, p_value, shown};

/// Returns an analysis.
pub fn markdown(analysis: &AnalysisJson) -> Printable {
    let mut text = format!("### Experiment {}: {}", markdown_code(&analysis.flag), analysis.verdict);
    if let Some(treatment) = &analysis.treatment {
        text += &format!(" {}", markdown_code(treatment));
    }
    text += "\n\n";
    for reason in &analysis.reasons {
        text += &format!("- {}\n", markdown_code(reason));
    }
    for (index, phase) in analysis.phases.iter().enumerate() {
        add_phase(&mut text, phase, index + 1 == analysis.phases.len());
    }
    Printable::markdown(&text)
}

fn add_phase(text: &mut String, phase: &PhaseJson, is_last: bool) {
    let decides = if is_last { "" } else { ", which another phase follows" };
    *text += &format!("\n#### Phase {}{decides}\n\n", markdown_code(&phase.name));
    *text += &format!("Units: {}.\n", markdown_code(&ratio_text(&phase.sample_ratio)));
    for problem in &phase.problems {
        *text += &format!("\n{}\n", markdown_code(problem));
    }
    add_metrics(text, &phase.metrics);
    for subgroup in &phase.subgroups {
        *text += &format!("\n{} = {}\n", markdown_code(&subgroup.dimension), markdown_code(&subgroup.value));
        add_metrics(text, &subgroup.metrics);
    }
}

fn add_metrics(text: &mut String, metrics: &[MetricJson]) {
    if metrics.is_empty() {
        return;
    }
    *text += "\n| metric | role | arm | units | value | effect | always valid | p | adjusted |\n";
    *text += "|---|---|---|--:|--:|--:|---|--:|--:|\n";
    for metric in metrics {
        for arm in &metric.arms {
            let value = arm.value.map_or_else(|| "—".to_owned(), number);
            *text += &format!(
                "| {} | {} | {} | {} | {value} |",
                markdown_code(&metric.name),
                metric.role,
                markdown_code(&arm.variant),
                arm.n
            );
            let effect = metric.effects.iter().find(|effect| effect.treatment == arm.variant);
            let cells =
                effect.and_then(|effect| Some((shown(effect)?, effect.adjusted.as_ref()?, effect.absolute.as_ref()?)));
            match (cells, effect.and_then(|effect| effect.problem)) {
                (Some((shown, adjusted, absolute)), _) => {
                    *text += &format!(
                        " {} | {} | {} | {} |\n",
                        (shown.write)(shown.scale.value),
                        shown.interval(shown.scale.always_valid.interval),
                        p_value(absolute.always_valid.p_value),
                        p_value(adjusted.always_valid)
                    );
                }
                (None, Some(problem)) => *text += &format!(" {problem} | — | — | — |\n"),
                (None, None) => *text += " — | — | — | — |\n",
            }
        }
    }
}
