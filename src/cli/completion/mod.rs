//! Answers a shell that completes a command line.
//!
//! The script of a shell starts flagctl with the name of the shell in the variable `COMPLETE`, and with the words of the
//! command line up to the cursor, after `--`. flagctl writes the candidates for the last word, one on each line, each with a
//! description. Without words it writes the script. Every other command line runs its command, so the variable cannot
//! change what a command answers.
//!
//! **Invariant:** only reads, from the folder of `-C` and the revision of `--at`, and executes nothing.
//! **Invariant:** a problem means that there are no candidates. Nothing is written to stderr, and the answer takes at most
//! [`TIME_LIMIT`].

mod arguments;
mod attribute_values;
mod definition_names;
mod install;
mod revisions;
mod script;
mod typed;

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, panic, thread};

use anyhow::Result;
use clap_complete::engine;
use rayon::ThreadPoolBuilder;

use crate::cli::completion::arguments::with_completers;
use crate::cli::completion::script::CompletedShell;
use crate::cli::completion::typed::Typed;
use crate::cli::console;
use crate::cli::exit::Exit;
use crate::report::completions::{Candidate, lines};

pub(crate) use crate::cli::completion::install::install;
pub(crate) use crate::cli::completion::script::script;

/// The variable with the name of the shell.
const VARIABLE: &str = "COMPLETE";
/// The longest time for an answer. A person waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// What a shell asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Script(CompletedShell),
    /// The candidates for the last word. The first word is the name of the program.
    Candidates(CompletedShell, Vec<OsString>),
}

/// Returns what a shell asks for, or `None` if a person or a program runs a command.
pub(crate) fn requested(arguments: &[OsString]) -> Option<Request> {
    let shell = CompletedShell::of_path(&env::var_os(VARIABLE)?)?;
    match arguments {
        [_] => Some(Request::Script(shell)),
        [_, separator, words @ ..] if separator == "--" => Some(Request::Candidates(shell, words.to_vec())),
        _ => None,
    }
}

/// Writes the answer for a shell. `stack_bytes` is the stack of threads that read definitions.
///
/// # Errors
/// Returns an error if the answer cannot be written.
pub(crate) fn answer(request: Request, definition: fn() -> clap::Command, stack_bytes: usize) -> Result<Exit> {
    let (shell, words) = match request {
        Request::Script(shell) => {
            console::write(shell.script())?;
            return Ok(Exit::Yes);
        }
        Request::Candidates(shell, words) => (shell, words),
    };
    panic::set_hook(Box::new(|_| ()));
    let (sender, receiver) = mpsc::channel();
    let find = move || {
        let _ = ThreadPoolBuilder::new().stack_size(stack_bytes).build_global();
        // The receiver no longer exists if this took too long.
        let _ = sender.send(candidates(words, definition));
    };
    if thread::Builder::new().stack_size(stack_bytes).spawn(find).is_ok()
        && let Ok(candidates) = receiver.recv_timeout(TIME_LIMIT)
    {
        console::write(lines(&candidates, shell.separator()))?;
    }
    Ok(Exit::Yes)
}

/// Returns the candidates for the last word.
fn candidates(words: Vec<OsString>, definition: fn() -> clap::Command) -> Vec<Candidate> {
    let Some((current, before)) = words.split_last() else { return Vec::new() };
    let typed = Typed::new(definition(), before);
    if let Some(folder) = &typed.folder
        && env::set_current_dir(folder).is_err()
    {
        return Vec::new();
    }
    let is_option = current.as_encoded_bytes().starts_with(b"-");
    let index = before.len();
    let mut definition = with_completers(definition(), &Arc::new(typed));
    let found = engine::complete(&mut definition, words, index, None).unwrap_or_default();
    let found = found.into_iter().filter(|candidate| !candidate.is_hide_set()).filter_map(|candidate| {
        let description = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        Some(Candidate::new(candidate.get_value().to_str()?, &description))
    });
    let found: Vec<Candidate> = found.collect();
    // Where a name is expected, the options would hide the names.
    let (options, names): (Vec<_>, Vec<_>) = found.into_iter().partition(|candidate| candidate.value.starts_with('-'));
    if is_option || names.is_empty() { options } else { names }
}
