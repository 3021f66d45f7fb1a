//! `flagctl help`: shows the help of a command, or a topic.

use anyhow::Result;

use crate::cli::console;
use crate::cli::console::OutputStream;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::help_topic::HelpTopic;
use crate::diag::did_you_mean;
use crate::report::{Colour, Printable};

/// Show the help of a command, or a topic that several commands share
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl help rollout\n  flagctl help revisions")]
pub(crate) struct Args {
    /// A command, or a topic; without it, all commands and topics are listed
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

pub(crate) fn run(args: &Args, definition: fn() -> clap::Command) -> Result<Exit> {
    if let [name] = args.words.as_slice()
        && let Some(topic) = HelpTopic::ALL.into_iter().find(|topic| topic.name() == name)
    {
        console::write(Printable::of_program(topic.page().to_owned()))?;
        return Ok(Exit::Yes);
    }
    let definition = definition();
    let mut command = &definition;
    for word in &args.words {
        command = command.find_subcommand(word).ok_or_else(|| unknown(word, command))?;
    }
    let words = ["flagctl"].into_iter().chain(args.words.iter().map(String::as_str)).chain(["--help"]);
    // clap returns the text of `--help` as an error.
    if let Err(help) = definition.clone().try_get_matches_from(words) {
        let help = match OutputStream::Stdout.colour() {
            Colour::Ansi => help.render().ansi().to_string(),
            Colour::Never => help.render().to_string(),
        };
        console::write(Printable::of_program(help))?;
    }
    Ok(Exit::Yes)
}

fn unknown(word: &str, command: &clap::Command) -> anyhow::Error {
    let names = command.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let help = did_you_mean(word, names.chain(HelpTopic::ALL.iter().map(|topic| topic.name())));
    let help = help.unwrap_or_else(|| "`flagctl help` lists all commands and topics".to_owned());
    UsageError(format!("`{word}` is not a command or a topic; {help}")).into()
}
