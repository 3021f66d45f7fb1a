//! What each commit did to a flag.

use jiff::Timestamp;
use serde::Serialize;

use crate::diff::{DefinitionChange, Shift};
use crate::git::{CommitDetails, short_id};

/// The trailers of flagctl's own commits.
const FLAG: &str = "Flag";
const ACTION: &str = "Flagctl-Action";
const REASON: &str = "Reason";

/// The commits that changed a flag, newest first.
#[derive(Debug, Serialize)]
pub struct HistoryJson<'h> {
    /// Of this structure.
    pub version: u32,
    /// The flag's key.
    pub flag: &'h str,
    /// Newest first.
    pub commits: Vec<CommitJson>,
}

/// What one commit did to a flag.
#[derive(Debug, Serialize)]
pub struct CommitJson {
    /// The full id.
    commit: String,
    /// By the committer's clock.
    at: String,
    author: String,
    subject: String,
    /// Which of flagctl's commands made it, if one did and for this flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// Why, in the words of whoever ran that command.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Empty if the flag does the same as before.
    changes: Vec<ChangeJson>,
}

#[derive(Debug, Serialize)]
struct ChangeJson {
    environment: String,
    change: &'static str,
    /// The change in words.
    text: String,
}

impl CommitJson {
    /// A commit and its changes of a flag, each with its environment.
    pub fn new(about: CommitDetails, flag: &str, changes: &[(String, DefinitionChange)]) -> Self {
        let change = |(environment, change): &(String, DefinitionChange)| ChangeJson {
            environment: environment.clone(),
            change: kind(change),
            text: words(change),
        };
        let at = Timestamp::from_second(about.seconds).map_or_else(|_| String::new(), |at| at.to_string());
        let ours = about.trailers(FLAG).any(|key| key == flag);
        let trailer = |name| about.trailers(name).next().filter(|_| ours).map(str::to_owned);
        let (action, reason) = (trailer(ACTION), trailer(REASON));
        let CommitDetails { commit, author, subject, .. } = about;
        Self { commit, at, author, subject, action, reason, changes: changes.iter().map(change).collect() }
    }

    /// The command that made it, and why; none if none of flagctl's did.
    fn made(&self) -> Option<String> {
        // A kill's reason is also in the kill.
        let killed = |change: &ChangeJson, reason: &str| change.change == "killed" && change.text.ends_with(reason);
        let said = |reason: &str| self.changes.iter().any(|change| killed(change, reason));
        let reason = self.reason.as_ref().filter(|reason| !said(reason));
        match (&self.action, reason) {
            (Some(action), Some(reason)) => Some(format!("flagctl {action}: {reason}")),
            (Some(action), None) => Some(format!("flagctl {action}")),
            (None, Some(reason)) => Some(format!("reason: {reason}")),
            (None, None) => None,
        }
    }
}

/// A paragraph for each commit.
pub fn history(history: &HistoryJson<'_>) -> String {
    let paragraphs = history.commits.iter().map(|commit| {
        let mut text = heading(commit);
        if commit.changes.is_empty() {
            text += "    decides as before\n";
        }
        text + &changed(commit)
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

/// Which commit it is, and what it says about itself.
pub(crate) fn heading(commit: &CommitJson) -> String {
    let id = short_id(&commit.commit);
    let made = commit.made().map_or(String::new(), |made| format!("    {made}\n"));
    format!("{id}  {}  {}\n  {}\n{made}", commit.at, commit.author, commit.subject)
}

/// A line for each change.
pub(crate) fn changed(commit: &CommitJson) -> String {
    // What is the same everywhere is said once.
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    for change in &commit.changes {
        match said.iter_mut().find(|(words, _)| *words == change.text) {
            Some((_, environments)) => environments.push(&change.environment),
            None => said.push((&change.text, vec![&change.environment])),
        }
    }
    let lines = said.iter().map(|(words, environments)| format!("    {}: {words}\n", environments.join(", ")));
    lines.collect()
}

pub(crate) fn kind(change: &DefinitionChange) -> &'static str {
    match change {
        DefinitionChange::Added => "added",
        DefinitionChange::Removed => "removed",
        DefinitionChange::Killed(_) => "killed",
        DefinitionChange::Revived => "revived",
        DefinitionChange::Enabled => "enabled",
        DefinitionChange::Disabled => "disabled",
        DefinitionChange::Variants => "variants",
        DefinitionChange::Off(_) => "off",
        DefinitionChange::Default(_) => "default",
        DefinitionChange::Unit(_) => "unit",
        DefinitionChange::Salt(_) => "salt",
        DefinitionChange::Requires(_) => "requires",
        DefinitionChange::RuleAdded(_) => "rule-added",
        DefinitionChange::RuleRemoved(_) => "rule-removed",
        DefinitionChange::RuleOrder => "rule-order",
        DefinitionChange::Rollout(..) => "rollout",
        DefinitionChange::Condition(..) => "condition",
        DefinitionChange::Serve(..) => "serve",
    }
}

/// A change in a sentence's words.
pub fn words(change: &DefinitionChange) -> String {
    let shift = |Shift { from, to }: &Shift| {
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        format!("{} → {}", shown(from), shown(to))
    };
    match change {
        DefinitionChange::Added => "added".to_owned(),
        DefinitionChange::Removed => "removed".to_owned(),
        DefinitionChange::Killed(reason) => format!("killed: {reason}"),
        DefinitionChange::Revived => "revived".to_owned(),
        DefinitionChange::Enabled => "enabled".to_owned(),
        DefinitionChange::Disabled => "disabled".to_owned(),
        DefinitionChange::Variants => "other variants or values".to_owned(),
        DefinitionChange::Off(variants) => format!("off {}", shift(variants)),
        DefinitionChange::Default(variants) => format!("default {}", shift(variants)),
        DefinitionChange::Unit(units) => format!("unit {}", shift(units)),
        DefinitionChange::Salt(salts) => format!("salt {}", shift(salts)),
        DefinitionChange::Requires(flags) => format!("requires {}", shift(flags)),
        DefinitionChange::RuleAdded(rule) => format!("rule {rule} added"),
        DefinitionChange::RuleRemoved(rule) => format!("rule {rule} removed"),
        DefinitionChange::RuleOrder => "rules in another order".to_owned(),
        DefinitionChange::Rollout(rule, from, to) => format!("rule {rule} {from} → {to}"),
        DefinitionChange::Condition(rule, conditions) => format!("rule {rule} is for {}", shift(conditions)),
        DefinitionChange::Serve(rule, variants) => format!("rule {rule} serves {}", shift(variants)),
    }
}
