//! The command line, from the arguments to the exit code.
//!
//! clap parses the arguments to a `Cli`, and [`main`] runs its command. Each command is a file in `commands`. It has
//! the arguments of the command, one call of the module that does the work, and a call of `report`, which formats the
//! result. `console` writes it. The other files of this module contain the arguments that several commands share.
//!
//! **Invariant:** no other module reads the clock, the environment variables or the working folder.
//! **Invariant:** only results are written to stdout, and an exit code never depends on the format.

mod bundle_arg;
mod code_arg;
mod command_line;
mod commands;
mod completion;
mod console;
mod context_arg;
mod decision_output;
mod definition_kind_arg;
mod diff_args;
mod diff_inputs;
mod doctor_signers;
mod environment_arg;
mod error_report;
mod eval_batch;
mod event_file;
mod exit;
mod experiment_events;
mod global;
mod golden_update;
mod grammar;
mod guard_check;
mod guard_source;
mod help_topic;
mod kill_wait;
mod max_age_arg;
mod new_definition;
mod new_files;
mod new_since_arg;
mod output_format;
mod path_arg;
mod pattern_arg;
mod percent_arg;
mod policy_check;
mod progress;
mod publish_content;
mod publish_kills;
mod publish_target;
mod pull_request;
mod questions;
mod range;
mod revision_arg;
mod rollout_schedule;
mod row_file_arg;
#[cfg(feature = "serve")]
mod serve_config;
#[cfg(feature = "serve")]
mod serve_exposures;
#[cfg(feature = "serve")]
mod serve_sources;
mod shown_findings_arg;
mod stage_clock;
mod suggestions;
mod target_arg;
mod time_arg;
mod unknown_flag;
mod until_exit;
mod validate_fix;
mod version;
mod write_args;

pub use crate::cli::command_line::main;
