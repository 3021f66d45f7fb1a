//! The result of `flagctl status`, as flagctl's own JSON and as text.

use jiff::Timestamp;
use serde::Serialize;

use crate::git::short_id;
use crate::live::{LiveRelation, LiveStatus};
use crate::publish::LogEntry;
use crate::report::publication::LogEntryJson;
use crate::report::publication::human::kill;
use crate::report::text::{counted, grouped};
use crate::report::{Lines, Role, StyledText};

/// The result of `flagctl status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusJson {
    /// The version of this structure.
    pub version: u32,
    /// What is merged.
    pub merged: MergedJson,
    /// The targets.
    pub targets: Vec<TargetStatusJson>,
}

/// The commit that is merged, as this clone knows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MergedJson {
    /// The name of the branch.
    pub name: String,
    /// The full id of the commit.
    pub commit: String,
    /// The time of the commit.
    pub time: String,
    /// The age of the commit in seconds.
    pub age_seconds: i64,
}

/// What is live at a target.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetStatusJson {
    /// The location.
    pub target: String,
    /// The name of the target in `flagctl.yaml`, or `None` for a location.
    pub name: Option<String>,
    /// The environments.
    pub environments: Vec<EnvironmentStatusJson>,
    /// The reason why the target cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What is live in an environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentStatusJson {
    /// The environment's name.
    pub environment: String,
    /// What is published, compared with what is merged.
    pub state: StateJson,
    /// The number of merged commits that are not published, or `None` if it is not known.
    pub behind: Option<usize>,
    /// The current entry, or `None` if it cannot be read.
    pub current: Option<LogEntryJson>,
    /// The age of what is current in seconds: that of the commit that `created` is about.
    pub age_seconds: Option<i64>,
    /// The signer of the current manifest, or `None` if signatures were not checked.
    pub signer: Option<String>,
    /// The kills.
    pub kills: KillStatusJson,
    /// The reason why the state is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The kills of an environment.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KillStatusJson {
    /// The keys of the flags that are killed and live.
    pub live: Vec<String>,
    /// The keys of the flags whose merged kills are not live.
    pub waiting: Vec<String>,
    /// The keys of the flags that were revived, and whose kills are still live.
    pub revived: Vec<String>,
}

/// What is published, compared with what is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateJson {
    /// What is merged is live.
    Live,
    /// The published commit is older.
    Behind,
    /// The published commit is newer than the merged one that this clone knows.
    Ahead,
    /// Neither commit is based on the other one.
    Diverged,
    /// This clone does not have the published commits.
    Unknown,
    /// Nothing is published.
    Nothing,
    /// A check of what is published failed.
    Refused,
}

impl StatusJson {
    /// Returns whether all that is merged is live everywhere.
    pub fn is_up_to_date(&self) -> bool {
        let is_live = |environment: &EnvironmentStatusJson| {
            environment.state == StateJson::Live
                && environment.kills.waiting.is_empty()
                && environment.kills.revived.is_empty()
        };
        self.targets.iter().all(|target| target.problem.is_none() && target.environments.iter().all(is_live))
    }
}

impl EnvironmentStatusJson {
    /// Describes an environment whose current entry was read.
    pub fn new(entry: &LogEntry, signer: Option<String>, status: LiveStatus, now: Timestamp) -> Self {
        let (state, behind) = match status.relation {
            LiveRelation::Same => (StateJson::Live, Some(0)),
            LiveRelation::Behind(commits) => (StateJson::Behind, Some(commits)),
            LiveRelation::Ahead => (StateJson::Ahead, None),
            LiveRelation::Diverged => (StateJson::Diverged, None),
            LiveRelation::Unknown => (StateJson::Unknown, None),
        };
        let created = entry.manifest.created.parse::<Timestamp>().ok();
        Self {
            environment: entry.manifest.environment.clone(),
            state,
            behind,
            current: Some(LogEntryJson::new(entry)),
            age_seconds: created.map(|created| now.as_second() - created.as_second()),
            signer,
            kills: KillStatusJson {
                live: status.live_kills,
                waiting: status.waiting_kills,
                revived: status.waiting_revivals,
            },
            problem: None,
        }
    }

