//! A diff for a terminal.

use crate::bundle::quoted;
use crate::report::diff::bars::bars;
use crate::report::diff::counts::counts;
use crate::report::diff::headline::{headline, region_line};
use crate::report::diff::json::{AnswerJson, CauseJson, DiffJson, FlagChangeJson, SideJson, UnusableJson, VariantRole};
use crate::report::policy;
use crate::report::style::Role;
use crate::report::text::grouped;
use crate::report::{Label, Lines, StyledText};

/// Returns a paragraph for each change, and a summary.
pub fn diff(diff: &DiffJson) -> Lines {
    let mut lines = Lines::default();
    for flag in &diff.flags {
        for flag_change in flag.shown_changes() {
            change(&flag.flag, flag_change, diff.population, &mut lines);
            lines.add("");
        }
    }
    lines.add(summary(diff));
    for refused in &diff.refused {
        lines.add(StyledText::new(Role::Error, "refused:").plain(format!(" {refused}")));
    }
    if let Some(verdict) = &diff.policy {
        lines.append(&policy::lines(verdict));
    }
    notes(diff).iter().for_each(|note| lines.message(Label::Note, note));
    lines
}

/// Adds one change of a flag: a headline, and below it the groups of contexts with examples, and the causes.
pub(crate) fn change(flag: &str, change: &FlagChangeJson, population: Option<u64>, lines: &mut Lines) {
    let off: Vec<&str> = off_variants(change).collect();
    lines.add(styled_label(change).plain(": ").then(&headline(flag, change).styled(&off)));
    for region in &change.regions {
        let indent = if change.regions.len() == 1 { "  " } else { "    " };
        if change.regions.len() > 1 {
            lines.add(StyledText::from("  ").then(&region_line(region, &change.regions).styled(&off)));
        }
        for bar in bars(region, change.change) {
            lines.add(StyledText::from(indent).then(&bar.line()));
        }
        lines.add(format!("{indent}{} → {}", region.before.join(" or "), region.after.join(" or ")));
        if let (Some(known), Some(population)) = (region.known, population) {
            lines.add(format!("{indent}{} of {}", grouped(known), contexts(population)));
        }
        if let Some(example) = &region.example {
            lines.add(StyledText::new(Role::Minor, format!("{indent}try {}", example.command())));
            for (side, decision) in example.decisions() {
                lines.add(StyledText::new(Role::Minor, format!("{indent}  {side}: {decision}")));
            }
        }
    }
    for cause in &change.causes {
        let location = location(cause).map_or(String::new(), |location| format!("{location}: "));
        lines.add(StyledText::new(Role::Minor, format!("  {location}")).plain(&cause.summary));
    }
}

/// Returns the names of the variants `off` in the regions of a change.
fn off_variants(change: &FlagChangeJson) -> impl Iterator<Item = &str> {
    let shares = change.regions.iter().flat_map(|region| &region.shares);
    shares.filter(|share| share.role == VariantRole::Off).map(|share| share.variant.as_str())
}

/// Returns the label of a change with the roles of its classes.
fn styled_label(change: &FlagChangeJson) -> StyledText {
    match change.answer {
        AnswerJson::Known => {
            let classes = change.classes.iter().zip(&change.class_roles);
            StyledText::joined(classes.map(|(class, role)| StyledText::new(*role, class)), ", ")
        }
        AnswerJson::Unknown => StyledText::new(Role::Caution, label(change)),
        AnswerJson::Invalid => StyledText::new(Role::Bad, label(change)),
    }
}

/// Returns the classes of a change, such as `expand, shrink`, or what is known instead of them.
pub(crate) fn label(change: &FlagChangeJson) -> String {
    match change.answer {
        AnswerJson::Known => change.classes.join(", "),
        AnswerJson::Unknown => "unknown".to_owned(),
        AnswerJson::Invalid => "invalid".to_owned(),
    }
}

/// Returns the location of a cause: `flags/new-checkout.yaml:12`, or `None` for a bundle, which has no files.
pub(crate) fn location(cause: &CauseJson) -> Option<String> {
    cause.path.as_deref().map(|path| located(cause, path))
}

/// Returns the location of a cause, with the path from git's root, as forges need it.
pub(crate) fn location_from_git_root(cause: &CauseJson) -> Option<String> {
    cause.path_from_git_root.as_deref().map(|path| located(cause, path))
}

fn located(cause: &CauseJson, path: &str) -> String {
    let side = match cause.side {
        SideJson::Before => " (before)",
        SideJson::After => "",
    };
    match cause.line {
        Some(line) => format!("{path}:{line}{side}"),
        None => format!("{path}{side}"),
    }
}

/// Returns a number of contexts of `--population`: `12 known contexts`.
pub(crate) fn contexts(number: u64) -> String {
    format!("{} known context{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Returns notes about contexts of `--population` with values that cannot be used.
pub(crate) fn notes(diff: &DiffJson) -> Vec<String> {
    let unusable = diff.unusable.iter().map(|unusable| {
        let UnusableJson { attribute, contexts: number, expected, found, line } = unusable;
        let of = contexts(diff.population.unwrap_or_default());
        format!(
            "`{attribute}` cannot be used in {} of {of}: expected {expected}, \
             found {found} (line {line})",
            grouped(*number)
        )
    });
    let mut notes: Vec<String> = unusable.collect();
    notes.extend(diff.policy_problem.iter().map(|problem| format!("the policy cannot be judged: {problem}")));
    if !diff.undeclared.is_empty() {
        let names = diff.undeclared.iter().map(quoted).collect::<Vec<_>>().join(", ");
        notes.push(format!("attributes that flagctl.yaml does not declare are ignored: {names}"));
    }
    notes
}

/// Returns a summary of the diff in one line.
fn summary(diff: &DiffJson) -> String {
    format!("{}: {}", names(diff), counts(diff))
}

/// Returns the names of the two versions.
pub(crate) fn names(diff: &DiffJson) -> String {
    format!("{} → {}", diff.before.name, diff.after.name)
}
