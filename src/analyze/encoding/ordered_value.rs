//! Sample values of ordered types.
//!
//! The input is the constants of one attribute. The output is one sample for every piece between and at the constants.
//! For the constants 18 and 65 of a number, the samples are 17, 18, 19, 65 and 66.
//!
//! **Invariant:** a piece without a sample contains no value that a context can have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};
use semver::{BuildMetadata, Prerelease, Version};
use serde_json::Value as Json;

use crate::bundle::DottedVersion;
use crate::eval::{EXACT, FIRST_SECOND, parse_datetime};

pub(crate) trait OrderedValue: Sized {
    /// Returns whether this value is less than the other one.
    fn precedes(&self, other: &Self) -> bool;
    /// Returns whether a context can have this value.
    fn is_representable(&self) -> bool;
    /// Returns candidate values. At least one of them lies between `low` and `high`, if any value does. The most
    /// readable values come first. The result always contains the least possible value above `low`.
    fn candidates(low: Option<&Self>, high: Option<&Self>) -> Vec<Self>;
    /// Returns the JSON of the value in a context.
    fn to_json(&self) -> Json;
    /// Returns the value that a context reads from the text, or `None` if it reads no value of this type.
    fn from_text(text: &str) -> Option<Self>;
    /// Returns other texts from which a context reads the value.
    fn other_spellings(&self) -> Vec<String>;
}

pub(crate) fn sort_and_dedup<T: OrderedValue>(constants: &mut Vec<T>) {
    let order = |a: &T, b: &T| b.precedes(a).cmp(&a.precedes(b));
    constants.sort_by(order);
    constants.dedup_by(|a, b| !a.precedes(b) && !b.precedes(a));
}

/// Returns a value for each of the `2n + 1` pieces that `n` constants define: below the first constant, the first
/// constant itself, between the first and the second constant, and so on. The entry of a piece without a possible value
/// is `None`.
pub(crate) fn piece_samples<T: OrderedValue + Clone>(constants: &[T]) -> Vec<Option<T>> {
    let mut low = None;
    let mut samples = Vec::with_capacity(constants.len() * 2 + 1);
    for constant in constants {
        samples.push(between(low, Some(constant)));
        samples.push(constant.is_representable().then(|| constant.clone()));
        low = Some(constant);
    }
    samples.push(between(low, None));
    samples
}

fn between<T: OrderedValue>(low: Option<&T>, high: Option<&T>) -> Option<T> {
    let inside = |value: &T| {
        value.is_representable()
            && low.is_none_or(|low| low.precedes(value))
            && high.is_none_or(|high| value.precedes(high))
    };
    T::candidates(low, high).into_iter().find(inside)
}

/// Returns the index of the piece that contains the value.
pub(crate) fn piece_of<T: OrderedValue>(constants: &[T], value: &T) -> usize {
    let below = constants.iter().filter(|constant| constant.precedes(value)).count();
    let is_constant = constants.get(below).is_some_and(|constant| !value.precedes(constant));
    below * 2 + usize::from(is_constant)
}

impl OrderedValue for f64 {
    /// No text is a number.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    fn other_spellings(&self) -> Vec<String> {
        Vec::new()
    }

    fn precedes(&self, other: &Self) -> bool {
        self < other
    }

    fn is_representable(&self) -> bool {
        self.abs() <= EXACT
    }

    fn candidates(low: Option<&Self>, high: Option<&Self>) -> Vec<Self> {
        let above = low.map(|low| low.floor() + 1.0);
        let below = high.map(|high| high.ceil() - 1.0);
        let middle = low.zip(high).map(|(low, high)| low / 2.0 + high / 2.0);
        let least = low.map(|low| low.next_up());
        above.into_iter().chain(below).chain([1.0]).chain(middle).chain(least).chain([-EXACT]).collect()
    }

    #[allow(clippy::cast_possible_truncation, reason = "an integer within ±(2^53 - 1)")]
    fn to_json(&self) -> Json {
        if self.fract() == 0.0 && self.abs() <= EXACT { Json::from(*self as i64) } else { Json::from(*self) }
    }
}

impl OrderedValue for Version {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn other_spellings(&self) -> Vec<String> {
        let plain = Self { build: BuildMetadata::EMPTY, ..self.clone() };
        ["a", "b", "1", "2"].iter().map(|build| format!("{plain}+{build}")).collect()
    }

    fn precedes(&self, other: &Self) -> bool {
        self.cmp_precedence(other).is_lt()
    }

    fn is_representable(&self) -> bool {
        true
    }

    fn candidates(low: Option<&Self>, _: Option<&Self>) -> Vec<Self> {
        let zero = || Prerelease::new("0").unwrap_or_default();
        let Some(low) = low else {
            let least = Self { pre: zero(), ..Self::new(0, 0, 0) };
            return vec![Self::new(1, 0, 0), Self::new(0, 0, 0), least];
        };
        if !low.pre.is_empty() {
            // The next pre-release after `1.0.0-a` is `1.0.0-a.0`: no version lies between the two.
            let longer = Prerelease::new(&format!("{}.0", low.pre)).unwrap_or_default();
            let release = Self::new(low.major, low.minor, low.patch);
            let next = Self { pre: longer, ..release.clone() };
            return vec![release, next];
        }
        let next = match (low.patch.checked_add(1), low.minor.checked_add(1), low.major.checked_add(1)) {
            (Some(patch), ..) => Self::new(low.major, low.minor, patch),
            (None, Some(minor), _) => Self::new(low.major, minor, 0),
            (None, None, Some(major)) => Self::new(major, 0, 0),
            (None, None, None) => return Vec::new(),
        };
        let least = Self { pre: zero(), ..next.clone() };
        vec![next, least]
    }

