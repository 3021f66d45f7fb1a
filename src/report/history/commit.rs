//! A commit and its changes of a flag.

use jiff::Timestamp;
use serde::Serialize;

use crate::bundle::ListText;
use crate::git::{CommitDetails, short_id};
use crate::history::FlagChange;
use crate::report::Lines;
use crate::report::history::change::{dependency, dependency_kind, kind, source, words};

/// The trailer with the key of a flag, in flagctl's own commits.
const FLAG: &str = "Flag";
/// The trailer with the command that made a commit.
const ACTION: &str = "Flagctl-Action";
/// The trailer with the reason that the user gave to that command.
const REASON: &str = "Reason";

/// A commit and its changes of a flag.
#[derive(Debug, Serialize)]
pub struct CommitJson {
    /// The full id.
    commit: String,
    /// The committer's time.
    at: String,
    author: String,
    subject: String,
    /// The command of flagctl that made the commit, if flagctl made the commit for this flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// The reason that the user gave to that command.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The changes of the flag. The list is empty if the flag decides as before.
    changes: Vec<EnvironmentChangeJson>,
}

#[derive(Debug, Serialize)]
struct EnvironmentChangeJson {
    environment: String,
    change: &'static str,
    /// The changed definition, if it is not the flag itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<ThroughJson>,
    /// The change in words.
    text: String,
    /// The line for people, without the rest of very long lists.
    #[serde(skip)]
    summary: String,
}

/// A definition that the flag depends on.
#[derive(Debug, Serialize)]
struct ThroughJson {
    /// The kind: `flag`, `segment`, `attribute` or `setting`.
    kind: &'static str,
    name: String,
}

impl EnvironmentChangeJson {
    fn new(environment: &str, change: &FlagChange) -> Self {
        let text = |lists| match change {
            FlagChange::Own(change) => words(change, lists),
            FlagChange::Through(change) => format!("through {}", dependency(change, lists)),
            FlagChange::Invalid(problem) => format!("no valid definition: {problem}"),
            FlagChange::ValidAgain => "a valid definition again".to_owned(),
        };
        let through = match change {
            FlagChange::Through(change) => Some(source(change)),
            FlagChange::Own(_) | FlagChange::Invalid(_) | FlagChange::ValidAgain => None,
        };
        Self {
            environment: environment.to_owned(),
            change: match change {
                FlagChange::Own(change) => kind(change),
                FlagChange::Through(change) => dependency_kind(change),
                FlagChange::Invalid(_) => "invalid",
                FlagChange::ValidAgain => "valid",
            },
            through: through.map(|(kind, name)| ThroughJson { kind, name: name.to_owned() }),
            text: text(ListText::Whole),
            summary: text(ListText::Shortened),
        }
    }
}

impl CommitJson {
    /// Describes a commit and its changes of a flag, each with its environment.
    pub(crate) fn new(details: &CommitDetails, flag: &str, changes: &[(String, FlagChange)]) -> Self {
        let changes = changes.iter().map(|(environment, change)| EnvironmentChangeJson::new(environment, change));
        let at = Timestamp::from_second(details.seconds).map_or_else(|_| String::new(), |time| time.to_string());
        let is_about_flag = details.trailers(FLAG).any(|key| key == flag);
        let trailer = |name| details.trailers(name).next().filter(|_| is_about_flag).map(str::to_owned);
        Self {
            commit: details.commit.clone(),
            at,
            author: details.author.clone(),
            subject: details.subject.clone(),
            action: trailer(ACTION),
            reason: trailer(REASON),
            changes: changes.collect(),
        }
    }

    /// Returns whether the commit does not change the flag.
    pub(crate) fn decides_as_before(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds the id, time, author and subject, and the command that made the commit.
    pub(crate) fn heading(&self, prefix: &str, lines: &mut Lines) {
        lines.add(format!("{prefix}{}  {}  {}", short_id(&self.commit), self.at, self.author));
        lines.add(format!("  {}", self.subject));
        if let Some(command) = self.command() {
            lines.add(format!("    {command}"));
        }
    }

    /// Returns the command of flagctl that made the commit, and its reason. Returns `None` if both are unknown.
    fn command(&self) -> Option<String> {
        // The text of a kill ends with its reason.
        let has_reason =
            |change: &EnvironmentChangeJson, reason: &str| change.change == "killed" && change.text.ends_with(reason);
        let is_shown = |reason: &str| self.changes.iter().any(|change| has_reason(change, reason));
        let reason = self.reason.as_ref().filter(|reason| !is_shown(reason));
        match (&self.action, reason) {
            (Some(action), Some(reason)) => Some(format!("flagctl {action}: {reason}")),
            (Some(action), None) => Some(format!("flagctl {action}")),
            (None, Some(reason)) => Some(format!("reason: {reason}")),
            (None, None) => None,
        }
    }

    /// Adds a line for each change, with the environments of the change.
    pub(crate) fn change_lines(&self, lines: &mut Lines) {
        let mut grouped: Vec<(&EnvironmentChangeJson, Vec<&str>)> = Vec::new();
        for change in &self.changes {
            match grouped.iter_mut().find(|(first, _)| first.text == change.text) {
                Some((_, environments)) => environments.push(&change.environment),
                None => grouped.push((change, vec![&change.environment])),
            }
        }
        for (change, environments) in grouped {
            lines.add(format!("    {}: {}", environments.join(", "), change.summary));
        }
    }
}
