//! The options of every command: the working folder and the use of colours.

use std::ffi::OsString;
#[cfg(feature = "serve")]
use std::path::Path;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::console;
use crate::cli::grammar::GLOBAL;
use crate::report::Colour;

#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true, display_order = GLOBAL)]
    pub(crate) folder: Option<PathBuf>,
    /// When to use colours; `auto` follows the terminal, NO_COLOR and CLICOLOR_FORCE
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
    /// Returns a path of the command line, which is relative to the folder of `-C`.
    #[cfg(feature = "serve")]
    pub(crate) fn resolved(&self, path: &Path) -> PathBuf {
        self.folder.as_ref().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// Applies `--color` to all output streams.
    pub(crate) fn apply_colour(&self) {
        self.color.apply();
    }
}

impl ColourWhen {
    fn apply(self) {
        match self {
            Self::Auto => {}
            Self::Always => console::set_colour(Colour::Ansi),
            Self::Never => console::set_colour(Colour::Never),
        }
    }
}

/// Applies `--color` of a command line that clap cannot parse, or for which clap shows a help text.
pub(crate) fn apply_colour_of(arguments: &[OsString]) {
    let words = arguments.iter().map(|argument| argument.to_string_lossy()).take_while(|word| word != "--");
    let mut values = Vec::new();
    let mut is_value = false;
    for word in words {
        values.extend(if is_value { Some(word.to_string()) } else { word.strip_prefix("--color=").map(str::to_owned) });
        is_value = word == "--color";
    }
    let when = values.last().and_then(|value| ColourWhen::from_str(value, false).ok());
    when.into_iter().for_each(ColourWhen::apply);
}
