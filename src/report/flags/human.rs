//! Flags for a terminal. One flag is shown with all details, and several flags are a table.

use crate::report::flags::{CompiledJson, DriftJson, FlagDetailsJson, FlagJson, FlagStateJson, RuleJson};
use crate::report::text::counted_of;
use crate::report::{EnvironmentSets, Lines, Table};

/// Whether a table of flags has the column with the expiry dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryColumn {
    /// The table has the column.
    Shown,
    /// The table has no such column.
    Hidden,
}

/// Returns all details of one flag: its file and its state in each environment, or all parts of a compiled flag.
pub fn flag(flag: &FlagJson<'_>, sets: &EnvironmentSets) -> Lines {
    let state = |state: &FlagStateJson| {
        let reason = reason(state);
        format!("{}: {}{reason}", state.environment, state.state.name())
    };
    let mut lines = Lines::default();
    match &flag.details {
        FlagDetailsJson::Definition(definition) => {
            lines.add(format!("{}  {}", flag.flag, definition.path));
            lines.add("");
            for line in definition.text.lines().filter(|line| !line.starts_with("# yaml-language-server:")) {
                lines.add(format!("  {line}"));
            }
            let states = flag.environments.iter().map(|state| {
                let reason = reason(state);
                (state.environment.as_str(), (format!("{}{reason}", state.state.name()), &state.steps))
            });
            for (environments, (state, steps)) in sets.merged(states) {
                lines.add("");
                lines.add(format!("{environments}: {state}"));
                steps.iter().for_each(|step| lines.add(format!("  {step}")));
            }
        }
        FlagDetailsJson::Compiled(compiled) => {
            let states = flag.environments.iter().map(state).collect::<Vec<_>>();
            lines.add(format!("{}  {}", flag.flag, states.join(", ")));
            lines.add("");
            compiled_lines(compiled, flag.flag).iter().for_each(|line| lines.add(format!("  {line}")));
        }
    }
    if !flag.dependants.is_empty() {
        lines.add("");
        lines.add(format!("required by {}", flag.dependants.join(", ")));
    }
    lines
}

/// Returns the parts of a compiled flag, one line each. A salt that equals the flag's key is omitted.
fn compiled_lines(compiled: &CompiledJson, key: &str) -> Vec<String> {
    let variants = compiled.variants.iter().map(|variant| format!("{} = {}", variant.name, variant.value));
    let mut lines = vec![format!("variants: {}", variants.collect::<Vec<_>>().join(", "))];
    lines.extend(compiled.metadata.iter().map(|(key, value)| format!("metadata {key}: {value}")));
    lines.push(format!("off: {}", compiled.off));
    lines.push(format!("unit: {}", compiled.unit));
    if compiled.salt != key {
        lines.push(format!("salt: {}", compiled.salt));
    }
    let prerequisites = compiled.requires.iter();
    lines
        .extend(prerequisites.map(|required| format!("requires {} {}", required.flag, required.variants.join(" or "))));
    lines.extend(compiled.rules.iter().map(|RuleJson { rule, summary, unit, serves, .. }| {
        let condition = summary.as_ref().map_or(String::new(), |condition| format!(" where {condition}"));
        let unit = unit.as_ref().map_or(String::new(), |unit| format!(" by {unit}"));
        format!("rule {rule}: {serves}{unit}{condition}")
    }));
    lines.push(format!("default: {}", compiled.default));
    lines
}

/// Returns a table with a line for each flag and, if there are few environments, a column for each of them. Many
/// environments are one column, in which those with the same state are written together. The last line says how many of
/// all flags the table has. The table is wrapped to a width in columns unless the width is `None`.
pub fn flags(
    flags: &[FlagJson<'_>],
    all: usize,
    sets: &EnvironmentSets,
    expiry: ExpiryColumn,
    width: Option<u16>,
) -> Lines {
    let count = counted_of(flags.len(), all, "flag");
    if flags.is_empty() {
        return [count].into_iter().collect();
    }
    let mut table = Table::new(width);
    let expires = |flag: &FlagJson<'_>| match &flag.details {
        FlagDetailsJson::Definition(definition) if expiry == ExpiryColumn::Shown => {
            Some(definition.expires.clone().unwrap_or_else(|| "-".to_owned()))
        }
        FlagDetailsJson::Definition(_) | FlagDetailsJson::Compiled(_) => None,
    };
    let owner = |flag: &FlagJson<'_>| match &flag.details {
        FlagDetailsJson::Definition(definition) => Some(definition.owner.unwrap_or("-").to_owned()),
        FlagDetailsJson::Compiled(_) => None,
    };
    let first = flags.first();
    let mut header = vec!["FLAG".to_owned()];
    header.extend(first.and_then(owner).map(|_| "OWNER".to_owned()));
    header.extend(first.and_then(expires).map(|_| "EXPIRES".to_owned()));
    let is_merged = |flag: &&FlagJson<'_>| sets.is_large() && flag.environments.len() > 1;
    match first.filter(is_merged) {
        Some(_) => header.push("STATE".to_owned()),
        None => {
            let states = first.iter().flat_map(|flag| &flag.environments);
            header.extend(states.map(|state| state.environment.to_uppercase()));
        }
    }
    table.header(header);
    for flag in flags {
        let mut row = vec![flag.flag.to_owned()];
        row.extend(owner(flag));
        row.extend(expires(flag));
        if is_merged(&flag) {
            let summaries = flag.environments.iter().map(|state| (state.environment.as_str(), &state.summary));
            let merged = sets.merged(summaries).into_iter();
            row.push(merged.map(|(names, summary)| format!("{summary} in {names}")).collect::<Vec<_>>().join("; "));
        } else {
            row.extend(flag.environments.iter().map(|state| state.summary.clone()));
        }
        table.row(row);
    }
    let mut lines = Lines::default();
    lines.table(&table);
    lines.add("");
    lines.add(count);
    lines
}

/// Returns the reason of a kill and when it should have ended, in parentheses, or nothing.
fn reason(state: &FlagStateJson) -> String {
    match (&state.reason, &state.expires) {
        (Some(reason), Some(expires)) => format!(" ({reason}; expires {expires})"),
        (Some(reason), None) => format!(" ({reason})"),
        (None, _) => String::new(),
    }
}

/// Returns the flags whose environments differ, with the differences below each flag. The last line says how many of all
/// flags these are.
pub fn drift(flags: &[FlagJson<'_>], all: usize, sets: &EnvironmentSets) -> Lines {
    let mut lines = Lines::default();
    let shown = |names: &[String]| sets.shown(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for flag in flags {
        lines.add(flag.flag);
        for DriftJson { from, to, changes } in flag.drift.iter().flatten() {
            lines.add(format!("  {} → {}: {}", shown(from), shown(to), changes.join(", ")));
        }
    }
    if flags.is_empty() {
        lines.add("no environments differ in more than shares");
    } else {
        lines.add("");
        lines.add(counted_of(flags.len(), all, "flag"));
    }
    lines
}
