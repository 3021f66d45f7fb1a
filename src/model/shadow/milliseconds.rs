//! Latencies in written form, such as `20ms`.

use std::fmt;
use std::str::FromStr;

/// The title of a latency in the schemas.
pub(super) const TITLE: &str = "a number of milliseconds such as `0ms` or `20ms`";

/// A latency that a file states: a whole number of milliseconds from 0 to 99,999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Milliseconds(u32);

impl Milliseconds {
    /// Returns the number of milliseconds.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The text is not a latency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {TITLE}")]
pub struct MillisecondsError;

impl FromStr for Milliseconds {
    type Err = MillisecondsError;

    fn from_str(text: &str) -> Result<Self, MillisecondsError> {
        let digits = text.strip_suffix("ms").ok_or(MillisecondsError)?;
        let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || digits.starts_with('0') && digits.len() > 1 {
            return Err(MillisecondsError);
        }
        digits.parse().map(Self).map_err(|_| MillisecondsError)
    }
}

impl fmt::Display for Milliseconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::shadow::milliseconds::Milliseconds;

    #[test]
    fn a_latency_is_a_whole_number_of_milliseconds() {
        let number = |text: &str| text.parse::<Milliseconds>().ok().map(Milliseconds::get);
        assert_eq!(number("0ms"), Some(0));
        assert_eq!(number("99999ms"), Some(99_999));
        for text in ["", "ms", "1", "1s", "00ms", "01ms", "-1ms", "1.5ms", "100000ms", "1 ms", "１ms"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
