//! What a change does to all contexts, for a terminal.

use super::{CauseJson, DiffJson, FlagChangeJson, counted};

/// A headline for each flag, what it is about below.
pub fn diff(diff: &DiffJson) -> String {
    let mut text = String::new();
    for flag in &diff.flags {
        for change in &flag.changes {
            text += &paragraph(&flag.flag, change, diff.population);
            text.push('\n');
        }
    }
    text += &summary(diff);
    text.push('\n');
    for refused in &diff.refused {
        text += &format!("refused: {refused}\n");
    }
    text
}

pub(super) fn paragraph(flag: &str, change: &FlagChangeJson, population: Option<u64>) -> String {
    let heading = format!("{flag}  {}  {}", change.environments.join(", "), headword(change));
    let mut text = match (change.regions.as_slice(), &change.problem) {
        (_, Some(problem)) => format!("{heading}  {problem}\n"),
        ([], None) => format!("{heading}  {}\n", proven(change)),
        ([only], None) => format!("{heading}  {}\n", only.text),
        _ => format!("{heading}\n"),
    };
    for region in &change.regions {
        let indent = if change.regions.len() == 1 { "  " } else { "    " };
        if change.regions.len() > 1 {
            text += &format!("  {}\n", region.text);
        }
        text += &format!("{indent}{} → {}\n", region.before.join(" or "), region.after.join(" or "));
        if let (Some(known), Some(population)) = (region.known, population) {
            text += &format!("{indent}{} of {}\n", super::grouped(known), contexts(population));
        }
        if let Some(example) = &region.example {
            text += &format!("{indent}try {}\n", example.command);
            for (side, decision) in [("before", &example.before), ("after", &example.after)] {
                let decision = decision.as_deref().unwrap_or("no flag");
                text += &format!("{indent}  {side}: {decision}\n");
            }
        }
    }
    for cause in &change.causes {
        text += &format!("  {}: {}\n", line(cause), cause.text);
    }
    text
}

/// `expand, shrink`; before it what happened, where that is more than a change.
pub(super) fn headword(change: &FlagChangeJson) -> String {
    let event = match change.change {
        "changed" | "affected" => None,
        event => Some(event),
    };
    let classes = match change.answer {
        "known" => change.classes.join(", "),
        other => other.to_owned(),
    };
    event.map_or(classes.clone(), |event| format!("{event}: {classes}"))
}

/// What is said where nobody gets anything else.
pub(super) fn proven(change: &FlagChangeJson) -> &'static str {
    match change.change {
        "added" | "removed" => "nobody gets anything but `off`: proven for all contexts",
        _ => "no behaviour change: proven for all contexts",
    }
}

/// `flags/new-checkout.yaml:12`
pub(super) fn line(cause: &CauseJson) -> String {
    let gone = if cause.side == "before" { " (before)" } else { "" };
    match cause.line {
        Some(line) => format!("{}:{line}{gone}", cause.path),
        None => format!("{}{gone}", cause.path),
    }
}

pub(super) fn contexts(number: u64) -> String {
    format!("{} known context{}", super::grouped(number), if number == 1 { "" } else { "s" })
}

/// Everything in one line.
pub(super) fn summary(diff: &DiffJson) -> String {
    let ends = format!("{} → {}", diff.before.name, diff.after.name);
    let unaffected = match diff.unaffected.len() {
        0 => String::new(),
        number => {
            let verbs = if number == 1 { "depends on them and decides" } else { "depend on them and decide" };
            format!("; {} more {verbs} as before: proven for all contexts", super::grouped(number as u64))
        }
    };
    match diff.flags.len() {
        0 if diff.unaffected.is_empty() => format!("{ends}: no flag changes"),
        0 => format!(
            "{ends}: no flag changes; {} looked at: proven for all contexts",
            counted(diff.unaffected.len(), "flag")
        ),
        1 => format!("{ends}: 1 flag changes{}", unaffected.replace("them", "it")),
        number => format!("{ends}: {} change{unaffected}", counted(number, "flag")),
    }
}
