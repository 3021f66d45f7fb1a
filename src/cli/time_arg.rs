//! `--now`: a timestamp as an argument, or the clock.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::eval;

/// Returns the given timestamp, or the current time if no timestamp is given.
pub(crate) fn given_or_now(given: Option<Timestamp>) -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the only function that reads the clock")]
    given.unwrap_or_else(Timestamp::now)
}

/// Returns the day in UTC of the given timestamp, or the current day if no timestamp is given.
pub(crate) fn day_given_or_today(given: Option<Timestamp>) -> Date {
    given_or_now(given).to_zoned(TimeZone::UTC).date()
}

/// Parses a timestamp with an offset, or a date, which means midnight UTC at the beginning of the day.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == "2000-01-01".len());
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp());
    eval::parse_datetime(text).or(midnight).ok_or_else(|| {
        "expected a time with an offset, such as `2026-11-22T11:02:00Z`, or a date, which begins at midnight UTC"
            .to_owned()
    })
}
