//! Actions: the plans of `kill`, `revive` and `rollout`, what was committed, and the result of `verify-kill`.
//!
//! `json` has the structures, `human` makes the text for people from them. `kill`, `revive`, `rollout` and `verify_kill`
//! build the structures from the results of [`actions`](crate::actions) and have the sentences for their notes.

pub mod human;
mod json;
mod kill;
mod revive;
mod rollout;
mod undo;
mod verify_kill;

pub use crate::report::actions::json::{
    ActionJson, CommittedJson, EffectJson, KillProofJson, RolloutPositionJson, RolloutPositionsJson, TurnedOffJson,
};
