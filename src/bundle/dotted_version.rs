//! Versions of any number of parts, as operating systems, browsers and Windows programs have them: `14.5`,
//! `10.0.19045`, `137.1.80.31`.
//!
//! [`semver::Version`] requires exactly three parts of at most 64 bits, so it cannot hold them. A version is stored in
//! its shortest form, without a leading `v`, leading zeros, zero parts at the end and build metadata. Versions that are
//! equal in their order are therefore equal as texts.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version: numbers of any size, joined by dots, with an optional pre-release such as `-rc.1`.
///
/// Missing numbers are zero, so `17.4` equals `17.4.0`. A version with a pre-release is less than the version without.
/// Pre-releases are ordered as in Semantic Versioning 2.0.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DottedVersion {
    /// The numbers without zeros at the end, at least one number.
    release: Box<str>,
    /// The identifiers of the pre-release, joined by dots, or an empty text.
    pre: Box<str>,
}

/// The error for a text that is not a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected numbers joined by dots, such as `17.4` or `137.1.80.31-beta.2`")]
pub struct ParseVersionError;

impl DottedVersion {
    /// Returns the numbers of the release in decimal, the most significant first.
    pub fn release(&self) -> impl Iterator<Item = &str> {
        self.release.split('.')
    }

    /// Returns the identifiers of the pre-release joined by dots, or an empty text.
    pub fn pre(&self) -> &str {
        &self.pre
    }
}

impl FromStr for DottedVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (release, pre) = text.split_once('-').map_or((text, None), |(release, pre)| (release, Some(pre)));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_identifier =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let are_identifiers = |text: &str| text.split('.').all(is_identifier);
        if !release.split('.').all(is_number) || !pre.into_iter().chain(build).all(are_identifiers) {
            return Err(ParseVersionError);
        }
        let shortest = |part: &str| if is_number(part) { without_zeros(part).to_owned() } else { part.to_owned() };
        let joined = |text: &str| text.split('.').map(shortest).collect::<Vec<_>>().join(".");
        let mut release = joined(release);
        while let Some(shorter) = release.strip_suffix(".0") {
            release.truncate(shorter.len());
        }
        Ok(Self { release: release.into(), pre: pre.map_or_else(String::new, joined).into() })
    }
}

/// Returns a decimal number without leading zeros.
fn without_zeros(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    }
}

impl TryFrom<String> for DottedVersion {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, ParseVersionError> {
        text.parse()
    }
}

impl From<DottedVersion> for String {
    fn from(version: DottedVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for DottedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.release)?;
        if self.pre.is_empty() { Ok(()) } else { write!(f, "-{}", self.pre) }
    }
}

impl PartialOrd for DottedVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DottedVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        // Both releases have no zero at the end, so the longer one is the greater one if the common part is equal.
        compare_parts(&self.release, &other.release, compare_numbers).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_parts(&self.pre, &other.pre, compare_identifiers),
            }
        })
    }
}

/// Compares two lists of parts. A list that continues is greater than one that ends.
fn compare_parts(a: &str, b: &str, compare: impl Fn(&str, &str) -> Ordering) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let ordering = match (a.next(), b.next()) {
            (Some(a), Some(b)) => compare(a, b),
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (None, None) => return Ordering::Equal,
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// Compares two decimal numbers without leading zeros.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Compares two identifiers of pre-releases. A number is less than a text.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number(a), is_number(b)) {
        (true, true) => compare_numbers(a, b),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end in a panic")]
mod tests {
    use super::*;

    #[test]
    fn versions_have_a_total_order() {
        let ascending = [
            "0-0",
            "0",
            "0.0.1-0",
            "0.0.1",
            "0.9",
            "0.10",
            "1-0",
            "1-2",
            "1-10",
            "1-A",
            "1-a",
            "1-a.0",
            "1-a.b",
            "1-rc.1",
            "1",
            "1.0.0.1-0",
            "1.0.0.1",
            "1.1",
            "10.0.19045",
            "137.1.79.51",
            "137.1.80",
            "137.1.80.31",
            "18446744073709551616",
        ];
        let versions: Vec<DottedVersion> = ascending.iter().map(|text| text.parse().unwrap()).collect();
        for (index, version) in versions.iter().enumerate() {
            for (other_index, other) in versions.iter().enumerate() {
                assert_eq!(version.cmp(other), index.cmp(&other_index), "{version} {other}");
            }
        }
    }

    #[test]
    fn equal_versions_have_one_form() {
        for (written, shortest) in [
            ("17.4.0", "17.4"),
            ("v17.4", "17.4"),
            ("017.04", "17.4"),
            ("0.0", "0"),
            ("1.0+77", "1"),
            ("1.0.0-rc.01", "1-rc.1"),
            ("1-0a.00", "1-0a.0"),
            ("1--", "1--"),
        ] {
            assert_eq!(written.parse::<DottedVersion>().unwrap().to_string(), shortest);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "v", "1.", ".1", "1..2", "1.x", "1-", "1-a..b", "1+", "1-ä", " 1", "1 ", "V1", "vv1", "-1", "1,5", "１",
        ] {
            assert_eq!(text.parse::<DottedVersion>(), Err(ParseVersionError), "{text}");
        }
    }
}
