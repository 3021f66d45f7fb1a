//! The arguments that say where a guard's numbers come from, and the credential in the environment variables.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::event_file::{note_bad_rows, open_events};
use crate::cli::row_file_arg;
use crate::events::Input;
use crate::guard::source::{Metrics, MetricsFile, PlainHttp, Prometheus, Question, SourceSettings};
use crate::reduction::{guardrail_metrics, unusable_events};

/// The sources of a guard's numbers.
#[derive(Debug, clap::Args)]
pub(crate) struct GuardSourceArgs {
    /// Read the numbers from a CSV or JSON file, or from stdin if it is `-`, instead of asking a server
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// An address that may be asked, and to which `FLAGCTL_GUARD_TOKEN` may be sent; may be repeated
    ///
    /// The first is also that of queries without `url`. With this option, no other address is asked.
    #[arg(long, value_name = "URL", conflicts_with = "metrics")]
    source_url: Vec<String>,
    /// Take the numbers of units from exposures, NDJSON or CSV, also compressed with gzip; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["metrics", "source_url"])]
    exposures: Vec<PathBuf>,
    /// Metric events of the exposed units, whose names are those of guardrails; may be repeated
    #[arg(long, value_name = "FILE", requires = "exposures")]
    events: Vec<PathBuf>,
    /// Allow `http://` to another machine
    #[arg(long)]
    allow_http: bool,
}

/// An opened source.
pub(crate) enum GuardSource {
    File(MetricsFile),
    Events(EventFiles),
    Server(Box<Prometheus>),
}

/// Files of events, which are read again for each flag.
pub(crate) struct EventFiles {
    exposures: Vec<PathBuf>,
    events: Vec<PathBuf>,
}

impl GuardSourceArgs {
    /// Opens the source.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if a credential cannot be sent.
    pub(crate) fn open(&self) -> Result<GuardSource> {
        if let Some(path) = &self.metrics {
            return Ok(GuardSource::File(read(path)?));
        }
        if !self.exposures.is_empty() {
            let files = EventFiles { exposures: self.exposures.clone(), events: self.events.clone() };
            return Ok(GuardSource::Events(files));
        }
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let settings = SourceSettings {
            allowed: self.source_url.clone(),
            token: variable("FLAGCTL_GUARD_TOKEN"),
            header: variable("FLAGCTL_GUARD_HEADER"),
            plain_http: if self.allow_http { PlainHttp::Allowed } else { PlainHttp::Refused },
        };
        Ok(GuardSource::Server(Box::new(Prometheus::new(settings)?)))
    }
}

impl GuardSource {
    /// Returns the numbers that answer a question.
    pub(crate) fn metrics(&self, question: &Question<'_>) -> Metrics {
        match self {
            Self::File(file) => file.metrics(question),
            Self::Events(files) => files.metrics(question),
            Self::Server(server) => server.metrics(question),
        }
    }
}

impl EventFiles {
    /// Reads the files, and writes a note about each kind of bad row.
    fn metrics(&self, question: &Question<'_>) -> Metrics {
        let opened = |paths: &[PathBuf]| -> Result<Vec<Input>> { paths.iter().map(|path| open_events(path)).collect() };
        let (exposures, events) = match opened(&self.exposures).and_then(|files| Ok((files, opened(&self.events)?))) {
            Ok(inputs) => inputs,
            Err(error) => return unusable_events(question, &format!("{error:#}")),
        };
        let read = guardrail_metrics(question, exposures, events);
        note_bad_rows("exposures", &read.exposures);
        note_bad_rows("metric events", &read.metric_events);
        read.metrics
    }
}

/// Reads a metrics file, or stdin if the path is `-`.
///
/// # Errors
/// Returns an error if the file cannot be read, is too large, or has a mistake.
pub(crate) fn read(path: &Path) -> Result<MetricsFile> {
    let text = row_file_arg::read(path)?;
    MetricsFile::parse(&text).with_context(|| format!("cannot use `{}`", path.display()))
}
