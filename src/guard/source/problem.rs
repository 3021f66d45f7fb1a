//! The reasons why numbers cannot be trusted.

use jiff::Timestamp;

/// The reason why the numbers of a guardrail, or of the comparison of units, cannot be trusted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DataProblem {
    /// No source has the numbers.
    #[error("no source: neither the guard nor the command line says where the numbers come from")]
    NoSource,
    /// The address must not be asked.
    #[error("the address `{0}` is not asked: {1}")]
    Address(String, &'static str),
    /// The server could not be reached.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server did not answer in time.
    #[error("the server did not answer in {0} s")]
    Timeout(u64),
    /// The server answered with another status.
    #[error("the server answered with status {status}{}", detail(.message))]
    Status {
        /// The status.
        status: u16,
        /// The server's own words, shortened.
        message: String,
    },
    /// The server names another address, which is not followed.
    #[error("the server redirects to another address (status {0}), which is not followed")]
    Redirect(u16),
    /// The answer is too large.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// The answer is not what the interface of Prometheus says.
    #[error("the answer is not that of a Prometheus server: {0}")]
    Malformed(String),
    /// The server computed the answer from a part of the data.
    #[error("the server warns about its answer: {0}")]
    Warning(String),
    /// The query gives no number.
    #[error("the query `{0}` gives no number: no series has data in the window")]
    Empty(String),
    /// The query gives several numbers.
    #[error("the query `{0}` gives {1} series: aggregate them, for example with `sum(...)`")]
    SeveralSeries(String, usize),
    /// A number is not finite, negative, or does not fit the other numbers.
    #[error("{0}")]
    InvalidNumber(String),
    /// The clock of the server differs.
    #[error("the clock of the server differs by {0} s from the local clock")]
    Clock(i64),
    /// A window ends after the present.
    #[error("a window ends in the future, at {0}")]
    FutureWindow(Timestamp),
    /// A total is lower than before.
    #[error("a total falls from {before} to {after} at {at}: a counter was reset")]
    CounterReset {
        /// The total before.
        before: f64,
        /// The total after.
        after: f64,
        /// The time.
        at: Timestamp,
    },
    /// Two windows of one arm overlap.
    #[error("two windows of `{variant}` overlap at {at}")]
    Overlap {
        /// The variant.
        variant: String,
        /// The time.
        at: Timestamp,
    },
    /// An arm has no numbers.
    #[error("`{0}` has no numbers")]
    MissingArm(String),
    /// The windows of the arms differ.
    #[error("the windows of the arms differ at {0}")]
    DifferentWindows(Timestamp),
    /// Files of events do not give the numbers.
    #[error("{0}")]
    Events(String),
    /// The numbers of units are not those of the planned split.
    #[error("the numbers of units do not fit the planned split")]
    SampleRatio,
    /// The planned split is not known.
    #[error("the planned split is not known: {0}")]
    UnknownSplit(&'static str),
    /// This program has no network.
    #[error("this flagctl was built without the feature `cloud`, so it cannot ask a server: give `--metrics FILE`")]
    NotBuilt,
}

impl DataProblem {
    /// Returns the name of the problem in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoSource => "no-source",
            Self::Address(..) => "refused-address",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::Status { .. } => "http-status",
            Self::Redirect(_) => "redirect",
            Self::TooLarge(_) => "too-large",
            Self::Malformed(_) => "malformed-answer",
            Self::Warning(_) => "server-warning",
            Self::Empty(_) => "empty-result",
            Self::SeveralSeries(..) => "several-series",
            Self::InvalidNumber(_) => "invalid-number",
            Self::Clock(_) => "clock-difference",
            Self::FutureWindow(_) => "future-window",
            Self::CounterReset { .. } => "counter-reset",
            Self::Overlap { .. } => "overlapping-windows",
            Self::MissingArm(_) => "missing-arm",
            Self::DifferentWindows(_) => "different-windows",
            Self::Events(_) => "unusable-events",
            Self::SampleRatio => "sample-ratio-mismatch",
            Self::UnknownSplit(_) => "unknown-split",
            Self::NotBuilt => "not-built",
        }
    }
}

fn detail(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}
