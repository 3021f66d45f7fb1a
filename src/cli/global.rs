//! The options that every command has: the folder to start in, and when to use colours.

use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use crate::report::Colour;

#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) folder: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: ColourWhen,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColourWhen {
    Auto,
    Always,
    Never,
}

/// A stream that the process writes to.
#[derive(Clone, Copy)]
pub(crate) enum OutputStream {
    Stdout,
    Stderr,
}

impl Global {
    /// Returns whether a stream is coloured. Without `--color`, terminals are, and the environment variables `NO_COLOR`
    /// and `CLICOLOR_FORCE` decide otherwise.
    pub(crate) fn colour(&self, stream: OutputStream) -> Colour {
        let choice = match (self.color, stream) {
            (ColourWhen::Always, _) => ColorChoice::Always,
            (ColourWhen::Never, _) => ColorChoice::Never,
            (ColourWhen::Auto, OutputStream::Stdout) => AutoStream::choice(&std::io::stdout()),
            (ColourWhen::Auto, OutputStream::Stderr) => AutoStream::choice(&std::io::stderr()),
        };
        if choice == ColorChoice::Never { Colour::Never } else { Colour::Ansi }
    }
}
