//! Differences: the effect of a change on all contexts.
//!
//! The file `build` makes the structures of `json` from the results of the analysis, with the phrases of `phrases` and
//! the parts of sentences of `sentence`. The files `human` and `markdown` and the folder `html` write these structures
//! with the sentences of `headline` and the numbers of `counts`, so all formats have the same content. The file `bars`
//! draws the pictures of shares for them.

mod bars;
mod build;
mod condition;
mod counts;
mod headline;
pub mod html;
pub mod human;
mod json;
pub mod markdown;
mod phrases;
mod sentence;

pub use crate::report::diff::build::{EvalSources, RevisionNames, flag_diffs, violation};
#[cfg(feature = "serve")]
pub use crate::report::diff::headline::headlines;
pub use crate::report::diff::json::{
    AnswerJson, CauseJson, DiffJson, EndpointJson, EventJson, ExampleDecisionJson, ExampleJson, FlagChangeJson,
    FlagDiffJson, RegionJson, ShareJson, SideJson, TransitionJson, UnitsJson, UnusableJson, VariantShareJson,
};
pub(crate) use crate::report::diff::phrases::cause as cause_words;
pub(crate) use crate::report::diff::phrases::region;
