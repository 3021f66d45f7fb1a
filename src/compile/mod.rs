//! Compiles definitions to the bundle of one environment.
//!
//! The input is a [`Project`](crate::model::Project) and the name of an environment. The output is the
//! [`Bundle`](crate::bundle::Bundle) of the environment, with diagnostics for unknown names and invalid values. Names
//! become indices, percentages become ranges of buckets, and definitions are sorted by name.
//!
//! **Invariant:** if a flag cannot be compiled, the bundle omits this flag and the flags that depend on it, and
//! contains all other flags.
//! **Invariant:** the bundle depends on the content of the definitions, and not on files, positions or the order of
//! reading.

mod compiler;
mod condition;
mod environment;
mod environment_entries;
mod experiment;
mod flag;
mod guard;
mod layer;
mod names;
mod operand;
mod operand_help;
mod operator;
mod order;
mod renumber;
mod rule;
mod shadow;
mod standalone_condition;

pub use crate::compile::environment::{compile, compile_environments};
pub use crate::compile::standalone_condition::conditions;