    /// Describes an environment whose current entry does not exist or was refused.
    pub fn without_entry(environment: &str, state: StateJson, problem: String) -> Self {
        Self {
            environment: environment.to_owned(),
            state,
            behind: None,
            current: None,
            age_seconds: None,
            signer: None,
            kills: KillStatusJson::default(),
            problem: Some(problem),
        }
    }
}

/// Returns lines about what is merged, and about each environment of each target.
pub fn human(status: &StatusJson) -> Lines {
    let merged = &status.merged;
    let commit = format!(": {} of {}, {} old", short_id(&merged.commit), merged.name, age(merged.age_seconds));
    let first = StyledText::new(Role::Name, "merged").plain(commit);
    let targets = status.targets.iter().flat_map(|target| {
        let name = target.name.as_deref().unwrap_or(&target.target);
        let problem = target
            .problem
            .iter()
            .map(move |problem| StyledText::new(Role::Name, name).plain(": ").with(Role::Bad, problem));
        let environments = target.environments.iter().flat_map(move |environment| lines(name, environment));
        problem.chain(environments)
    });
    std::iter::once(first).chain(targets).collect()
}

fn lines(target: &str, status: &EnvironmentStatusJson) -> Vec<StyledText> {
    let heading = StyledText::new(Role::Name, format!("{target} {}", status.environment)).plain(": ");
    let role = state_role(status);
    let Some(current) = &status.current else {
        return vec![heading.with(role, status.problem.as_deref().unwrap_or_default())];
    };
    let (commit, kills) = (short_id(&current.commit), short_id(&current.kills));
    let kills = if commit == kills { String::new() } else { format!(" with the kills of {kills}") };
    let old = status.age_seconds.map_or(String::new(), |seconds| format!(", {} old", age(seconds)));
    let state = match (status.state, status.behind) {
        (StateJson::Live, _) if status.kills.waiting.is_empty() && status.kills.revived.is_empty() => {
            "what is merged is live".to_owned()
        }
        (StateJson::Live, _) => "the merged definitions are live, with other kills".to_owned(),
        (StateJson::Behind, behind) => format!("{} behind", counted(behind.unwrap_or_default(), "commit")),
        (StateJson::Ahead, _) => "newer than what this clone knows as merged: `git fetch` updates it".to_owned(),
        (StateJson::Diverged, _) => "not a part of what is merged".to_owned(),
        (StateJson::Unknown, _) => {
            "this clone does not have all published commits: `git fetch` may fetch them".to_owned()
        }
        (StateJson::Nothing | StateJson::Refused, _) => status.problem.clone().unwrap_or_default(),
    };
    let entry = heading.plain(format!("number {}, {commit}{kills}{old}: ", current.sequence));
    let mut lines = vec![entry.with(role, state)];
    let groups = [
        (&status.kills.waiting, Role::Bad, "is killed, and the kill is not live"),
        (&status.kills.revived, Role::Caution, "was revived, and the kill is still live"),
    ];
    for (flags, role, what) in groups {
        lines.extend(flags.iter().map(|flag| kill(flag, role, what)));
    }
    if !status.kills.live.is_empty() {
        lines.push(format!("  kills that are live: {}", status.kills.live.join(", ")).into());
    }
    lines
}

/// Returns the role of the state of an environment.
fn state_role(status: &EnvironmentStatusJson) -> Role {
    match status.state {
        StateJson::Live if status.kills.waiting.is_empty() && status.kills.revived.is_empty() => Role::Good,
        StateJson::Live | StateJson::Behind | StateJson::Ahead | StateJson::Unknown | StateJson::Nothing => {
            Role::Caution
        }
        StateJson::Diverged | StateJson::Refused => Role::Bad,
    }
}

/// Returns a duration in its largest unit, rounded down.
fn age(seconds: i64) -> String {
    let seconds = usize::try_from(seconds).unwrap_or(0);
    match seconds {
        0..60 => counted(seconds, "second"),
        60..3_600 => counted(seconds / 60, "minute"),
        3_600..172_800 => counted(seconds / 3_600, "hour"),
        _ => format!("{} days", grouped((seconds / 86_400) as u64)),
    }
}
