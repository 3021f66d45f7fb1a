//! The command line: arguments in, exit code out.
//!
//! **Invariant:** the only module that reads the clock, the environment and the working folder.
//! **Invariant:** stdout gets results and nothing else; an exit code never depends on the format.

mod affected_flags;
mod baselines;
mod branch_write;
mod bundle_arg;
mod change_preview;
pub(crate) mod commands;
mod context_arg;
mod decisions;
mod eval_batch;
mod flag_versions;
mod inputs;
mod merge;
mod off_variant;
mod population;
mod progress;
mod publish_target;
mod range;
mod revision_arg;
mod rule_selector;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, Result, anyhow};
use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use crate::bundle::Bundle;
use crate::compile::compile;
use crate::diag::did_you_mean;
use crate::load::Loaded;
use crate::model::{FLAGS, Settings};
use crate::report::Colour;
use crate::snapshot::File;
use crate::source::Source;

/// How a run ended, as the exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ran, and the answer is yes.
    Yes,
    /// It ran, and the answer is no.
    No,
    /// The command line asks for something that cannot be.
    Usage,
    /// It could not run.
    Failed,
}

impl Exit {
    /// What the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Failed => 3,
        }
    }
}

/// Feature flags whose control plane is a git repository
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 the answer is yes, 1 the answer is no, 2 wrong command line, 3 could not run")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: commands::Command,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

/// How a result is written, where there is no more to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

impl Format {
    /// Writes a result to stdout.
    fn write<T: Serialize>(self, result: &T, human: impl FnOnce(&T) -> String) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match self {
            Self::Human => out.write_all(human(result).as_bytes())?,
            Self::Json => {
                serde_json::to_writer_pretty(&mut out, result)?;
                writeln!(out)?;
            }
        }
        Ok(out.flush()?)
    }
}

/// What the command line lacks, found only when the definitions were read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// How a run ended that `error` kept from its result.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<UsageError>() { Exit::Usage } else { Exit::Failed }
}

/// Runs a command.
///
/// # Errors
/// Whatever kept it from running; [`exit_of`] says how that ends.
pub fn run(cli: &Cli) -> Result<Exit> {
    if let Some(folder) = &cli.global.folder {
        std::env::set_current_dir(folder).with_context(|| format!("cannot work in `{}`", folder.display()))?;
    }
    cli.command.run(&cli.global)
}

impl Global {
    fn colour(&self, stream: Stream) -> Colour {
        let choice = match (self.color, stream) {
            (When::Always, _) => ColorChoice::Always,
            (When::Never, _) => ColorChoice::Never,
            (When::Auto, Stream::Stdout) => AutoStream::choice(&std::io::stdout()),
            (When::Auto, Stream::Stderr) => AutoStream::choice(&std::io::stderr()),
        };
        if choice == ColorChoice::Never { Colour::Never } else { Colour::Ansi }
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

/// What stands before the paths of a flag repository: empty, or with a `/` at its end. It goes from the working
/// folder, in a revision from git's root.
fn prefix(source: &Source) -> String {
    let folder = match source {
        Source::Folder(folder) => folder,
        Source::Revision(revision) => return revision.prefix(),
        Source::Merged(_) => return String::new(),
    };
    #[allow(clippy::disallowed_methods, reason = "the one place that asks for the working folder")]
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let shown = folder.root().strip_prefix(&here).unwrap_or(folder.root());
    match shown.to_str() {
        Some("") => String::new(),
        _ => format!("{}/", shown.display()),
    }
}

/// `--now`, or the clock.
fn moment(given: Option<Timestamp>) -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    given.unwrap_or_else(Timestamp::now)
}

/// A moment as an argument.
fn parse_moment(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == "2000-01-01".len());
    let start = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|day| day.timestamp());
    crate::eval::moment(text).or(start).ok_or_else(|| {
        "expected a moment with an offset, such as `2026-11-22T11:02:00Z`, or a date, which begins at midnight UTC"
            .to_owned()
    })
}

/// Whether someone is there to read what is written to stderr.
fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// A flag that no file defines, with the key that was probably meant.
fn unknown_flag(key: &str, source: &Source) -> anyhow::Error {
    let paths = source.list(FLAGS).unwrap_or_default();
    let files: Vec<File> = paths.into_iter().map(|path| File::new(path, Vec::new())).collect();
    let help = did_you_mean(key, files.iter().map(File::stem));
    let at = source.revision().map_or(String::new(), |revision| format!(" at {}", revision.name()));
    anyhow!("there is no flag `{key}`{at}{}", help.map_or(String::new(), |help| format!("; {help}")))
}

/// # Errors
/// If the project does not declare the environment.
fn check_environment(name: &str, settings: &Settings) -> Result<()> {
    let names = || settings.environments.iter().map(|name| name.value.as_str());
    if names().any(|known| known == name) {
        return Ok(());
    }
    let help = did_you_mean(name, names());
    let help = help.unwrap_or_else(|| format!("the environments are {}", names().collect::<Vec<_>>().join(", ")));
    Err(anyhow!("there is no environment `{name}`; {help}"))
}

/// The environments that are asked for, compiled on all cores, in their order.
fn bundles(loaded: &Loaded, asked_for: impl Fn(&str) -> bool) -> Vec<Bundle> {
    let mut names: Vec<&str> = loaded.project.settings.environments.iter().map(|name| name.value.as_str()).collect();
    names.retain(|name| asked_for(name));
    names.par_iter().map(|name| compile(&loaded.project, name).0).collect()
}

/// Of the terminal that stdout is, in columns.
fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0.max(60))
}
