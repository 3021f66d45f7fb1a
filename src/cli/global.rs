//! The options of every command: the working folder and the use of colours.

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

/// An output stream of the process.
#[derive(Clone, Copy)]
pub(crate) enum OutputStream {
    Stdout,
    Stderr,
}

impl Global {
    /// Returns whether to use colours on a stream. Without `--color`, the environment variables `NO_COLOR` and
    /// `CLICOLOR_FORCE` decide. If they are not set, only terminals have colours.
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