    fn to_json(&self) -> Json {
        Json::String(Self { build: BuildMetadata::EMPTY, ..self.clone() }.to_string())
    }
}

impl OrderedValue for DottedVersion {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn other_spellings(&self) -> Vec<String> {
        vec![format!("v{self}"), format!("0{self}"), format!("{self}+a"), format!("{self}+b")]
    }

    fn precedes(&self, other: &Self) -> bool {
        self < other
    }

    fn is_representable(&self) -> bool {
        true
    }

    fn candidates(low: Option<&Self>, high: Option<&Self>) -> Vec<Self> {
        let parsed = |texts: Vec<String>| texts.iter().filter_map(|text| text.parse().ok()).collect();
        let Some(low) = low else {
            // The least version is `0-0`.
            return parsed(["1", "0.1", "0", "0-0"].map(str::to_owned).to_vec());
        };
        let release = low.release().collect::<Vec<_>>().join(".");
        if !low.pre().is_empty() {
            // The next pre-release after `1-a` is `1-a.0`: no version lies between the two.
            return parsed(vec![release, format!("{low}.0")]);
        }
        // No version is the next one after a release: `1.0.1` comes after `1.0.0.1`. With more parts than `high` has, a
        // version lies between the two, because `high` is greater in one of the parts that it has.
        let parts = low.release().count();
        let zeros = high.map_or(0, |high| high.release().count().saturating_sub(parts));
        let next = low.release().last().and_then(|last| last.parse::<u64>().ok()?.checked_add(1));
        let head: Vec<&str> = low.release().take(parts - 1).collect();
        let next = next.map(|next| head.iter().map(|part| format!("{part}.")).collect::<String>() + &next.to_string());
        parsed(next.into_iter().chain([format!("{release}.1"), format!("{release}{}.1", ".0".repeat(zeros))]).collect())
    }

    fn to_json(&self) -> Json {
        Json::String(self.to_string())
    }
}

impl OrderedValue for Timestamp {
    fn from_text(text: &str) -> Option<Self> {
        parse_datetime(text)
    }

    fn other_spellings(&self) -> Vec<String> {
        let text = self.to_string();
        let local = text.trim_end_matches('Z');
        ["+00:00", "-00:00"].iter().map(|offset| format!("{local}{offset}")).collect()
    }

    fn precedes(&self, other: &Self) -> bool {
        self < other
    }

    fn is_representable(&self) -> bool {
        self.as_second() >= FIRST_SECOND
    }

    fn candidates(low: Option<&Self>, high: Option<&Self>) -> Vec<Self> {
        let step = |from: Option<&Self>, by| from.and_then(|from| from.checked_add(by).ok());
        let (second, instant) = (SignedDuration::from_secs(1), SignedDuration::from_nanos(1));
        let first = Self::from_second(FIRST_SECOND).ok();
        let usual = Self::from_second(1_767_225_600).ok();
        let near = step(low, second).or(step(high, -second));
        let least = if low.is_none() { first } else { step(low, instant) };
        near.into_iter().chain(usual).chain(least).chain(first).collect()
    }

    fn to_json(&self) -> Json {
        Json::String(self.to_string())
    }
}

impl OrderedValue for IpAddr {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(|address: Self| address.to_canonical())
    }

    fn other_spellings(&self) -> Vec<String> {
        let address = match self {
            Self::V4(address) => address.to_ipv6_mapped(),
            Self::V6(address) => *address,
        };
        let long = address.segments().map(|segment| format!("{segment:04x}")).join(":");
        vec![address.to_string(), long.to_uppercase(), long]
    }

    fn precedes(&self, other: &Self) -> bool {
        self < other
    }

    /// A context reads an IPv4 address in IPv6 notation as an IPv4 address, so the IPv6 form never occurs.
    fn is_representable(&self) -> bool {
        self.to_canonical() == *self
    }

    fn candidates(low: Option<&Self>, _: Option<&Self>) -> Vec<Self> {
        let next = match low {
            None => Some(Self::V4(Ipv4Addr::new(192, 0, 2, 1))),
            Some(Self::V4(Ipv4Addr::BROADCAST)) => Some(Self::V6(Ipv6Addr::UNSPECIFIED)),
            Some(Self::V4(low)) => low.to_bits().checked_add(1).map(|bits| Self::V4(bits.into())),
            Some(Self::V6(low)) => low.to_bits().checked_add(1).map(|bits| Self::V6(bits.into())),
        };
        let after_mapped = Ipv6Addr::from_bits(0x1_0000_0000_0000);
        let first = Self::V4(Ipv4Addr::UNSPECIFIED);
        next.into_iter().chain([Self::V6(after_mapped), first]).collect()
    }

    fn to_json(&self) -> Json {
        Json::String(self.to_string())
    }
}
