//! What a change does to all contexts, for a terminal.

use crate::report::text::counted;
use crate::report::{CauseJson, DiffJson, FlagChangeJson};

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

pub(crate) fn paragraph(flag: &str, change: &FlagChangeJson, population: Option<u64>) -> String {
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
            text += &format!("{indent}{} of {}\n", crate::report::text::grouped(known), contexts(population));
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
        let place = line(cause).map_or(String::new(), |line| format!("{line}: "));
        text += &format!("  {place}{}\n", cause.text);
    }
    text
}

/// `expand, shrink`; before it what happened, where that is more than a change.
pub(crate) fn headword(change: &FlagChangeJson) -> String {
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
pub(crate) fn proven(change: &FlagChangeJson) -> &'static str {
    match change.change {
        "added" | "removed" => "nobody gets anything but `off`: proven for all contexts",
        _ => "no behaviour change: proven for all contexts",
    }
}

/// `flags/new-checkout.yaml:12`
pub(crate) fn line(cause: &CauseJson) -> Option<String> {
    let gone = if cause.side == "before" { " (before)" } else { "" };
    let path = cause.path.as_ref()?;
    Some(match cause.line {
        Some(line) => format!("{path}:{line}{gone}"),
        None => format!("{path}{gone}"),
    })
}

pub(crate) fn contexts(number: u64) -> String {
    format!("{} known context{}", crate::report::text::grouped(number), if number == 1 { "" } else { "s" })
}

/// Everything in one line.
pub(crate) fn summary(diff: &DiffJson) -> String {
    let ends = format!("{} → {}", diff.before.name, diff.after.name);
    let (mut moving, mut open, mut written) = (0, 0, 0);
    for flag in &diff.flags {
        let any = |holds: fn(&FlagChangeJson) -> bool| flag.changes.iter().any(holds);
        match (any(|change| change.answer != "known"), any(|change| !change.regions.is_empty())) {
            (true, _) => open += 1,
            (false, true) => moving += 1,
            (false, false) => written += 1,
        }
    }
    let counts = [
        (moving, "changes what people get", "change what people get"),
        (open, "cannot be told", "cannot be told"),
        (written, "changes nothing for anybody", "change nothing for anybody"),
        (
            diff.unaffected.len(),
            "more depends on them and decides as before",
            "more depend on them and decide as before",
        ),
    ];
    let mut noun = " flag";
    let said = counts.iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| {
        let (verb, plural) = if *number == 1 { (one, "") } else { (many, "s") };
        let noun = std::mem::take(&mut noun);
        let plural = if noun.is_empty() { "" } else { plural };
        format!("{}{noun}{plural} {verb}", crate::report::text::grouped(*number as u64))
    });
    let said = said.collect::<Vec<_>>();
    match (said.as_slice(), diff.flags.is_empty()) {
        ([], _) => format!("{ends}: no flag changes"),
        (_, true) => format!(
            "{ends}: no flag changes; {} looked at: proven for all contexts",
            counted(diff.unaffected.len(), "flag")
        ),
        (said, false) => format!("{ends}: {}", said.join(", ")),
    }
}
