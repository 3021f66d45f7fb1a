//! The actions on a branch: kill flags, revive them, roll out a rule, promote flags to another environment, rename and remove
//! definitions, and prove that commits only turn flags off.
//!
//! An action takes simple values, such as keys of flags and names of environments. It has two steps. The first step
//! reads the tip of a branch through a [`WriteSession`] and returns a plan. For each flag in each environment, the plan
//! has the bundles before and after the action, and notes about the consequences. The second step, the function
//! `commit` of the plan, makes one commit. Between the two steps, a command shows the plan and asks for confirmation.
//! The user therefore sees the exact consequences before anything is written.
//!
//! - [`KillPlan`], [`RevivePlan`], [`RolloutPlan`], [`PromotePlan`], [`RenamePlan`] and [`RemovePlan`] are the plans. [`Undo`] is the command that reverts each of them.
//! - `verify_kill` reads the commits that one revision has and another one lacks, and returns a [`KillProof`]. It writes
//!   nothing.
//!
//! Notes and objections are enums, so code can distinguish them. The module `report` turns them into sentences.
//!
//! **Invariant:** actions read only commits, and neither the working tree nor the index.
//! **Invariant:** a commit changes the newest files of the branch. If these files differ from the files of the plan and
//! the plan is therefore no longer correct, nothing is written.

mod change_preview;
mod error;
mod flag_definition;
mod flag_edit;
mod flag_selection;
mod guard_kill_file;
mod guard_step;
mod kill;
mod kill_effect;
mod kill_file;
mod kill_form;
mod kill_merge;
mod kill_objection;
mod message;
mod name_error;
mod name_files;
mod named_definition;
mod named_kind;
mod named_state;
mod off_variant;
mod promote;
mod promote_fields;
mod remove;
mod rename;
mod revive;
mod rollout;
mod rollout_edit;
mod rollout_effect;
mod rollout_positions;
mod rollout_schedule;
mod rule_selector;
mod session;
mod targets;
mod undo;
mod verify_kill;

pub use crate::actions::error::{ActionError, Ambiguity};
pub use crate::actions::flag_selection::FlagSelection;
pub use crate::actions::guard_kill_file::guard_kill_text;
pub use crate::actions::guard_step::{GuardStep, GuardStepRequest, KillFileStep, RolloutBack, is_moved_on};
pub use crate::actions::kill::{KillPlan, KillRequest};
pub use crate::actions::kill_effect::{KillEffect, KillNote, KillStatus};
pub use crate::actions::kill_file::KillExpiry;
pub use crate::actions::kill_objection::{EffectProblem, FormProblem, MergeProblem, Objection};
pub use crate::actions::message::ActionKind;
pub use crate::actions::name_error::NameError;
pub use crate::actions::name_files::ChangedFile;
pub use crate::actions::named_kind::NamedKind;
pub use crate::actions::off_variant::{DatedCommit, OffVariantHistory};
pub use crate::actions::promote::{PromotePlan, PromoteRequest, PromotedFlag};
pub use crate::actions::promote_fields::{PromoteNote, SharePolicy};
pub use crate::actions::remove::{RemoveEffect, RemoveNote, RemovePlan, RemoveRequest};
pub use crate::actions::rename::{RenameNote, RenamePlan, RenameRequest};
pub use crate::actions::revive::{ReviveEffect, RevivePlan, SinceKill};
pub use crate::actions::rollout::{RolloutPlan, RolloutRequest, RolloutStep};
pub use crate::actions::rollout_effect::{RolloutEffect, RolloutNote, UnitMoves};
pub use crate::actions::rollout_positions::{RolloutPosition, rollout_positions};
pub use crate::actions::rollout_schedule::{
    Schedule, ScheduledStep, StepGate, StepGroup, StepWait, due_groups, scheduled_steps,
};
pub use crate::actions::session::{CommittedAction, Destination, Review, WriteMode, WriteOptions, WriteSession};
pub use crate::actions::targets::{TargetGroup, Targets};
pub use crate::actions::undo::{Undo, UndoCommand};
pub use crate::actions::verify_kill::{KillProof, KillRange, TurnOffCause, TurnedOff, verify_kill};
