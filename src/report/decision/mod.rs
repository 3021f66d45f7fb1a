//! Decisions: the variant that a context gets, and the reason.

pub mod explanation;
pub mod human;
mod json;
pub(crate) mod steps;
#[cfg(feature = "serve")]
pub(crate) mod trace_html;
mod value;

pub use crate::report::decision::json::{DecisionJson, DecisionsJson};
