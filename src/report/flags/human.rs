//! Flags for a terminal. One flag is shown with all details, and several flags are a table.

use serde_json::{Map, Value as Json};

use crate::report::flags::{CompiledJson, DriftJson, FlagDetailsJson, FlagJson, FlagStateJson, RuleJson};
use crate::report::style::or_dash;
use crate::report::text::counted_of;
use crate::report::{EnvironmentSets, Lines, Role, StyledText, Table};

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
        let environment = StyledText::from(format!("{}: ", state.environment));
        environment.with(state.state.role(), name(state)).plain(reason)
    };
    let mut lines = Lines::default();
    match &flag.details {
        FlagDetailsJson::Definition(definition) => {
            lines.add(StyledText::new(Role::Name, flag.flag).with(Role::Minor, format!("  {}", definition.path)));
            lines.add("");
            for line in definition.text.lines().filter(|line| !line.starts_with("# yaml-language-server:")) {
                lines.add(format!("  {line}"));
            }
            let states = flag.environments.iter().map(|state| {
                let reason = reason(state);
                let shown = StyledText::new(state.state.role(), name(state)).plain(reason);
                (state.environment.as_str(), (shown, &state.steps, &state.evidence))
            });
            for (environments, (state, steps, evidence)) in sets.merged(states) {
                lines.add("");
                lines.add(StyledText::new(Role::Name, environments).plain(": ").then(&state));
                steps.iter().for_each(|step| lines.add(format!("  {step}")));
                if !evidence.is_empty() {
                    lines.add(format!("  evidence of the kill: {}", facts(evidence)));
                }
            }
        }
        FlagDetailsJson::Compiled(compiled) => {
            let states = flag.environments.iter().map(state).collect::<Vec<_>>();
            let states = StyledText::joined(states, ", ");
            lines.add(StyledText::new(Role::Name, flag.flag).plain("  ").then(&states));
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

/// Returns what a kill was based on, as `guardrail errors, bad 50`.
fn facts(evidence: &Map<String, Json>) -> String {
    let fact = |(name, fact): (&String, &Json)| match fact {
        Json::String(text) => format!("{name} {text}"),
        fact => format!("{name} {fact}"),
    };
    evidence.iter().map(fact).collect::<Vec<_>>().join(", ")
}

/// Returns the parts of a compiled flag, one line each. A salt that equals the flag's key is omitted.
fn compiled_lines(compiled: &CompiledJson, key: &str) -> Vec<String> {
    let variants = compiled.variants.iter().map(|variant| format!("{} = {}", variant.name, variant.value));
    let mut lines = vec![format!("variants: {}", variants.collect::<Vec<_>>().join(", "))];
    lines.extend(compiled.metadata.iter().map(|(key, value)| format!("metadata {key}: {value}")));
    if compiled.client {
        lines.push("client: true".to_owned());
    }
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
/// all flags the table has. The width in columns is that of the terminal, or `None`.
pub fn flags(
    flags: &[FlagJson<'_>],
    all: usize,
    sets: &EnvironmentSets,
    expiry: ExpiryColumn,
    width: Option<u16>,
) -> Lines {
    let count = counted_of(flags.len(), all, "flag");
    if flags.is_empty() {
        return Lines::from_iter([count]);
    }
    let expires = |flag: &FlagJson<'_>| match &flag.details {
        FlagDetailsJson::Definition(definition) if expiry == ExpiryColumn::Shown => Some(match &definition.expires {
            Some(date) => StyledText::new(Role::Caution, date),
            None => or_dash(None::<&str>),
        }),
        FlagDetailsJson::Definition(_) | FlagDetailsJson::Compiled(_) => None,
    };
    let owner = |flag: &FlagJson<'_>| match &flag.details {
        FlagDetailsJson::Definition(definition) => Some(or_dash(definition.owner)),
        FlagDetailsJson::Compiled(_) => None,
    };
    let first = flags.first();
    let mut header = vec!["FLAG".to_owned()];
    header.extend(first.and_then(owner).map(|_| "OWNER".to_owned()));
    header.extend(first.and_then(expires).map(|_| "EXPIRES".to_owned()));
    let fixed = header.len();
    let is_merged = |flag: &&FlagJson<'_>| sets.is_large() && flag.environments.len() > 1;
    match first.filter(is_merged) {
        Some(_) => header.push("STATE".to_owned()),
        None => {
            let states = first.iter().flat_map(|flag| &flag.environments);
            header.extend(states.map(|state| state.environment.to_uppercase()));
        }
    }
    let mut table = Table::with_shortened(width, header.len() - fixed);
    table.header(header);
    for flag in flags {
        let mut row = vec![StyledText::from(flag.flag)];
        row.extend(owner(flag));
        row.extend(expires(flag));
        if is_merged(&flag) {
            let states = flag.environments.iter().map(|state| (state.environment.as_str(), state_summary(state)));
            let merged = sets.merged(states).into_iter();
            row.push(StyledText::joined(merged.map(|(names, state)| state.plain(format!(" in {names}"))), "; "));
        } else {
            row.extend(flag.environments.iter().map(state_summary));
        }
        table.row(row);
    }
    let mut lines = Lines::default();
    lines.table(&table);
    lines.add("");
    lines.add(count);
    lines
}

/// Returns what a flag does in an environment, with the role of its state.
fn state_summary(state: &FlagStateJson) -> StyledText {
    StyledText::new(state.role, &state.summary)
}

/// Returns the name of the state, with the share of units that a kill admits.
fn name(state: &FlagStateJson) -> String {
    let except = state.admit.as_ref().map_or(String::new(), |admit| format!(" except {admit}"));
    format!("{}{except}", state.state.name())
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
        lines.add(StyledText::new(Role::Name, flag.flag));
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
