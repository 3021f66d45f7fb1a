//! `--format human|json`: the formats of results that support only these two.

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use crate::cli::console;
use crate::report::{Lines, Printable};

/// The format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    Human,
    Json,
}

impl OutputFormat {
    /// Writes a result to stdout. `human` converts the result to text for people.
    pub(crate) fn write<T: Serialize>(self, result: &T, human: impl FnOnce(&T) -> Lines) -> Result<()> {
        match self {
            Self::Human => Ok(console::write(human(result))?),
            Self::Json => write_json(result),
        }
    }
}

/// Writes a result to stdout as indented JSON, with a line break at the end.
pub(crate) fn write_json(result: &impl Serialize) -> Result<()> {
    Ok(console::write(Printable::json(result)?)?)
}
