//! Suggestions in the errors of clap: the command, option or value that the user probably meant.
//!
//! clap's own suggestions are not compiled in, because they name hidden options, and because they are made by another
//! measure than those of all other messages.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::diag::closest;

/// Adds a suggestion to the error about `arguments`, the arguments of the process with the program's name.
pub(crate) fn with_suggestion(mut error: clap::Error, definition: &Command, arguments: &[OsString]) -> clap::Error {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let command = called(definition, arguments);
    let found = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
            text(ContextKind::InvalidSubcommand)
                .and_then(|name| closest(name, visible.map(Command::get_name)))
                .map(|name| (ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![name.to_owned()])))
        }
        ErrorKind::UnknownArgument => {
            let visible = command.get_arguments().filter(|argument| !argument.is_hide_set());
            let name = text(ContextKind::InvalidArg).and_then(|name| name.strip_prefix("--"));
            name.and_then(|name| closest(name, visible.filter_map(Arg::get_long)))
                .map(|name| (ContextKind::SuggestedArg, ContextValue::String(format!("--{name}"))))
        }
        ErrorKind::InvalidValue => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) => text(ContextKind::InvalidValue)
                .and_then(|value| closest(value, values.iter().map(String::as_str)))
                .map(|value| (ContextKind::SuggestedValue, ContextValue::String(value.to_owned()))),
            _ => None,
        },
        _ => None,
    };
    if let Some((kind, suggestion)) = found {
        // clap advises to write `--` before an unknown option, which cannot help if a similar option exists.
        error.remove(ContextKind::Suggested);
        error.insert(kind, suggestion);
    }
    error
}

/// Returns the command that the arguments call, which is the program itself if they call none.
fn called<'c>(definition: &'c Command, arguments: &[OsString]) -> &'c Command {
    let mut command = definition;
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        let word = &*word.to_string_lossy();
        if word == "--" {
            break;
        }
        if takes_next_word(command, word) {
            words.next();
        } else if let Some(subcommand) = command.find_subcommand(word) {
            command = subcommand;
        }
    }
    command
}

/// Returns whether a word is an option whose value is the next word.
fn takes_next_word(command: &Command, word: &str) -> bool {
    let is_named = |argument: &&Arg| match word.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => {
            word.strip_prefix('-').is_some_and(|short| argument.get_short().is_some_and(|own| short == own.to_string()))
        }
    };
    command.get_arguments().find(is_named).is_some_and(|argument| argument.get_action().takes_values())
}
