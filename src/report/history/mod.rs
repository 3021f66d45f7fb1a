//! The history of a flag: `flagctl log` and `flagctl blame`. Each file has a result as JSON, and the text for people that
//! is made from it.

mod blame;
pub(crate) mod change;
mod commit;
mod log;

pub use crate::report::history::blame::{BlameJson, blame};
pub use crate::report::history::commit::CommitJson;
pub use crate::report::history::log::{FlagLogJson, log};
