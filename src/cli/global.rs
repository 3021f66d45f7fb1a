//! The options of every command: the working folder and the use of colours.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::console::OutputStream;
use crate::cli::grammar::GLOBAL;
use crate::report::Colour;

#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true, display_order = GLOBAL)]
    pub(crate) folder: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, display_order = GLOBAL + 1)]
    color: ColourWhen,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ColourWhen {
    Auto,
    Always,
    Never,
}

impl Global {
    /// Returns whether to use colours on a stream. Without `--color`, the environment variables `NO_COLOR` and
    /// `CLICOLOR_FORCE` decide. If they are not set, only terminals have colours.
    pub(crate) fn colour(&self, stream: OutputStream) -> Colour {
        match self.color {
            ColourWhen::Always => Colour::Ansi,
            ColourWhen::Never => Colour::Never,
            ColourWhen::Auto => stream.default_colour(),
        }
    }
}
