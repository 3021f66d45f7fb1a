//! The value of one attribute in a context.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;
use semver::Version;
use serde_json::Value as Json;

use crate::bundle::DottedVersion;

/// The largest number that a context can have: 2^53 - 1. A reader of doubles cannot distinguish 2^53 from 2^53 + 1.
pub(crate) const EXACT: f64 = 9_007_199_254_740_991.0;

/// The value of one attribute in a context.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// The context does not have the attribute.
    Absent,
    /// The attribute is null.
    Null,
    /// The value of the attribute does not have the declared type, or is not an allowed value.
    Unusable(Box<Json>),
    /// A boolean.
    Boolean(bool),
    /// A number within ±(2^53 - 1), never NaN.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A semantic version.
    Version(Version),
    /// A version of any number of parts.
    DottedVersion(DottedVersion),
    /// A time in the years 0 to 9999 of UTC.
    Time(Timestamp),
    /// An address. An IPv4 address in IPv6 notation (`::ffff:192.0.2.1`) is stored as IPv4.
    Address(IpAddr),
    /// A list of texts.
    Texts(Vec<Cow<'a, str>>),
    /// A list of numbers.
    Numbers(Vec<f64>),
}

impl<'a> Value<'a> {
    /// Returns the same value without borrowed texts.
    pub fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Absent => Value::Absent,
            Self::Null => Value::Null,
            Self::Unusable(json) => Value::Unusable(json),
            Self::Boolean(boolean) => Value::Boolean(boolean),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::Text(owned(text)),
            Self::Version(version) => Value::Version(version),
            Self::DottedVersion(version) => Value::DottedVersion(version),
            Self::Time(time) => Value::Time(time),
            Self::Address(address) => Value::Address(address),
            Self::Texts(texts) => Value::Texts(texts.into_iter().map(owned).collect()),
            Self::Numbers(numbers) => Value::Numbers(numbers),
        }
    }
}

/// The first time that a context can have, 0000-01-01T00:00:00Z, in seconds. RFC 3339 has no earlier year, so an earlier
/// time could be written only with some offsets.
pub(crate) const FIRST_SECOND: i64 = -62_167_219_200;

/// Parses a time in the notation of RFC 3339: a date, `T`, a time with seconds, and an offset.
pub(crate) fn parse_datetime(text: &str) -> Option<Timestamp> {
    // The parser of `jiff` accepts more notations, such as names of time zones, so the shape is checked first.
    let (date_time, rest) = text.split_at_checked("2000-01-01T00:00:00".len())?;
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = offset == "Z" || offset.bytes().map(shape).skip(1).eq(*b"00:00") && offset.starts_with(['+', '-']);
    // `jiff` would read a leap second as the second before it.
    let fits = date_time.bytes().map(shape).eq(*b"0000-00-00T00:00:00") && !date_time.ends_with("60") && offset;
    let time: Option<Timestamp> = fits.then(|| text.parse().ok()).flatten();
    time.filter(|time| time.as_second() >= FIRST_SECOND)
}

/// Returns the name of a JSON value's type, with its article.
pub(crate) fn json_type(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
