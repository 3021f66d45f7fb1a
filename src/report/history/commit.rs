//! A commit and its changes of flags.

use jiff::Timestamp;
use serde::Serialize;

use crate::bundle::ListText;
use crate::git::{CommitDetails, short_id};
use crate::history::{ChangeKind, FlagChange, LoggedChange};
use crate::report::history::change::{flag_change, flag_change_kind, flag_change_role, source};
use crate::report::{EnvironmentSets, Lines, Role, StyledText};

/// The trailer with the key of a flag, in flagctl's own commits.
const FLAG: &str = "Flag";
/// The trailer with the command that made a commit.
const ACTION: &str = "Flagctl-Action";
/// The trailer with the reason that the user gave to that command.
const REASON: &str = "Reason";

/// A commit and its changes of flags.
#[derive(Debug, Serialize)]
pub struct CommitJson {
    /// The full id.
    pub(super) commit: String,
    /// The committer's time.
    pub(super) at: String,
    pub(super) author: String,
    pub(super) subject: String,
    /// The command of flagctl that made the commit, if flagctl made the commit for these flags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
    /// The reason that the user gave to that command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The changes of the flags.
    pub(super) changes: Vec<FlagChangeJson>,
}

/// A change of a flag.
#[derive(Debug, Serialize)]
pub(super) struct FlagChangeJson {
    pub(super) flag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// The environment, or `None` if the change is not about one environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<String>,
    /// The kind, as `flagctl log --kind` takes it.
    pub(super) kind: &'static str,
    /// The change, as one word.
    pub(super) change: &'static str,
    /// The changed definition, if it is not the flag itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) through: Option<ThroughJson>,
    /// The change in words.
    pub(super) text: String,
    /// The line for people, without the rest of very long lists.
    #[serde(skip)]
    pub(super) summary: StyledText,
}

/// A definition that the flag depends on.
#[derive(Debug, Serialize)]
pub(super) struct ThroughJson {
    /// The kind: `flag`, `segment`, `attribute` or `setting`.
    pub(super) kind: &'static str,
    pub(super) name: String,
}

/// Flags with the same changes, and a line for each of these changes.
pub(super) struct ChangeGroup<'c> {
    pub(super) flags: Vec<&'c str>,
    pub(super) lines: Vec<StyledText>,
}

impl FlagChangeJson {
    fn new(LoggedChange { flag, owner, environment, change }: &LoggedChange) -> Self {
        let through = match change {
            FlagChange::Through(change) => Some(source(change)),
            FlagChange::Own(_)
            | FlagChange::Metadata(_)
            | FlagChange::Invalid(_)
            | FlagChange::StillInvalid(_)
            | FlagChange::ValidAgain
            | FlagChange::Unchanged => None,
        };
        Self {
            flag: flag.clone(),
            owner: owner.clone(),
            environment: environment.clone(),
            kind: ChangeKind::of(change).name(),
            change: flag_change_kind(change),
            through: through.map(|(kind, name)| ThroughJson { kind, name: name.to_owned() }),
            text: flag_change(change, ListText::Whole),
            summary: StyledText::default().with(flag_change_role(change), flag_change(change, ListText::Shortened)),
        }
    }
}

impl CommitJson {
    /// Describes a commit and its changes of a flag, or of all flags.
    pub(super) fn new(details: &CommitDetails, flag: Option<&str>, changes: &[LoggedChange]) -> Self {
        let at = Timestamp::from_second(details.seconds).map_or_else(|_| String::new(), |time| time.to_string());
        let is_about_flag = flag.is_none_or(|flag| details.trailers(FLAG).any(|key| key == flag));
        let trailer = |name| details.trailers(name).next().filter(|_| is_about_flag).map(str::to_owned);
        Self {
            commit: details.commit.clone(),
            at,
            author: details.author.clone(),
            subject: details.subject.clone(),
            action: trailer(ACTION),
            reason: trailer(REASON),
            changes: changes.iter().map(FlagChangeJson::new).collect(),
        }
    }

    /// Returns whether the commit does not change the flag.
    pub(super) fn decides_as_before(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds the id, time, author and subject, and the command that made the commit.
    pub(super) fn heading(&self, prefix: &str, lines: &mut Lines) {
        let id = StyledText::from(prefix).with(Role::Name, short_id(&self.commit));
        lines.add(id.with(Role::Minor, format!("  {}  {}", self.at, self.author)));
        lines.add(format!("  {}", self.subject));
        if let Some(command) = self.command() {
            lines.add(StyledText::new(Role::Minor, format!("    {command}")));
        }
    }

    /// Returns the command of flagctl that made the commit, and its reason. Returns `None` if both are unknown.
    pub(super) fn command(&self) -> Option<String> {
        // The text of a kill ends with its reason.
        let has_reason =
            |change: &FlagChangeJson, reason: &str| change.change == "killed" && change.text.ends_with(reason);
        let is_shown = |reason: &str| self.changes.iter().any(|change| has_reason(change, reason));
        let reason = self.reason.as_ref().filter(|reason| !is_shown(reason));
        match (&self.action, reason) {
            (Some(action), Some(reason)) => Some(format!("flagctl {action}: {reason}")),
            (Some(action), None) => Some(format!("flagctl {action}")),
            (None, Some(reason)) => Some(format!("reason: {reason}")),
            (None, None) => None,
        }
    }

    /// Groups the flags with the same changes.
    pub(super) fn groups(&self, sets: &EnvironmentSets) -> Vec<ChangeGroup<'_>> {
        let mut by_flag: Vec<(&str, Vec<&FlagChangeJson>)> = Vec::new();
        for change in &self.changes {
            match by_flag.last_mut() {
                Some((flag, changes)) if *flag == change.flag => changes.push(change),
                _ => by_flag.push((&change.flag, vec![change])),
            }
        }
        let mut groups: Vec<ChangeGroup<'_>> = Vec::new();
        for (flag, changes) in by_flag {
            let lines = change_lines(&changes, sets);
            match groups.iter_mut().find(|group| group.lines == lines) {
                Some(group) => group.flags.push(flag),
                None => groups.push(ChangeGroup { flags: vec![flag], lines }),
            }
        }
        groups
    }
}

/// Returns a line for each change of a flag, with the environments of the change.
fn change_lines(changes: &[&FlagChangeJson], sets: &EnvironmentSets) -> Vec<StyledText> {
    let mut merged: Vec<(&FlagChangeJson, Vec<&str>)> = Vec::new();
    for change in changes {
        let environment = change.environment.as_deref();
        match merged.iter_mut().find(|(first, _)| first.text == change.text) {
            Some((_, environments)) => environments.extend(environment),
            None => merged.push((change, environment.into_iter().collect())),
        }
    }
    let line = |(change, environments): (&FlagChangeJson, Vec<&str>)| match environments.as_slice() {
        [] => change.summary.clone(),
        names => StyledText::from(format!("{}: ", sets.shown(names))).then(&change.summary),
    };
    merged.into_iter().map(line).collect()
}
