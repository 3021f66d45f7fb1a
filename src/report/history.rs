//! What each commit did to a flag.

use jiff::Timestamp;
use serde::Serialize;

use crate::diff::{Change, Shift};
use crate::source::About;

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
    /// A commit and its changes, each with its environment.
    pub fn new(about: About, changes: &[(String, Change)]) -> Self {
        let change = |(environment, change): &(String, Change)| ChangeJson {
            environment: environment.clone(),
            change: kind(change),
            text: words(change),
        };
        let at = Timestamp::from_second(about.seconds).map_or_else(|_| String::new(), |at| at.to_string());
        let About { commit, author, subject, .. } = about;
        Self { commit, at, author, subject, changes: changes.iter().map(change).collect() }
    }
}

/// A paragraph for each commit.
pub fn history(history: &HistoryJson<'_>) -> String {
    let paragraphs = history.commits.iter().map(|commit| {
        let id = commit.commit.get(..10).unwrap_or(&commit.commit);
        let mut text = format!("{id}  {}  {}\n  {}\n", commit.at, commit.author, commit.subject);
        if commit.changes.is_empty() {
            text += "    decides as before\n";
        }
        // What is the same everywhere is said once.
        let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
        for change in &commit.changes {
            match said.iter_mut().find(|(words, _)| *words == change.text) {
                Some((_, environments)) => environments.push(&change.environment),
                None => said.push((&change.text, vec![&change.environment])),
            }
        }
        for (words, environments) in said {
            text += &format!("    {}: {words}\n", environments.join(", "));
        }
        text
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Killed(_) => "killed",
        Change::Revived => "revived",
        Change::Enabled => "enabled",
        Change::Disabled => "disabled",
        Change::Variants => "variants",
        Change::Off(_) => "off",
        Change::Default(_) => "default",
        Change::Unit(_) => "unit",
        Change::Salt(_) => "salt",
        Change::Requires(_) => "requires",
        Change::RuleAdded(_) => "rule-added",
        Change::RuleRemoved(_) => "rule-removed",
        Change::RuleOrder => "rule-order",
        Change::Rollout(..) => "rollout",
        Change::Condition(..) => "condition",
        Change::Serve(..) => "serve",
    }
}

/// A change in a sentence's words.
pub fn words(change: &Change) -> String {
    let shift = |Shift { from, to }: &Shift| {
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        format!("{} → {}", shown(from), shown(to))
    };
    match change {
        Change::Added => "added".to_owned(),
        Change::Removed => "removed".to_owned(),
        Change::Killed(reason) => format!("killed: {reason}"),
        Change::Revived => "revived".to_owned(),
        Change::Enabled => "enabled".to_owned(),
        Change::Disabled => "disabled".to_owned(),
        Change::Variants => "other variants or values".to_owned(),
        Change::Off(variants) => format!("off {}", shift(variants)),
        Change::Default(variants) => format!("default {}", shift(variants)),
        Change::Unit(units) => format!("unit {}", shift(units)),
        Change::Salt(salts) => format!("salt {}", shift(salts)),
        Change::Requires(flags) => format!("requires {}", shift(flags)),
        Change::RuleAdded(rule) => format!("rule {rule} added"),
        Change::RuleRemoved(rule) => format!("rule {rule} removed"),
        Change::RuleOrder => "rules in another order".to_owned(),
        Change::Rollout(rule, from, to) => format!("rule {rule} {from} → {to}"),
        Change::Condition(rule, conditions) => format!("rule {rule} is for {}", shift(conditions)),
        Change::Serve(rule, variants) => format!("rule {rule} serves {}", shift(variants)),
    }
}
