//! The commands. Each command is a file with its arguments and a function `run` that runs it.
//!
//! **Invariant:** no command uses another command.

mod blame;
mod completions;
mod diff;
mod doctor;
mod eval;
mod experiment;
mod explain;
mod export;
mod exposures;
mod fmt;
mod guard;
mod help;
mod init;
mod kill;
mod list;
mod log;
mod lsp;
mod man;
mod new;
mod policy;
mod promote;
mod publish;
mod pull;
mod remove;
mod rename;
mod revive;
mod rollout;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod shadow;
mod show;
mod status;
mod test;
mod validate;
mod verify;
mod verify_kill;

#[cfg(feature = "serve")]
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::exit::Exit;
use crate::cli::global::Global;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    New(new::Args),
    Doctor(doctor::Args),
    Eval(eval::Args),
    Validate(validate::Args),
    Fmt(fmt::Args),
    Test(test::Args),
    Diff(diff::Args),
    Show(show::Args),
    List(list::Args),
    Log(log::Args),
    Kill(kill::Args),
    Revive(revive::Args),
    VerifyKill(verify_kill::Args),
    Policy(policy::Args),
    Rollout(rollout::Args),
    Guard(guard::Args),
    Exposures(exposures::Args),
    Experiment(experiment::Args),
    Shadow(shadow::Args),
    Promote(promote::Args),
    Rename(rename::Args),
    Remove(remove::Args),
    Blame(blame::Args),
    Export(export::Args),
    Publish(publish::Args),
    Verify(verify::Args),
    Pull(pull::Args),
    Status(status::Args),
    #[cfg(feature = "serve")]
    Serve(Box<serve::Args>),
    Explain(explain::Args),
    Schema(schema::Args),
    Lsp(lsp::Args),
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
}

impl Command {
    /// Returns the file with options for the command, if the command line names one.
    #[cfg(feature = "serve")]
    pub(crate) fn config_file(&self) -> Option<&Path> {
        match self {
            Self::Serve(args) => args.config.as_deref(),
            _ => None,
        }
    }

    /// Runs the command. `definition` returns the whole command line, which `completions`, `man` and
    /// `help` show.
    pub(crate) fn run(&self, global: &Global, definition: fn() -> clap::Command) -> Result<Exit> {
        match self {
            Self::Init(args) => init::run(args, global),
            Self::New(args) => new::run(args, global),
            Self::Doctor(args) => doctor::run(args),
            Self::Eval(args) => eval::run(args),
            Self::Validate(args) => validate::run(args),
            Self::Fmt(args) => fmt::run(args),
            Self::Test(args) => test::run(args, global),
            Self::Diff(args) => diff::run(args, global),
            Self::Show(args) => show::run(args),
            Self::List(args) => list::run(args),
            Self::Log(args) => log::run(args),
            Self::Kill(args) => kill::run(args),
            Self::Revive(args) => revive::run(args),
            Self::VerifyKill(args) => verify_kill::run(args),
            Self::Policy(args) => policy::run(args),
            Self::Rollout(args) => rollout::run(args),
            Self::Guard(args) => guard::run(args),
            Self::Exposures(args) => exposures::run(args),
            Self::Experiment(args) => experiment::run(args),
            Self::Shadow(args) => shadow::run(args),
            Self::Promote(args) => promote::run(args),
            Self::Rename(args) => rename::run(args),
            Self::Remove(args) => remove::run(args),
            Self::Blame(args) => blame::run(args),
            Self::Export(args) => export::run(args),
            Self::Publish(args) => publish::run(args),
            Self::Verify(args) => verify::run(args),
            Self::Pull(args) => pull::run(args),
            Self::Status(args) => status::run(args),
            #[cfg(feature = "serve")]
            Self::Serve(args) => serve::run(args),
            Self::Explain(args) => explain::run(args),
            Self::Schema(args) => schema::run(args),
            Self::Lsp(args) => lsp::run(args),
            Self::Completions(args) => completions::run(args, definition),
            Self::Man(args) => man::run(args, definition),
            Self::Help(args) => help::run(args, definition),
        }
    }
}
