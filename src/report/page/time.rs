//! Times in a page: the time in UTC, and how long ago it is.

use jiff::Timestamp;

use crate::report::diff::html::markup::Html;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Adds a time with its distance from now: `2026-11-22 11:02 UTC (3 h ago)`.
pub(super) fn time(html: &mut Html, time: Timestamp, now: Timestamp) {
    html.element("time", &[("datetime", &time.to_string())], |html| {
        html.text(&time.strftime("%Y-%m-%d %H:%M UTC").to_string());
    });
    html.text(" ").leaf("span", &[("class", "minor")], &format!("({})", distance(time, now)));
}

/// Adds how long ago a time is. The time itself is the title.
pub(super) fn age(html: &mut Html, time: Timestamp, now: Timestamp) {
    let title = time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    html.leaf("time", &[("datetime", &time.to_string()), ("title", &title)], &distance(time, now));
}

/// Adds a time in its written form, or only the text if it is not a time.
pub(super) fn written(html: &mut Html, text: &str, now: Timestamp) {
    match text.parse::<Timestamp>() {
        Ok(time) => self::time(html, time, now),
        Err(_) => {
            html.text(text);
        }
    }
}

/// Returns the distance of a time from now: `3 h ago`, or `in 3 h`.
fn distance(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(time.as_second());
    let length = match seconds.unsigned_abs().try_into().unwrap_or(i64::MAX) {
        length @ ..MINUTE => format!("{length} s"),
        length @ ..HOUR => format!("{} min", length / MINUTE),
        length if length < 2 * DAY => format!("{} h", length / HOUR),
        length => format!("{} days", length / DAY),
    };
    if seconds < 0 { format!("in {length}") } else { format!("{length} ago") }
}

#[cfg(test)]
mod tests {
    use super::distance;
    use jiff::Timestamp;

    #[test]
    fn a_distance_has_one_unit() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let ago = |seconds: i64| distance(Timestamp::from_second(1_000_000_000 - seconds).unwrap(), now);
        assert_eq!([0, 59, 60, 3599, 3600].map(ago), ["0 s ago", "59 s ago", "1 min ago", "59 min ago", "1 h ago"]);
        assert_eq!([172_799, 172_800, -90].map(ago), ["47 h ago", "2 days ago", "in 1 min"]);
    }
}
