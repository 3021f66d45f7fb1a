//! The results of `flagctl experiment`: effects with every number that is needed to compute them again, and the verdict.

mod event_rows;
mod html;
mod human;
mod json;
mod markdown;
mod number;
pub mod power;
pub mod sql;

pub use crate::report::experiment::event_rows::EventRowsJson;
pub use crate::report::experiment::html::page;
pub use crate::report::experiment::human::lines;
pub use crate::report::experiment::json::{AnalysisJson, InputJson, OriginJson};
pub use crate::report::experiment::markdown::markdown;
