//! Results as people and machines read them, one format a file.
//!
//! Takes findings or decisions; gives text.
//!
//! **Invariant:** machine formats are structures of their own, so that changing an internal type changes
//! nobody's JSON. Every format is complete without colour.

pub(super) mod actions;
pub(super) mod decision;
pub(super) mod diff;
pub(super) mod findings;
pub(super) mod flags;
pub(super) mod history;
mod json_layout;
mod openfeature_manifest;
mod publication;
pub(super) mod tests;
mod text;

pub use crate::report::actions::plan::{ActionJson, EffectJson, Written, plan, written};

pub use crate::report::actions::rollout::{RolloutJson, RolloutsJson, rollouts};
pub use crate::report::actions::verify_kill::{TurnedOffJson, VerdictJson, verdict};
pub use crate::report::decision::explanation::explanation;
pub use crate::report::decision::human::{decision, decisions, served};
pub use crate::report::decision::json::{DecisionJson, DecisionsJson};
pub use crate::report::diff::build::{End, flag_diffs};
pub use crate::report::diff::human::diff;
pub use crate::report::diff::json::{
    CauseJson, DiffJson, EndJson, ExampleJson, FlagChangeJson, FlagDiffJson, RegionJson, ShareJson, TransitionJson,
    UnitsJson,
};
pub use crate::report::diff::markdown::diff_markdown;
pub use crate::report::diff::merge::{MergeJson, merge, merge_markdown};
pub use crate::report::findings::contents::CheckedContents;
pub use crate::report::findings::{Colour, FindingsFormat, Validation, validation};
pub use crate::report::flags::build::{FlagsJson, compiled_flag, written_flag};
pub use crate::report::flags::compiled::{CompiledJson, RequiredJson, RuleJson, VariantJson, compiled};
pub use crate::report::flags::dependants::Dependants;
pub use crate::report::flags::human::{
    About, FlagJson, ServingState, StateJson, WrittenJson, flag, flags, rule, state,
};
pub use crate::report::history::blame::{BlameJson, EraJson, GotJson, SinceJson, blame};
pub use crate::report::history::log::{CommitJson, HistoryJson, history, words};
pub use crate::report::json_layout::fitted;
pub use crate::report::openfeature_manifest::{Described, manifest};
pub use crate::report::publication::{
    BundleJson, EntryJson, OutcomeJson, PublicationJson, PublicationsJson, PullJson, PulledJson, VerificationJson,
    VerificationsJson, publications, pull, verifications,
};
pub use crate::report::tests::{TestReport, tests};

/// Whom a region moves: `25% of units where country eq "US": off → on`.
pub fn region(region: &crate::analyze::Region) -> String {
    crate::report::diff::phrases::region(region, &[])
}
