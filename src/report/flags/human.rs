//! Flags for a terminal. One flag is shown with all details, and several flags are a table.

use crate::report::flags::{CompiledJson, FlagDetailsJson, FlagJson, FlagStateJson, RuleJson};
use crate::report::{Lines, Table};

/// Returns all details of one flag: its file and its state in each environment, or all parts of a compiled flag.
pub fn flag(flag: &FlagJson<'_>) -> Lines {
    let state = |state: &FlagStateJson| {
        let reason = state.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
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
            for environment in &flag.environments {
                lines.add("");
                lines.add(state(environment));
                environment.steps.iter().for_each(|step| lines.add(format!("  {step}")));
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
    lines.extend(compiled.rules.iter().map(|RuleJson { rule, condition, serves, .. }| {
        let condition = condition.as_ref().map_or(String::new(), |condition| format!(" where {condition}"));
        format!("rule {rule}: {serves}{condition}")
    }));
    lines.push(format!("default: {}", compiled.default));
    lines
}

/// Returns a table with a line for each flag, wrapped to a width in columns unless the width is `None`.
pub fn flags(flags: &[FlagJson<'_>], width: Option<u16>) -> Lines {
    let mut table = Table::new(width);
    let owner = |flag: &FlagJson<'_>| match &flag.details {
        FlagDetailsJson::Definition(definition) => Some(definition.owner.unwrap_or("-").to_owned()),
        FlagDetailsJson::Compiled(_) => None,
    };
    let first = flags.first();
    let mut header = vec!["FLAG".to_owned()];
    // A table without flags also has the column of owners. It is only omitted for a bundle, which has no owners, and an
    // empty list does not show whether it is from a bundle.
    header.extend(first.is_none_or(|flag| owner(flag).is_some()).then(|| "OWNER".to_owned()));
    header.extend(first.iter().flat_map(|flag| flag.environments.iter().map(|state| state.environment.to_uppercase())));
    table.header(header);
    for flag in flags {
        let mut row = vec![flag.flag.to_owned()];
        row.extend(owner(flag));
        row.extend(flag.environments.iter().map(|state| state.summary.clone()));
        table.row(row);
    }
    let mut lines = Lines::default();
    lines.table(&table);
    lines
}
