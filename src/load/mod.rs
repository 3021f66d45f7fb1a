//! From files to a project: everything that happens before compiling.
//!
//! Takes a [`Source`](crate::source::Source); returns [`Loaded`]: the texts, the definitions and the diagnostics of the
//! whole repository, or only of what some flags or test files need. A command about one flag in a repository of ten
//! thousand then reads a few files.
//!
//! Each file is parsed, lowered to the model and, if it has a misfit, validated with its schema. Files are independent
//! of each other, so this runs on all cores. What concerns several files follows: lint levels, duplicate names, and
//! values that must satisfy a JSON Schema.
//!
//! **Invariant:** definitions and diagnostics are in the order of the paths, whatever the number of cores is.
//! **Invariant:** problems in definitions are diagnostics. Only a file or folder that cannot be read is an error.

mod context_lines;
mod dependants;
mod duplicates;
mod flags;
mod lint_levels;
mod loaded;
mod parsed_file;
mod project;
mod read;
mod references;
mod test_selection;
mod value_schemas;

pub use crate::load::context_lines::{ContextBlock, ContextLine, ContextLines, MAX_CONTEXT_BYTES};
pub use crate::load::dependants::dependants;
pub use crate::load::flags::flags;
pub use crate::load::loaded::Loaded;
pub use crate::load::project::{all, settings, tests};
pub use crate::load::test_selection::{
    FlagScope, TestSelectionError, keys_for_advice, selected_tests, tested_environments,
};
