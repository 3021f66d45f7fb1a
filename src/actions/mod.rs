//! The actions on a branch: kill flags, revive them, roll out a rule, and prove that commits only turn flags off.
//!
//! An action takes plain values, such as keys of flags and names of environments. It works in two steps. The first step
//! reads the tip of a branch through a [`WriteSession`] and returns a plan: for each flag in each environment the bundles
//! before and after, and notes about the consequences. The second step, `commit` of the plan, makes one commit. Between
//! both steps a command shows the plan and asks for confirmation, so that a person sees the exact consequences before
//! anything is written.
//!
//! - [`KillPlan`], [`RevivePlan`] and [`RolloutPlan`] are the plans. [`Undo`] is the command that reverts each of them.
//! - [`verify_kill`] reads two revisions and returns a [`KillProof`]. It writes nothing.
//!
//! Notes and objections are enums and not sentences, so that programs can tell them apart; `report` has the sentences.
//!
//! **Invariant:** only what is committed counts: neither the working tree nor the index is read.
//! **Invariant:** a commit applies to the files that the branch has at that time. If they differ from those of the plan in
//! a way that matters, nothing is written.

mod change_preview;
mod error;
mod flag_definition;
mod kill;
mod kill_effect;
mod kill_file;
mod message;
mod off_variant;
mod revive;
mod rollout;
mod rollout_edit;
mod rollout_effect;
mod rollout_positions;
mod rule_selector;
mod session;
mod targets;
mod undo;
mod verify_kill;

pub use crate::actions::error::{ActionError, Ambiguity};
pub use crate::actions::kill::{KillPlan, KillRequest};
pub use crate::actions::kill_effect::{KillEffect, KillNote, KillStatus};
pub use crate::actions::message::ActionKind;
pub use crate::actions::off_variant::{DatedCommit, OffVariantHistory};
pub use crate::actions::revive::{ReviveEffect, RevivePlan, SinceKill};
pub use crate::actions::rollout::{RolloutPlan, RolloutRequest, RolloutStep};
pub use crate::actions::rollout_effect::{RolloutEffect, RolloutNote, UnitMoves};
pub use crate::actions::rollout_positions::{RolloutPosition, rollout_positions};
pub use crate::actions::session::{CommittedAction, Destination, WriteMode, WriteOptions, WriteSession};
pub use crate::actions::targets::Targets;
pub use crate::actions::undo::{Undo, UndoCommand};
pub use crate::actions::verify_kill::{KillProof, Objection, TurnedOff, verify_kill};
