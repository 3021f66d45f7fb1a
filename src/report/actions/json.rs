//! Plans, commits and proofs as flagctl's own JSON. The texts for people are made from these structures.

use serde::Serialize;

use crate::actions::CommittedAction;
use crate::report::Role;
use crate::report::flags::FlagStateJson;

/// A plan and its commit.
#[derive(Debug, Serialize)]
pub struct ActionJson {
    /// The version of this structure.
    pub version: u32,
    /// The name of the action, which is also in the trailer of the commit.
    pub action: &'static str,
    /// The effect on each flag in each environment.
    pub effects: Vec<EffectJson>,
    /// The rename or removal of a definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<DefinitionChangeJson>,
    /// The command that reverts the action, quoted for a shell.
    pub undo: String,
    /// The commit, or `None` if nothing was committed, for example with `--dry-run`.
    pub written: Option<CommittedJson>,
}

/// The effect on a flag in an environment.
#[derive(Debug, Serialize)]
pub struct EffectJson {
    /// The key of the flag.
    pub flag: String,
    /// The name of the environment.
    pub environment: String,
    /// Whether the action changes anything.
    pub changes: bool,
    /// The behaviour of the flag before the action, in words.
    pub before: FlagStateJson,
    /// The steps of a decision after the action.
    pub after: Vec<String>,
    /// Consequences and reasons, one sentence each.
    pub notes: Vec<String>,
    /// Whether the action turns the flag on or off.
    #[serde(skip)]
    pub(crate) direction: Direction,
}

/// Whether more or fewer contexts get something else than `off` after an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// More contexts do.
    On,
    /// Fewer contexts do.
    Off,
    /// Both are possible.
    Either,
}

impl Direction {
    /// Returns the role of the steps after the action.
    pub(super) fn role(self) -> Option<Role> {
        match self {
            Self::On => Some(Role::Good),
            Self::Off => Some(Role::Bad),
            Self::Either => None,
        }
    }
}

impl EffectJson {
    /// Returns whether two effects are the same, apart from their environments.
    pub(super) fn has_same_plan(&self, other: &Self) -> bool {
        (&self.flag, self.changes, &self.before.steps, &self.after, &self.notes)
            == (&other.flag, other.changes, &other.before.steps, &other.after, &other.notes)
    }
}

/// A rename or a removal of a definition.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionChangeJson {
    /// The kind of the definition: `flag`, `segment` or `attribute`.
    pub kind: &'static str,
    /// The name before the change.
    pub name: String,
    /// The name after a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// The files that change, in the order of their paths.
    pub files: Vec<FileChangeJson>,
    /// What is proven, and consequences, one sentence each.
    pub notes: Vec<String>,
}

/// A file that a rename or a removal changes. The paths are relative to git's root.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChangeJson {
    /// The path.
    pub path: String,
    /// The path after the change, if the file moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_path: Option<String>,
    /// Whether the file is removed.
    pub removed: bool,
    /// The number of positions in the text at which the name is changed.
    pub places: usize,
}

/// A commit that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommittedJson {
    /// The name of the branch.
    pub branch: String,
    /// The full id of the commit, or `None` if another commit had already made the same change.
    pub commit: Option<String>,
    /// The name of the remote to which the commit was pushed.
    pub remote: Option<String>,
    /// The default branch of the remote from which the branch was made, if the push made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_from: Option<String>,
    /// The reason why the local branch does not have the commit yet.
    pub left: Option<String>,
    /// The pull request for the branch, or the page that opens one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<PullRequestJson>,
}

/// A pull request.
#[derive(Debug, Serialize)]
pub struct PullRequestJson {
    /// The address of the pull request, or of the page that opens it.
    pub address: String,
    /// Who opens it.
    pub opened: PullRequestOpener,
}

/// Who opens a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullRequestOpener {
    /// `gh` has opened it.
    Gh,
    /// The push has asked GitLab to open it.
    Push,
    /// A person opens it at the address.
    Person,
}

impl From<CommittedAction> for CommittedJson {
    fn from(committed: CommittedAction) -> Self {
        let CommittedAction { branch, commit, remote, made_from, local_branch_behind } = committed;
        Self { branch, commit, remote, made_from, left: local_branch_behind, pull_request: None }
    }
}

/// The rollouts of a flag's rules.
#[derive(Debug, Serialize)]
pub struct RolloutPositionsJson<'r> {
    /// The version of this structure.
    pub version: u32,
    /// The key of the flag.
    pub flag: &'r str,
    /// The rules by environment, in the order of promotion.
    pub rules: Vec<RolloutPositionJson>,
}

/// The rollout of a rule in an environment.
#[derive(Debug, Serialize)]
pub struct RolloutPositionJson {
    /// The name of the environment.
    pub environment: String,
    /// The name of the rule, or its number, such as `#2`.
    pub rule: String,
    /// The percentage of units that the rule admits.
    pub rollout: String,
    /// The planned percentages of the rollout, which may be empty.
    pub steps: Vec<String>,
}

/// The result of `flagctl verify-kill`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KillProofJson {
    /// The version of this structure.
    pub version: u32,
    /// The full id of the tip of the target branch.
    pub target: String,
    /// The full id of the last commit.
    pub head: String,
    /// The keys of the flags that may be killed.
    pub flags: Vec<String>,
    /// The flags that are turned off.
    pub turned_off: Vec<TurnedOffJson>,
    /// The reasons why the range is not a kill, one sentence each. If the list is empty, it is proven to be a kill.
    pub objections: Vec<String>,
}

/// A flag that is turned off in an environment.
#[derive(Debug, Serialize)]
pub struct TurnedOffJson {
    /// The key of the flag.
    pub flag: String,
    /// The name of the environment.
    pub environment: String,
    /// Why it is off: `kill`, `already-off` or `dependency`.
    pub cause: &'static str,
    /// The contexts that get `off`, one sentence for each region.
    pub moves: Vec<String>,
}
