//! Differences: the effect of a change on all contexts.
//!
//! The file `build` makes the structures of `json` from the results of the analysis, with the phrases of `phrases`. The
//! files `human` and `markdown` write these structures as text, so all formats have the same content.

mod build;
pub mod human;
mod json;
pub mod markdown;
mod phrases;

pub use crate::report::diff::build::{EvalSources, flag_diffs, violation};
pub use crate::report::diff::json::{
    AnswerJson, CauseJson, DiffJson, EndpointJson, EventJson, ExampleDecisionJson, ExampleJson, FlagChangeJson,
    FlagDiffJson, RegionJson, ShareJson, SideJson, TransitionJson, UnitsJson, UnusableJson,
};
pub(crate) use crate::report::diff::phrases::cause as cause_words;
pub(crate) use crate::report::diff::phrases::region;
