//! Compiles definitions to what one environment serves.
//!
//! Takes a [`Project`](crate::model::Project) and the name of an environment; returns its
//! [`Bundle`](crate::bundle::Bundle), with diagnostics for names that refer to nothing and values that mean nothing.
//! Names become indices, percentages become ranges of buckets, and definitions are sorted by name.
//!
//! **Invariant:** a flag that cannot be compiled is left out together with the flags that depend on it, and no other.
//! **Invariant:** the bundle depends on what the definitions say, not on files, positions or the order of reading.

mod compiler;
mod condition;
mod environment;
mod flag;
mod names;
mod operand;
mod operand_help;
mod operator;
mod order;
mod renumber;
mod rule;
mod standalone_condition;

pub use crate::compile::environment::{compile, compile_environments};
pub use crate::compile::standalone_condition::conditions;
