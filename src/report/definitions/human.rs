//! Segments, layers, attributes and environments for a terminal. One is shown with all details, and several are a table.

use crate::report::definitions::json::{AttributeJson, EnvironmentJson, LayerJson, SegmentJson, UsersJson};
use crate::report::flags::ServingState;
use crate::report::style::or_dash;
use crate::report::text::{counted, counted_of};
use crate::report::{Lines, Role, StyledText, Table};
use crate::snapshot::PROJECT_FILE;

/// Returns a table of segments.
pub fn segments(segments: &[SegmentJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = segments.iter().map(|segment| {
        let (owner, summary) = (or_dash(segment.owner), or_dash(segment.summary.as_ref()));
        vec![segment.segment.into(), owner, used_by(&segment.used_by), summary]
    });
    table(&["SEGMENT", "OWNER", "USED BY", "WHERE"], rows, (all, "segment"), width)
}

/// Returns a table of layers.
pub fn layers(layers: &[LayerJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = layers.iter().map(|layer| {
        let list = |texts: Vec<String>| or_dash((!texts.is_empty()).then(|| texts.join(", ")));
        let slots = layer.slots.iter().map(|slot| format!("{} {}", slot.slot, slot.range)).collect();
        vec![layer.layer.into(), or_dash(layer.owner), layer.unit.into(), list(slots), list(layer.free.clone())]
    });
    table(&["LAYER", "OWNER", "UNIT", "SLOTS", "FREE"], rows, (all, "layer"), width)
}

/// Returns a table of attributes.
pub fn attributes(attributes: &[AttributeJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = attributes.iter().map(|attribute| {
        let required = or_dash(attribute.required.then_some("yes"));
        let values = or_dash(attribute.values.as_ref().map(|values| values.join(", ")));
        vec![attribute.attribute.into(), attribute.kind.into(), required, used_by(&attribute.used_by), values]
    });
    table(&["ATTRIBUTE", "TYPE", "REQUIRED", "USED BY", "VALUES"], rows, (all, "attribute"), width)
}

/// Returns a table of environments.
pub fn environments(environments: &[EnvironmentJson<'_>], all: usize, width: Option<u16>) -> Lines {
    let rows = environments.iter().map(|environment| {
        let names = |names: &[&str]| or_dash((!names.is_empty()).then(|| names.join(", ")));
        let [groups, targets] = [names(&environment.groups), names(&environment.targets)];
        vec![environment.environment.into(), states(environment), groups, targets]
    });
    table(&["ENVIRONMENT", "FLAGS", "GROUPS", "TARGETS"], rows, (all, "environment"), width)
}

fn table(
    header: &[&str],
    rows: impl Iterator<Item = Vec<StyledText>>,
    (all, noun): (usize, &str),
    width: Option<u16>,
) -> Lines {
    let rows: Vec<Vec<StyledText>> = rows.collect();
    let mut lines = Lines::default();
    if !rows.is_empty() {
        let mut table = Table::new(width);
        table.header(header);
        rows.iter().for_each(|row| table.row(row.iter().cloned()));
        lines.table(&table);
        lines.add("");
    }
    lines.add(counted_of(rows.len(), all, noun));
    lines
}

/// Returns all details of a segment.
pub fn segment(segment: &SegmentJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add(heading(segment.segment, segment.path));
    lines.add("");
    for line in segment.text.lines().filter(|line| !line.starts_with("# yaml-language-server:")) {
        lines.add(format!("  {line}"));
    }
    lines.append(&users(&segment.used_by));
    lines
}

/// Returns all details of a layer: its ranges in ascending order, with the flags that take the slots.
pub fn layer(layer: &LayerJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add(heading(layer.layer, layer.path));
    lines.add("");
    if let Some(description) = layer.description {
        lines.add(format!("  {description}"));
    }
    lines.add(format!("  unit {}, salt {}", layer.unit, layer.salt));
    lines.add("");
    let mut table = Table::new(None);
    table.header(["SLOT", "RANGE", "FLAG"]);
    for slot in &layer.slots {
        table.row([slot.slot.into(), slot.range.as_str().into(), or_dash(slot.flag)]);
    }
    lines.table(&table);
    lines.add("");
    if let Some(holdout) = &layer.holdout {
        lines.add(format!("holdout: {holdout}"));
    }
    lines.add(match layer.free.is_empty() {
        true => "free: none".to_owned(),
        false => format!("free: {}", layer.free.join(", ")),
    });
    lines
}

/// Returns all details of an attribute.
pub fn attribute(attribute: &AttributeJson<'_>) -> Lines {
    let mut lines = Lines::default();
    lines.add(heading(attribute.attribute, PROJECT_FILE));
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
    lines.add(heading(environment.environment, PROJECT_FILE));
    lines.add("");
    lines.add(StyledText::from("  flags: ").then(&states(environment)));
    for (label, names) in [("groups", &environment.groups), ("published to", &environment.targets)] {
        if !names.is_empty() {
            lines.add(format!("  {label}: {}", names.join(", ")));
        }
    }
    if !environment.killed.is_empty() {
        lines.add("");
        lines.add(StyledText::new(ServingState::Killed.role(), "killed").plain(":"));
        for kill in &environment.killed {
            let expires = kill.expires.as_ref().map_or(String::new(), |expires| format!("; expires {expires}"));
            let admit = kill.admit.as_ref().map_or(String::new(), |admit| format!("; admits {admit}"));
            lines.add(format!("  {} ({}{admit}{expires})", kill.flag, kill.reason));
        }
    }
    for (state, keys) in
        [(ServingState::Disabled, &environment.disabled), (ServingState::Invalid, &environment.invalid)]
    {
        if !keys.is_empty() {
            lines.add("");
            lines.add(StyledText::new(state.role(), state.name()).plain(format!(": {}", keys.join(", "))));
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
fn used_by(users: &UsersJson<'_>) -> StyledText {
    let parts = [(users.flags.len(), "flag"), (users.segments.len(), "segment")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| counted(number, noun));
    let parts: Vec<String> = parts.collect();
    or_dash((!parts.is_empty()).then(|| parts.join(", ")))
}

/// Returns the numbers of flags in each state.
fn states(environment: &EnvironmentJson<'_>) -> StyledText {
    let numbers = [
        (environment.enabled.len(), ServingState::Enabled),
        (environment.disabled.len(), ServingState::Disabled),
        (environment.killed.len(), ServingState::Killed),
        (environment.invalid.len(), ServingState::Invalid),
    ];
    let numbers = numbers.into_iter().filter(|(number, _)| *number > 0);
    let numbers: Vec<StyledText> =
        numbers.map(|(number, state)| StyledText::new(state.role(), format!("{number} {}", state.name()))).collect();
    if numbers.is_empty() { StyledText::new(Role::Minor, "none") } else { StyledText::joined(numbers, ", ") }
}

/// Returns the name of a definition and its file.
fn heading(name: &str, path: &str) -> StyledText {
    StyledText::new(Role::Name, name).with(Role::Minor, format!("  {path}"))
}
