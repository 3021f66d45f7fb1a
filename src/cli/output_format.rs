//! `--format human|json`: the formats of results that support only these two.

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

/// The format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    Human,
    Json,
}

impl OutputFormat {
    /// Writes a result to stdout. `human` converts the result to text for people.
    pub(crate) fn write<T: Serialize>(self, result: &T, human: impl FnOnce(&T) -> String) -> Result<()> {
        match self {
            Self::Human => write_text(&human(result)),
            Self::Json => write_json(result),
        }
    }
}

/// Writes text to stdout.
pub(crate) fn write_text(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes a result to stdout as indented JSON, with a line break at the end.
pub(crate) fn write_json(result: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, result)?;
    writeln!(out)?;
    Ok(out.flush()?)
}
