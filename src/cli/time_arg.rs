//! `--now`: a timestamp as an argument, or the clock.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::eval;

/// Returns the given timestamp, or the current time if no timestamp is given.
pub(crate) fn given_or_now(given: Option<Timestamp>) -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the only function that reads the clock")]
    given.unwrap_or_else(Timestamp::now)
}

/// Returns the day in UTC for dates in new files: that of the environment variable `SOURCE_DATE_EPOCH`, which tools read so that
/// the same input gives the same files, or the current day.
pub(crate) fn day_of_new_files() -> Date {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    day_given_or_today(given.and_then(|seconds| Timestamp::from_second(seconds).ok()))
}

/// Returns the day in UTC of the given timestamp, or the current day if no timestamp is given.
pub(crate) fn day_given_or_today(given: Option<Timestamp>) -> Date {
    given_or_now(given).to_zoned(TimeZone::UTC).date()
}

/// Parses a timestamp with an offset, a date, which means midnight UTC at the beginning of the day, or a time in the past,
/// which is relative to the clock.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == "2000-01-01".len());
    let time = eval::parse_datetime(text).or_else(|| midnight(day?)).or_else(|| past_time(text, given_or_now(None)));
    time.ok_or_else(|| {
        "expected a time with an offset, such as `2026-11-22T11:02:00Z`, a date, which begins at midnight UTC, or a time in \
         the past, such as `yesterday` or `2 weeks ago`"
            .to_owned()
    })
}

/// Parses a time that is relative to `now`: `now`, `today` and `yesterday`, which are dates in UTC, or a duration such as
/// `2 weeks ago`. Like git, it takes dots instead of spaces, so that a shell needs no quotes: `2.weeks.ago`.
fn past_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.to_ascii_lowercase();
    let utc = now.to_zoned(TimeZone::UTC);
    match text.as_str() {
        "now" => return Some(now),
        "today" => return midnight(utc.date()),
        "yesterday" => return midnight(utc.date().yesterday().ok()?),
        _ => {}
    }
    let text = if text.ends_with(".ago") { text.replace('.', " ") } else { text };
    let span =
        text.strip_suffix(" ago").filter(|duration| duration.starts_with(|first: char| first.is_ascii_digit()))?;
    let span: Span = span.parse().ok()?;
    Some(utc.checked_sub(span).ok()?.timestamp())
}

fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp())
}

#[cfg(test)]
mod tests {
    use crate::cli::time_arg::past_time;

    #[test]
    fn a_time_in_the_past_is_relative_to_now_in_utc() {
        let now = "2026-03-01T10:30:00Z".parse().unwrap();
        let parsed = |text| past_time(text, now).map_or_else(|| "none".to_owned(), |time| time.to_string());
        let expected = [
            ("now", "2026-03-01T10:30:00Z"),
            ("today", "2026-03-01T00:00:00Z"),
            ("yesterday", "2026-02-28T00:00:00Z"),
            ("90 minutes ago", "2026-03-01T09:00:00Z"),
            ("1 hour ago", "2026-03-01T09:30:00Z"),
            ("2 days ago", "2026-02-27T10:30:00Z"),
            ("2 Weeks Ago", "2026-02-15T10:30:00Z"),
            ("2.weeks.ago", "2026-02-15T10:30:00Z"),
            ("1 month ago", "2026-02-01T10:30:00Z"),
            ("1 year 2 months ago", "2025-01-01T10:30:00Z"),
            ("2 weeks", "none"),
            ("ago", "none"),
            ("-2 weeks ago", "none"),
            ("last week", "none"),
            ("9999999 years ago", "none"),
        ];
        for (text, time) in expected {
            assert_eq!(parsed(text), time, "{text}");
        }
    }
}
