//! The result of `flagctl experiment analyze` as text for people.

use crate::git::short_id;
use crate::report::experiment::json::{AnalysisJson, EffectJson, MetricJson, PhaseJson, SampleRatioJson};
use crate::report::experiment::number::{number, p_value, shown};
use crate::report::{Lines, Role, StyledText, Table};

/// Returns an analysis.
pub fn lines(analysis: &AnalysisJson) -> Lines {
    let mut lines = Lines::default();
    let role = match analysis.verdict {
        "ship" => Role::Good,
        "stop" | "broken" => Role::Bad,
        _ => Role::Caution,
    };
    let verdict = analysis
        .treatment
        .as_ref()
        .map_or_else(|| analysis.verdict.to_owned(), |treatment| format!("{} {treatment}", analysis.verdict));
    lines.add(StyledText::default().plain(format!("{}: ", analysis.flag)).with(role, verdict));
    for reason in &analysis.reasons {
        lines.add(format!("  {reason}"));
    }
    let commit = analysis.commit.as_deref().map_or_else(String::new, |commit| format!(", commit {}", short_id(commit)));
    lines.add(format!(
        "  {} against {}, alpha {}{commit}",
        analysis.treatments.join(", "),
        analysis.control,
        analysis.alpha
    ));
    for (index, phase) in analysis.phases.iter().enumerate() {
        add_phase(&mut lines, phase, index + 1 == analysis.phases.len());
    }
    lines
}

fn add_phase(lines: &mut Lines, phase: &PhaseJson, is_last: bool) {
    lines.add("");
    let decides = if is_last { "" } else { ", which another phase follows" };
    lines.add(StyledText::new(Role::Name, format!("phase {}{decides}", phase.name)));
    for arm in &phase.arms {
        let planned = arm.planned.map_or_else(String::new, |planned| format!(", planned {:.3}%", planned * 100.0));
        lines.add(format!(
            "  {}: {} units{planned}, {} in several arms, {} whose window is not over",
            arm.variant, arm.units, arm.multiple, arm.immature
        ));
    }
    let ratio = StyledText::default().plain("  units: ");
    lines.add(ratio.with(ratio_role(&phase.sample_ratio), ratio_text(&phase.sample_ratio)));
    for problem in &phase.problems {
        lines.add(StyledText::default().plain("  ").with(Role::Bad, problem));
    }
    if phase.metrics.is_empty() && !phase.problems.is_empty() {
        lines.add("  no effects are shown; `--despite-srm` shows them, and the verdict stays broken");
    }
    add_metrics(lines, &phase.metrics);
    for subgroup in &phase.subgroups {
        lines.add(format!("  {} = {}", subgroup.dimension, subgroup.value));
        add_metrics(lines, &subgroup.metrics);
    }
}

fn ratio_role(ratio: &SampleRatioJson) -> Role {
    match ratio.state {
        "fits" => Role::Good,
        "mismatch" => Role::Bad,
        _ => Role::Caution,
    }
}

/// Returns the comparison of units in words.
pub(super) fn ratio_text(ratio: &SampleRatioJson) -> String {
    let number = |value: Option<f64>| value.unwrap_or_default();
    match (&ratio.reason, ratio.state) {
        (Some(reason), _) => format!("not compared with the planned split: {reason}"),
        (None, state) => format!(
            "{} the planned split (χ² = {:.4}, p = {} for one look; ln E = {:.4}, mismatch at {:.4})",
            if state == "fits" { "fit" } else { "do not fit" },
            number(ratio.chi_squared),
            p_value(number(ratio.p_value)),
            number(ratio.log_e),
            number(ratio.threshold)
        ),
    }
}

fn add_metrics(lines: &mut Lines, metrics: &[MetricJson]) {
    if metrics.is_empty() {
        return;
    }
    let mut table = Table::new(None);
    table.header([
        "METRIC",
        "ROLE",
        "ARM",
        "UNITS",
        "VALUE",
        "EFFECT",
        "ALWAYS VALID",
        "P",
        "ADJUSTED",
        "AT THE END ONLY",
        "P",
    ]);
    for metric in metrics {
        for arm in &metric.arms {
            let effect = metric.effects.iter().find(|effect| effect.treatment == arm.variant);
            let value = arm.value.map_or_else(|| "-".to_owned(), number);
            let mut row: Vec<StyledText> = [&metric.name, metric.role, &arm.variant, &arm.n.to_string(), &value]
                .into_iter()
                .map(StyledText::from)
                .collect();
            row.extend(effect_cells(metric, effect));
            table.row(row);
        }
    }
    lines.table(&table);
}

fn effect_cells(metric: &MetricJson, effect: Option<&EffectJson>) -> [StyledText; 6] {
    let minor = || StyledText::new(Role::Minor, "-");
    let Some(effect) = effect else { return std::array::from_fn(|_| minor()) };
    let (Some(shown), Some(adjusted), Some(absolute)) = (shown(effect), &effect.adjusted, &effect.absolute) else {
        let problem = StyledText::new(Role::Caution, effect.problem.unwrap_or("-"));
        return [problem, minor(), minor(), minor(), minor(), minor()];
    };
    let [lower, upper] = absolute.always_valid.interval;
    let role = match metric.better {
        _ if lower <= 0.0 && upper >= 0.0 => None,
        "increase" => Some(if lower > 0.0 { Role::Good } else { Role::Bad }),
        _ => Some(if lower > 0.0 { Role::Bad } else { Role::Good }),
    };
    let (fixed_interval, fixed_p) = match &effect.small_counts {
        Some(small) => {
            let [lower, upper] = small.interval;
            (format!("{} to {} absolute, exact", number(lower), number(upper)), small.p_value)
        }
        None => (shown.interval(shown.scale.fixed.interval), absolute.fixed.p_value),
    };
    [
        StyledText::default().with(role, (shown.write)(shown.scale.value)),
        StyledText::default().with(role, shown.interval(shown.scale.always_valid.interval)),
        StyledText::from(p_value(absolute.always_valid.p_value)),
        StyledText::from(p_value(adjusted.always_valid)),
        StyledText::from(fixed_interval),
        StyledText::from(p_value(fixed_p)),
    ]
}
