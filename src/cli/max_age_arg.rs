//! `--max-age`: the maximum age of what is published.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

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

/// Parses a duration such as `36h` or `7d`, which is not negative.
pub(crate) fn parse_age(text: &str) -> Result<Duration, String> {
    let age = parse_duration(text).and_then(|age| age.try_into().ok());
    age.ok_or_else(|| "expected a duration such as `36h` or `7d`".to_owned())
}

/// Parses a duration such as `36h` or `7d`, which may be negative. A day has 24 hours.
pub(crate) fn parse_duration(text: &str) -> Option<SignedDuration> {
    text.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}
