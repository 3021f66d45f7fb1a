//! The texts of new files: a flag repository from answers to a few questions, and single definitions.
//!
//! The module takes answers, such as the names of the environments, and returns paths and texts. It reads and writes no
//! files, so the same answers always give the same texts. A file that another tool owns, such as `CODEOWNERS`, may exist
//! already. It then has lines to add, which a person adds.
//!
//! **Invariant:** with any answers, `flagctl validate` finds nothing in the definitions, and `flagctl test` passes.

mod answers;
mod ci;
mod definitions;
mod environment;
mod flag;
mod new_file;
mod place;
mod segment;
mod suite;
mod surroundings;

pub use crate::scaffold::answers::{Answers, CiService, FIRST_FLAG, Serving, TARGET};
pub use crate::scaffold::definitions::definitions;
pub use crate::scaffold::environment::{Position, flag_with_environment, project_with_environment};
pub use crate::scaffold::flag::{CopyError, FlagFacts, copied_flag, copied_segment, flag, written_facts};
pub use crate::scaffold::new_file::NewFile;
pub use crate::scaffold::place::Place;
pub use crate::scaffold::segment::segment;
pub use crate::scaffold::suite::{Expected, suite};
pub use crate::scaffold::surroundings::surroundings;
