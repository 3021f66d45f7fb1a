//! The history of a flag: `flagctl log` and `flagctl blame`. Each file has the JSON structure of a result, and makes
//! the text for people from this structure.

mod blame;
pub(crate) mod change;
mod commit;
mod log;

pub use crate::report::history::blame::{BlameJson, blame};
pub use crate::report::history::commit::CommitJson;
pub use crate::report::history::log::{FlagLogJson, log};
