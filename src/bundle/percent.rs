//! Shares of units, exact to a thousandth of a percent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bundle::bucket::{BUCKETS, Bucket};

/// A share of all units, to a thousandth of a percent.
///
/// ```
/// # use flagctl::bundle::Percent;
/// let share: Percent = "12.5%".parse().unwrap();
/// assert_eq!(share.buckets(), 12_500);
/// assert_eq!(share.to_string(), "12.5%");
/// assert!("0.0001%".parse::<Percent>().is_err());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Bucket", into = "Bucket")]
pub struct Percent(Bucket);

impl Percent {
    /// The share of no units.
    pub const ZERO: Self = Self(0);
    /// The share of all units.
    pub const ALL: Self = Self(BUCKETS);

    /// Returns the share of a number of buckets, or `None` above [`BUCKETS`].
    pub fn from_buckets(buckets: Bucket) -> Option<Self> {
        (buckets <= BUCKETS).then_some(Self(buckets))
    }

    /// Returns the number of buckets that the share covers, out of [`BUCKETS`].
    pub fn buckets(self) -> Bucket {
        self.0
    }
}

/// The text is not a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a percentage from `0%` to `100%` with at most three decimals, such as `12.5%`")]
pub struct PercentError;

impl std::str::FromStr for Percent {
    type Err = PercentError;

    /// Parses decimal digits and a percent sign. Rejects a sign and an exponent, and does not round through a float.
    fn from_str(text: &str) -> Result<Self, PercentError> {
        let number = text.strip_suffix('%').ok_or(PercentError)?;
        let (integer, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let fits = (integer.len() <= 2 || integer == "100") && decimals.len() <= 3;
        if !digits(integer) || !digits(decimals) || !fits {
            return Err(PercentError);
        }
        let parse = |digits: &str| digits.parse::<Bucket>().map_err(|_| PercentError);
        let buckets = parse(integer)? * 1_000 + parse(&format!("{decimals:0<3}"))?;
        Self::from_buckets(buckets).ok_or(PercentError)
    }
}

impl TryFrom<Bucket> for Percent {
    type Error = PercentError;

    fn try_from(buckets: Bucket) -> Result<Self, PercentError> {
        Self::from_buckets(buckets).ok_or(PercentError)
    }
}

impl From<Percent> for Bucket {
    fn from(share: Percent) -> Self {
        share.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (integer, rest) = (self.0 / 1_000, self.0 % 1_000);
        let decimals = format!("{rest:03}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{integer}%"),
            decimals => write!(f, "{integer}.{decimals}%"),
        }
    }
}
