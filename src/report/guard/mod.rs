//! The results of `flagctl guard`: verdicts with every number that is needed to compute them again, and what follows.

mod chart;
mod chart_svg;
mod chart_text;
mod human;
mod json;
mod markdown;
pub mod replay;
pub mod simulation;

pub use crate::report::guard::chart_svg::check as check_svg;
pub use crate::report::guard::human::{check, run};
pub use crate::report::guard::json::{GuardCheckJson, GuardRunJson, GuardStepJson, WrittenStepJson};
pub use crate::report::guard::markdown::check as check_markdown;
