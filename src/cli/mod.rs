//! The command line: arguments in, exit code out.
//!
//! [`Cli`] is what clap parses, and [`run`] runs one command of it. Each command is a file of [`commands`]: its
//! arguments, one call into the module that it is about, and the rendering of the result by `report`. Arguments that
//! several commands have, and what a terminal needs, are in files beside that folder.
//!
//! **Invariant:** nothing else reads the clock, the environment variables and the working folder.
//! **Invariant:** stdout gets results and nothing else, and an exit code never depends on the format.

mod bundle_arg;
mod command_line;
mod commands;
mod context_arg;
mod decision_output;
mod diff_args;
mod diff_inputs;
mod environment_arg;
mod error_report;
mod eval_batch;
mod exit;
mod findings_format_arg;
mod global;
mod golden_update;
mod output_format;
mod path_arg;
mod progress;
mod publish_content;
mod publish_target;
mod range;
mod revision_arg;
mod terminal;
mod time_arg;
mod unknown_flag;
mod until_exit;
mod write_args;

pub use crate::cli::command_line::{Cli, run};
pub use crate::cli::exit::{Exit, exit_of};
