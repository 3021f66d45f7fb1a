//! Loads a project from files: all steps before compiling.
//!
//! The input is a [`Source`](crate::source::Source). The output is [`Loaded`]: the texts, the definitions and the
//! diagnostics of the complete repository, or only of the files that some flags or test files need. A command for one
//! flag in a repository of ten thousand flags therefore reads only a few files.
//!
//! Each file is parsed, lowered to the model and, if it has a misfit, validated with its schema. Files are independent
//! of each other, so these steps run on all cores. The checks that need several files follow: lint levels, duplicate
//! names, and values that must satisfy a JSON Schema.
//!
//! **Invariant:** definitions and diagnostics are in the order of the paths, for any number of cores.
//! **Invariant:** problems in definitions are diagnostics. Only a file or folder that cannot be read is an error.

mod changed_file;
mod context_lines;
mod dependants;
mod duplicates;
mod flags;
mod kill_share;
mod limits;
mod lint_levels;
mod loaded;
mod names;
mod needed;
mod parsed_file;
mod project;
mod read;
mod references;
mod required_version;
mod test_selection;
mod value_schemas;

pub use crate::load::changed_file::with_changed_flag;
pub use crate::load::context_lines::{ContextBlock, ContextLine, ContextLines, MAX_CONTEXT_BYTES};
pub use crate::load::dependants::{SharedNames, dependants, dependants_and_each_other};
pub use crate::load::flags::{flags, segment};
pub use crate::load::kill_share::kill_share;
pub use crate::load::loaded::Loaded;
pub use crate::load::names::{folded, refused_by_windows};
pub use crate::load::needed::needed_files;
pub use crate::load::parsed_file::file_problems;
pub use crate::load::project::{all, file, kills, settings, tests};
pub use crate::load::test_selection::{
    FlagScope, TestSelectionError, keys_for_advice, selected_tests, tested_environments,
};
