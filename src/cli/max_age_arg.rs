//! `--max-age`: the maximum age of what is published.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use crate::cli::time_arg::given_or_now;
use crate::publish::MaxAge;

#[derive(Debug, clap::Args)]
pub(crate) struct MaxAgeArg {
    /// Require that the published commit is not older than AGE, such as `36h` or `7d`
    ///
    /// A commit whose time is in the future is refused, too.
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    max_age: Option<Duration>,
}

impl MaxAgeArg {
    /// Returns the maximum age with the current time, or `None` if every age is allowed.
    pub(crate) fn read(&self) -> Option<MaxAge> {
        self.max_age.map(|age| MaxAge { age, now: given_or_now(None) })
    }
}

/// Parses a duration such as `36h` or `7d`. A day has 24 hours.
fn parse_age(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration such as `36h` or `7d`".to_owned();
    let span: Span = text.parse().map_err(|_| expected())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| expected())?;
    duration.try_into().map_err(|_| expected())
}
