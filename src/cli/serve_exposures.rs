//! The arguments of `flagctl serve` that say which decisions are recorded, and where.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::console;
use crate::report::Printable;
use crate::serve::{ExposureSettings, OpenExposures, WrittenDecisions};

#[derive(Debug, clap::Args)]
pub(crate) struct ServeExposureArgs {
    /// Append the decisions of single flags to FILE as exposures, or write them to stdout if it is `-`
    #[arg(long, value_name = "FILE")]
    exposures: Option<PathBuf>,
    /// Which decisions are exposures: those with the reason `split`, or all
    #[arg(long, value_name = "WHICH", default_value = "split", requires = "exposures")]
    exposures_of: ExposuresOf,
    /// An attribute of the context that exposures have, if the request has it; may be repeated
    #[arg(long, value_name = "NAME", requires = "exposures")]
    exposure_attribute: Vec<String>,
}

/// Which decisions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExposuresOf {
    Split,
    All,
}

impl ServeExposureArgs {
    /// Returns the settings, or `None` if nothing is recorded.
    pub(crate) fn settings(&self) -> Option<ExposureSettings> {
        let path = self.exposures.clone()?;
        let name = path.display().to_string();
        let open: OpenExposures =
            if path == Path::new("-") { Box::new(|| Ok(Box::new(Stdout))) } else { Box::new(move || append(&path)) };
        let decisions = match self.exposures_of {
            ExposuresOf::Split => WrittenDecisions::Split,
            ExposuresOf::All => WrittenDecisions::All,
        };
        Some(ExposureSettings { open, name, decisions, attributes: self.exposure_attribute.clone() })
    }
}

fn append(path: &Path) -> io::Result<Box<dyn Write + Send>> {
    Ok(Box::new(OpenOptions::new().append(true).create(true).open(path)?))
}

/// Standard output, which writes what is printable.
struct Stdout;

impl Write for Stdout {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(lines).map_err(io::Error::other)?;
        console::write(Printable::json_document(text.to_owned()))?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
