//! Differences: what a change does to all contexts.
//!
//! `build` makes the structures of `json` from the results of the analysis, with the words of `phrases`; `human` and
//! `markdown` write these structures as text. So every format says the same.

mod build;
mod example;
pub mod human;
mod json;
pub mod markdown;
mod phrases;

pub use crate::report::diff::build::{flag_diffs, violation};
pub use crate::report::diff::json::{
    AnswerJson, CauseJson, DiffJson, EndpointJson, EventJson, ExampleJson, FlagChangeJson, FlagDiffJson, RegionJson,
    ShareJson, SideJson, TransitionJson, UnitsJson,
};
pub use crate::report::diff::phrases::region;
