//! The complete command line: the global options and one command, and the whole run from the arguments to the exit code.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::{panic, thread};

use anyhow::{Context as _, Result};
use clap::{CommandFactory, FromArgMatches, Parser};
use rayon::ThreadPoolBuilder;

use crate::cli::commands::Command;
use crate::cli::console;
use crate::cli::console::OutputStream;
use crate::cli::exit::{Exit, exit_of};
use crate::cli::global::{Global, apply_colour_of};
#[cfg(feature = "serve")]
use crate::cli::serve_config;
use crate::cli::suggestions::with_suggestion;
use crate::cli::version::version;
use crate::cli::{completion, grammar, help_topic};
use crate::report::escape;
use crate::report::{Colour, Printable};

/// Feature flags whose control plane is a git repository
#[derive(Debug, Parser)]
#[command(version = version(), bin_name = "flagctl", max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Returns the definition of the whole command line.
pub(crate) fn definition() -> clap::Command {
    let topics = help_topic::list();
    let definition = grammar::ordered(Cli::command());
    #[cfg(feature = "serve")]
    let definition = serve_config::with_variables(definition);
    grammar::with_styled_headings(definition.after_help(format!(
        "Help topics:{topics}\n\n`flagctl help COMMAND` shows a command, and `flagctl help TOPIC` a topic.\n\nExample: flagctl list --tag checkout"
    )))
}

/// The stack of each thread in bytes. Definitions and JSON are nested, at most 256 levels deep, and the functions that
/// read them are recursive. The stack must suffice whatever `ulimit -s` and `RUST_MIN_STACK` say.
const STACK_BYTES: usize = 16 << 20;

/// Runs the command of the process's arguments, and returns its exit code.
pub fn main() -> ExitCode {
    let exit = match thread::Builder::new().stack_size(STACK_BYTES).spawn(run_arguments) {
        // The message of a panic was already written.
        Ok(thread) => thread.join().unwrap_or_else(|payload| panic::resume_unwind(payload)),
        Err(error) => report(&no_thread(error)),
    };
    ExitCode::from(exit.code())
}

fn run_arguments() -> Exit {
    let arguments = std::env::args_os().collect::<Vec<_>>();
    if let Some(request) = completion::requested(&arguments) {
        return completion::answer(request, definition, STACK_BYTES).unwrap_or_else(|error| report(&error));
    }
    let cli = parse(&definition(), &arguments);
    #[cfg(feature = "serve")]
    let cli = cli.and_then(|cli| match cli.command.config_file() {
        // The file has the default values, with which the arguments are parsed again.
        Some(path) => match serve_config::with_file(definition(), &cli.global.resolved(path)) {
            Ok(definition) => parse(&definition, &arguments),
            Err(error) => Err(report(&error)),
        },
        None => Ok(cli),
    });
    cli.map_or_else(|exit| exit, |cli| run(&cli).unwrap_or_else(|error| report(&error)))
}

fn no_thread(error: impl Into<anyhow::Error>) -> anyhow::Error {
    error.into().context("cannot start a thread")
}

/// Parses the arguments. If they are wrong, or ask for help, writes clap's message.
///
/// The message quotes arguments, and it has colours, so it cannot be escaped as a whole. The arguments are escaped
/// instead: the message is that of the escaped arguments.
fn parse(definition: &clap::Command, arguments: &[OsString]) -> Result<Cli, Exit> {
    let parsed = |arguments: &[OsString]| {
        let mut definition = definition.clone();
        let parsed = definition.try_get_matches_from_mut(arguments);
        let cli = parsed.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
        cli.map_err(|error| with_suggestion(error, &definition, arguments))
    };
    let error = match parsed(arguments) {
        Ok(cli) => return Ok(cli),
        Err(error) => error,
    };
    let escaped = |argument: &OsString| OsString::from(escape::line(&argument.to_string_lossy()).into_owned());
    let shown: Vec<OsString> = arguments.iter().map(escaped).collect();
    let is_escaped = shown != arguments;
    let error = if is_escaped { parsed(&shown).err().unwrap_or(error) } else { error };
    let stream = if error.use_stderr() { OutputStream::Stderr } else { OutputStream::Stdout };
    apply_colour_of(arguments);
    let message = match stream.colour() {
        Colour::Ansi => error.render().ansi().to_string(),
        Colour::Never => error.render().to_string(),
    };
    let message = Printable::of_program(message);
    match stream {
        OutputStream::Stderr => {
            console::write_stderr(message);
            Err(Exit::Usage)
        }
        // The help is the result that the user asks for.
        OutputStream::Stdout => Err(match console::write(message) {
            Ok(()) => Exit::Yes,
            Err(error) => report(&error.into()),
        }),
    }
}

/// Writes an error to stderr, and returns its exit code. A closed pipe has no message, because a reader such as `head`
/// closes it when it has read enough.
fn report(error: &anyhow::Error) -> Exit {
    if !is_closed_pipe(error) {
        console::error(format!("{error:#}"));
    }
    exit_of(error)
}

/// Returns whether an error means that the reader of stdout has closed the pipe.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(kind))
}

fn run(cli: &Cli) -> Result<Exit> {
    cli.global.apply_colour();
    ThreadPoolBuilder::new().stack_size(STACK_BYTES).build_global().map_err(no_thread)?;
    if let Some(folder) = &cli.global.folder {
        std::env::set_current_dir(folder).with_context(|| format!("cannot work in `{}`", folder.display()))?;
    }
    cli.command.run(&cli.global, definition)
}
