//! Flags for a terminal. One flag is shown with all details, and several flags are a table.

use crate::report::escape::terminal;
use crate::report::flags::{CompiledJson, FlagDetailsJson, FlagJson, FlagStateJson, RuleJson};

/// Returns all details of one flag: its file and its state in each environment, or all parts of a compiled flag.
pub fn flag(flag: &FlagJson<'_>) -> String {
    let state = |state: &FlagStateJson| {
        let reason = state.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        format!("{}: {}{reason}\n", state.environment, state.state.name())
    };
    let mut text = format!("{}  ", flag.flag);
    match &flag.details {
        FlagDetailsJson::Definition(definition) => {
            text += &format!("{}\n\n", definition.path);
            for line in definition.text.lines().filter(|line| !line.starts_with("# yaml-language-server:")) {
                text += &format!("  {line}\n");
            }
            for environment in &flag.environments {
                text += &format!("\n{}", state(environment));
                environment.steps.iter().for_each(|step| text += &format!("  {step}\n"));
            }
        }
        FlagDetailsJson::Compiled(compiled) => {
            text += &format!("{}\n", flag.environments.iter().map(state).collect::<String>());
            compiled_lines(compiled, flag.flag).iter().for_each(|line| text += &format!("  {line}\n"));
        }
    }
    if !flag.dependants.is_empty() {
        text += &format!("\nrequired by {}\n", flag.dependants.join(", "));
    }
    terminal(&text)
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
pub fn flags(flags: &[FlagJson<'_>], width: Option<u16>) -> String {
    let mut table = crate::report::text::table(width);
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
    table.set_header(header);
    for flag in flags {
        let mut row = vec![flag.flag.to_owned()];
        row.extend(owner(flag));
        row.extend(flag.environments.iter().map(|state| state.summary.clone()));
        table.add_row(row);
    }
    terminal(&crate::report::text::lines(&table))
}
