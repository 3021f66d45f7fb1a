//! Flags: their definitions, and their state in each environment.

mod build;
mod dependants;
pub mod human;
mod json;
#[cfg(feature = "serve")]
pub(crate) mod shares;
pub mod steps;
pub(crate) mod summary;

pub use crate::report::flags::build::{compiled_flag, written_flag};
pub use crate::report::flags::dependants::Dependants;
pub use crate::report::flags::json::{
    CompiledJson, DefinitionJson, DriftJson, FlagDetailsJson, FlagJson, FlagStateJson, FlagsJson, LinkJson,
    PrerequisiteJson, RuleJson, ServingState, VariantJson,
};
