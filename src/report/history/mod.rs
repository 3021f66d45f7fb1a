//! The history of flags: `flagctl log` and `flagctl blame`. The files `blame`, `commit` and `log` have the JSON structures
//! of the results. The texts for people and the other formats are made from these structures.

mod blame;
pub(crate) mod change;
mod commit;
pub mod log;
pub mod log_csv;
#[cfg(feature = "serve")]
pub(crate) mod log_html;
pub mod log_markdown;

pub use crate::report::history::blame::{BlameJson, blame};
pub use crate::report::history::commit::CommitJson;
pub use crate::report::history::log::LogJson;
