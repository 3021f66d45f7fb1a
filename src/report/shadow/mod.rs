//! The results of `flagctl shadow`: rates, intervals and the verdict, with every number that is needed to compute them
//! again.

mod html;
mod human;
mod json;
mod markdown;
mod rows;

pub use crate::report::shadow::html::page;
pub use crate::report::shadow::human::lines;
pub use crate::report::shadow::json::{ReportedShadow, ShadowReportJson};
pub use crate::report::shadow::markdown::comment;
