//! Durations in written form, such as `30m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::model::lower::Lowering;
use crate::snapshot::Spanned;
use crate::yaml::Node;

/// The title of a duration in the schemas.
const TITLE: &str = "a duration such as `45s`, `30m`, `24h` or `7d`";

/// The units and their numbers of seconds, from the longest to the shortest. A day has 24 hours.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A duration that a file states: one number from 1 to 99,999 and one unit.
///
/// The form is that of JSON Schema's pattern and not that of ISO 8601, because a person writes it. It has one unit, so that
/// equal durations look equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenDuration(Duration);

impl WrittenDuration {
    /// Returns the duration of a number of seconds. It is used for defaults.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Returns the duration.
    pub const fn get(self) -> Duration {
        self.0
    }
}

/// The text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration such as `45s`, `30m`, `24h` or `7d`")]
pub struct DurationError;

impl FromStr for WrittenDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let unit = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)));
        let (digits, seconds) = unit.ok_or(DurationError)?;
        let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || digits.starts_with('0') {
            return Err(DurationError);
        }
        let number: u64 = digits.parse().map_err(|_| DurationError)?;
        Ok(Self::seconds(number * seconds))
    }
}

impl fmt::Display for WrittenDuration {
    /// Writes the duration with the longest unit that divides it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let unit = UNITS.iter().find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
        let (name, unit) = unit.copied().unwrap_or(('s', 1));
        write!(formatter, "{}{name}", seconds / unit)
    }
}

impl Lowering {
    /// Reads a duration.
    pub(super) fn duration(&mut self, node: &Node) -> Option<Spanned<WrittenDuration>> {
        self.parse(node, TITLE)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::duration::WrittenDuration;

    #[test]
    fn a_duration_is_one_number_and_one_unit() {
        let seconds = |text: &str| text.parse::<WrittenDuration>().ok().map(|duration| duration.get().as_secs());
        assert_eq!(seconds("45s"), Some(45));
        assert_eq!(seconds("30m"), Some(1_800));
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("99999d"), Some(8_639_913_600));
        for text in ["", "m", "0s", "07d", "-1d", "1.5h", "1h30m", "30", "30 m", "30M", "100000s", "１s"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!("120m".parse::<WrittenDuration>().unwrap().to_string(), "2h");
    }
}
