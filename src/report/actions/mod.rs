//! Actions: the plans of the commands that write, their commits, and the result of `verify-kill`.
//!
//! The file `json` has the structures, and `human` makes the text for people from them. The files `kill`, `revive`,
//! `rollout`, `promote`, `definition` and `verify_kill` build the structures from the results of [`actions`](crate::actions), and contain the
//! sentences for the notes.

mod definition;
pub mod human;
mod json;
mod kill;
mod promote;
mod revive;
mod rollout;
pub(crate) mod schedule;
mod undo;
mod verify_kill;

pub use crate::report::actions::definition::differences;
pub use crate::report::actions::json::{
    ActionJson, CommittedJson, DefinitionChangeJson, EffectJson, FileChangeJson, KillProofJson, PullRequestJson,
    PullRequestOpener, RolloutPositionJson, RolloutPositionsJson, TurnedOffJson,
};
pub use crate::report::actions::schedule::{AdvanceJson, MadeStepJson, ScheduleJson, StepJson, WaitJson};
