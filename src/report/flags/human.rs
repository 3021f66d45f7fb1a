//! Flags as they stand: one in full, many in a table, both as JSON.

use serde::Serialize;

use crate::bundle::{BUCKETS, Bundle, Condition, Flag, Rule, State};
use crate::report::flags::compiled;
use crate::report::flags::compiled::CompiledJson;

/// A flag, without what it decides.
#[derive(Debug, Clone, Serialize)]
pub struct FlagJson<'f> {
    /// What applications ask for.
    pub flag: &'f str,
    /// All but what holds where.
    #[serde(flatten)]
    pub about: About<'f>,
    /// In the order of promotion.
    pub environments: Vec<StateJson>,
    /// Flags with a prerequisite on this one, in any environment.
    pub dependants: Vec<&'f str>,
}

/// What is known of a flag, by where it was read.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum About<'f> {
    /// In a flag repository.
    Written(WrittenJson<'f>),
    /// In a bundle.
    Compiled(CompiledJson),
}

/// A flag's definition.
#[derive(Debug, Clone, Serialize)]
pub struct WrittenJson<'f> {
    /// Its file, from the repository's root.
    pub path: &'f str,
    /// In a sentence.
    pub description: Option<&'f str>,
    /// `release` unless it says otherwise.
    pub kind: &'f str,
    /// Who answers for it.
    pub owner: Option<&'f str>,
    /// The day after which it should be gone.
    pub expires: Option<String>,
    /// What it can be listed by.
    pub tags: Vec<&'f str>,
    /// The file.
    #[serde(skip)]
    pub text: &'f str,
}

/// What a flag does in one environment.
#[derive(Debug, Clone, Serialize)]
pub struct StateJson {
    /// Its name.
    pub environment: String,
    /// Whether it serves anything but `off`.
    pub state: ServingState,
    /// The state, or what decides: a variant for everyone, or rules.
    pub summary: String,
    /// Why it is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is decided, in order, one step each.
    pub steps: Vec<String>,
}

/// Whether a flag serves anything but `off` in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServingState {
    /// The flag decides by its rules.
    Enabled,
    /// Its definition turns it off.
    Disabled,
    /// A kill turns it off.
    Killed,
    /// Its definition cannot be compiled.
    Invalid,
}

impl ServingState {
    /// Returns the name of the state, as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Killed => "killed",
            Self::Invalid => "invalid",
        }
    }
}

/// What a flag does in the environment of a bundle.
pub fn state(bundle: &Bundle, key: &str) -> StateJson {
    let environment = bundle.environment.to_string();
    let Some(flag) = bundle.flag(key) else {
        let summary = "invalid".to_owned();
        return StateJson { environment, state: ServingState::Invalid, summary, reason: None, steps: Vec::new() };
    };
    let off = &flag.variant(flag.off).name;
    let (state, summary, reason) = match &flag.state {
        State::Killed { reason, .. } => (ServingState::Killed, "killed".to_owned(), Some(reason.to_string())),
        State::Disabled => (ServingState::Disabled, "disabled".to_owned(), None),
        State::Enabled if flag.rules.is_empty() => {
            (ServingState::Enabled, flag.variant(flag.default).name.to_string(), None)
        }
        State::Enabled => (ServingState::Enabled, crate::report::text::counted(flag.rules.len(), "rule"), None),
    };
    let steps = if flag.state == State::Enabled { steps(bundle, flag) } else { vec![format!("serves {off}")] };
    StateJson { environment, state, summary, reason, steps }
}

fn steps(bundle: &Bundle, flag: &Flag) -> Vec<String> {
    let mut steps = Vec::new();
    for prerequisite in &flag.prerequisites {
        if let Condition::Flag { key, variants } = prerequisite {
            let other = bundle.flag_at(*key);
            let wanted: Vec<_> = variants.iter().map(|id| other.variant(*id).name.as_ref()).collect();
            steps.push(format!("requires {} {}", other.key, wanted.join(" or ")));
        }
    }
    steps.extend((0..flag.rules.len()).map(|at| rule(flag, at)));
    steps.push(format!("default: {}", flag.variant(flag.default).name));
    steps
}

/// `rule staff: on`, for the rule at that place.
pub fn rule(flag: &Flag, at: usize) -> String {
    let serves = flag.rules.get(at).map_or(String::new(), |rule| served(flag, rule));
    format!("rule {}: {serves}", flag.rule_name(at))
}

/// `25% → on`: what a rule gives to whom it matches.
pub(crate) fn served(flag: &Flag, rule: &Rule) -> String {
    let serve = flag.serve_words(&rule.serve);
    if rule.rollout.buckets() == BUCKETS { serve } else { format!("{} → {serve}", rule.rollout) }
}

/// One flag: its file as written and what holds in each environment, or all that a bundle says.
pub fn flag(flag: &FlagJson<'_>) -> String {
    let state = |state: &StateJson| {
        let reason = state.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        format!("{}: {}{reason}\n", state.environment, state.state.name())
    };
    let mut text = format!("{}  ", flag.flag);
    match &flag.about {
        About::Written(written) => {
            text += &format!("{}\n\n", written.path);
            for line in written.text.lines().filter(|line| !line.starts_with("# yaml-language-server:")) {
                text += &format!("  {line}\n");
            }
            for here in &flag.environments {
                text += &format!("\n{}", state(here));
                here.steps.iter().for_each(|step| text += &format!("  {step}\n"));
            }
        }
        About::Compiled(compiled) => {
            text += &format!("{}\n", flag.environments.iter().map(state).collect::<String>());
            compiled::lines(compiled, flag.flag).iter().for_each(|line| text += &format!("  {line}\n"));
        }
    }
    if !flag.dependants.is_empty() {
        text += &format!("\nrequired by {}\n", flag.dependants.join(", "));
    }
    text
}

/// A line for each flag; wrapped to a width, in columns, if one is given.
pub fn flags(flags: &[FlagJson<'_>], width: Option<u16>) -> String {
    let mut table = crate::report::text::table(width);
    let owner = |flag: &FlagJson<'_>| match &flag.about {
        About::Written(written) => Some(written.owner.unwrap_or("-").to_owned()),
        About::Compiled(_) => None,
    };
    let first = flags.first();
    let mut header = vec!["FLAG".to_owned()];
    // Of no flags it is not known where they would have been from.
    header.extend(first.is_none_or(|flag| owner(flag).is_some()).then(|| "OWNER".to_owned()));
    header.extend(first.iter().flat_map(|flag| flag.environments.iter().map(|state| state.environment.to_uppercase())));
    table.set_header(header);
    for flag in flags {
        let mut row = vec![flag.flag.to_owned()];
        row.extend(owner(flag));
        row.extend(flag.environments.iter().map(|state| state.summary.clone()));
        table.add_row(row);
    }
    crate::report::text::lines(&table)
}
