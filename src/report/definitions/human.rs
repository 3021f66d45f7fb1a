//! Segments, attributes and environments for a terminal. One is shown with all details, and several are a table.

use crate::report::definitions::json::{AttributeJson, EnvironmentJson, SegmentJson, UsersJson};
use crate::report::text::{counted, counted_of};
use crate::report::{Lines, Table};
use crate::snapshot::PROJECT_FILE;

/// Returns a table of segments.
pub fn segments(segments: &[SegmentJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = segments.iter().map(|segment| {
        let owner = segment.owner.unwrap_or("-").to_owned();
        let summary = segment.summary.clone().unwrap_or_else(|| "-".to_owned());
        vec![segment.segment.to_owned(), owner, used_by(&segment.used_by), summary]
    });
    table(&["SEGMENT", "OWNER", "USED BY", "WHERE"], rows, (all, "segment"), width)
}

/// Returns a table of attributes.
pub fn attributes(attributes: &[AttributeJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = attributes.iter().map(|attribute| {
        let required = if attribute.required { "yes" } else { "-" };
        let values = attribute.values.as_ref().map_or_else(|| "-".to_owned(), |values| values.join(", "));
        let name = attribute.attribute.to_owned();
        vec![name, attribute.kind.to_owned(), required.to_owned(), used_by(&attribute.used_by), values]
    });
    table(&["ATTRIBUTE", "TYPE", "REQUIRED", "USED BY", "VALUES"], rows, (all, "attribute"), width)
}

/// Returns a table of environments.
pub fn environments(environments: &[EnvironmentJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = environments.iter().map(|environment| {
        let names = |names: &[&str]| if names.is_empty() { "-".to_owned() } else { names.join(", ") };
        let name = environment.environment.to_owned();
        vec![name, states(environment), names(&environment.groups), names(&environment.targets)]
    });
    table(&["ENVIRONMENT", "FLAGS", "GROUPS", "TARGETS"], rows, (all, "environment"), width)
}

fn table(
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    (all, noun): (usize, &str),
    width: Option<u16>,
) -> Lines {
    let rows: Vec<Vec<String>> = rows.collect();
    let mut lines = Lines::default();
    if !rows.is_empty() {
        let mut table = Table::new(width);
        table.header(header);
        rows.iter().for_each(|row| table.row(row));
        lines.table(&table);
        lines.add("");
    }
    lines.add(counted_of(rows.len(), all, noun));
    lines
}

/// Returns all details of a segment.
pub fn segment(segment: &SegmentJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add(format!("{}  {}", segment.segment, segment.path));
    lines.add("");
    for line in segment.text.lines().filter(|line| !line.starts_with("# yaml-language-server:")) {
        lines.add(format!("  {line}"));
    }
    lines.append(&users(&segment.used_by));
    lines
}

/// Returns all details of an attribute.
pub fn attribute(attribute: &AttributeJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add(format!("{}  {PROJECT_FILE}", attribute.attribute));
    lines.add("");
    lines.add(format!("  {}{}", attribute.kind, if attribute.required { ", required" } else { "" }));
    if let Some(values) = &attribute.values {
        lines.add(format!("  one of {}", values.join(", ")));
    }
    lines.append(&users(&attribute.used_by));
    lines
}

/// Returns all details of an environment.
pub fn environment(environment: &EnvironmentJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add(format!("{}  {PROJECT_FILE}", environment.environment));
    lines.add("");
    lines.add(format!("  flags: {}", states(environment)));
    for (label, names) in [("groups", &environment.groups), ("published to", &environment.targets)] {
        if !names.is_empty() {
            lines.add(format!("  {label}: {}", names.join(", ")));
        }
    }
    if !environment.killed.is_empty() {
        lines.add("");
        lines.add("killed:");
        for kill in &environment.killed {
            let expires = kill.expires.as_ref().map_or(String::new(), |expires| format!("; expires {expires}"));
            lines.add(format!("  {} ({}{expires})", kill.flag, kill.reason));
        }
    }
    for (label, keys) in [("disabled", &environment.disabled), ("invalid", &environment.invalid)] {
        if !keys.is_empty() {
            lines.add("");
            lines.add(format!("{label}: {}", keys.join(", ")));
        }
    }
    lines
}

/// Returns the definitions that use a definition.
fn users(users: &UsersJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add("");
    if users.flags.is_empty() && users.segments.is_empty() {
        lines.add("used by nothing");
    }
    for (label, names) in [("used by flags", &users.flags), ("used by segments", &users.segments)] {
        if !names.is_empty() {
            lines.add(format!("{label}: {}", names.join(", ")));
        }
    }
    if users.affects.len() > users.flags.len() {
        lines.add(format!("affects flags: {}", users.affects.join(", ")));
    }
    lines
}

/// Returns the number of flags and segments that use a definition.
fn used_by(users: &UsersJson<'_>) -> String {
    let parts = [(users.flags.len(), "flag"), (users.segments.len(), "segment")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| counted(number, noun));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// Returns the numbers of flags in each state.
fn states(environment: &EnvironmentJson<'_>) -> String {
    let numbers = [
        (environment.enabled.len(), "enabled"),
        (environment.disabled.len(), "disabled"),
        (environment.killed.len(), "killed"),
        (environment.invalid.len(), "invalid"),
    ];
    let numbers = numbers.into_iter().filter(|(number, _)| *number > 0);
    let numbers: Vec<String> = numbers.map(|(number, state)| format!("{number} {state}")).collect();
    if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") }
}
