//! The type of an attribute in one bundle, if the other bundle declares the attribute as a `version`.
//!
//! The text `1.2.3` is a semantic version and a version, and `192.0.2.1` is an address and a version. The two types have
//! the same order for such texts. The domain of the versions therefore gets the constants of the other type, too. For
//! each of its pieces, this module finds a text of both types, if there is one.
//!
//! **Invariant:** a piece without a sample contains no text of both types.

use std::net::{IpAddr, Ipv4Addr};

use semver::{BuildMetadata, Prerelease, Version};
use serde_json::Value as Json;

use crate::analyze::encoding::ordered_value::OrderedValue;
use crate::bundle::DottedVersion;

/// A type whose texts can be versions.
pub(crate) trait EmbeddedType: OrderedValue {
    /// Returns the version that a context reads from the text of this value, or `None` if it is not a version.
    fn to_version(&self) -> Option<DottedVersion>;
    /// Returns the value of this type that is equal to the version.
    fn equal_to(version: &DottedVersion) -> Option<Self>;
    /// Returns some values. The least value above `low` is one of them.
    fn candidates_above(low: Option<&DottedVersion>) -> Vec<Self>;
}

/// Returns, for each piece that the constants define, a text of both types.
pub(crate) fn embedded_samples<T: EmbeddedType>(constants: &[DottedVersion]) -> Vec<Option<Json>> {
    let between = |low: Option<&DottedVersion>, high: Option<&DottedVersion>| {
        let is_inside = |value: &T| {
            value
                .to_version()
                .is_some_and(|version| low.is_none_or(|low| *low < version) && high.is_none_or(|high| version < *high))
        };
        T::candidates_above(low).into_iter().find(is_inside).map(|value| value.to_json())
    };
    let mut low = None;
    let mut samples = Vec::with_capacity(constants.len() * 2 + 1);
    for constant in constants {
        samples.push(between(low, Some(constant)));
        samples.push(T::equal_to(constant).map(|value| value.to_json()));
        low = Some(constant);
    }
    samples.push(between(low, None));
    samples
}

/// Returns the first parts of the release as numbers. Missing parts are 0. If a part is greater than `most`, then it and
/// all later ones are `most`.
fn first_parts<const COUNT: usize>(version: &DottedVersion, most: u64) -> [u64; COUNT] {
    let mut numbers = [0; COUNT];
    let mut is_greater = false;
    for (number, part) in numbers.iter_mut().zip(version.release().map(Some).chain(std::iter::repeat(None))) {
        let exact = part.map_or(Some(0), |part| part.parse().ok().filter(|number| *number <= most));
        is_greater |= exact.is_none();
        *number = if is_greater { most } else { exact.unwrap_or(most) };
    }
    numbers
}

/// Returns the text of the version with at least this number of parts.
fn padded(version: &DottedVersion, parts: usize) -> String {
    let mut release: Vec<&str> = version.release().collect();
    release.resize(release.len().max(parts), "0");
    let pre = if version.pre().is_empty() { String::new() } else { format!("-{}", version.pre()) };
    release.join(".") + &pre
}

impl EmbeddedType for Version {
    fn to_version(&self) -> Option<DottedVersion> {
        Self { build: BuildMetadata::EMPTY, ..self.clone() }.to_string().parse().ok()
    }

    fn equal_to(version: &DottedVersion) -> Option<Self> {
        padded(version, 3).parse().ok()
    }

    fn candidates_above(low: Option<&DottedVersion>) -> Vec<Self> {
        let Some(low) = low else { return Self::candidates(None, None) };
        let [major, minor, patch] = first_parts(low, u64::MAX);
        // The greatest semantic version that is at most `low`.
        let floor = Self::equal_to(low).unwrap_or(Self { pre: Prerelease::EMPTY, ..Self::new(major, minor, patch) });
        Self::candidates(Some(&floor), None)
    }
}

impl EmbeddedType for IpAddr {
    fn to_version(&self) -> Option<DottedVersion> {
        match self {
            Self::V4(address) => address.to_string().parse().ok(),
            Self::V6(_) => None,
        }
    }

    fn equal_to(version: &DottedVersion) -> Option<Self> {
        padded(version, 4).parse().ok().map(Self::V4)
    }

    fn candidates_above(low: Option<&DottedVersion>) -> Vec<Self> {
        let Some(low) = low else { return [[192, 0, 2, 1], [0, 0, 0, 0]].map(Self::from).into() };
        let parts: [u64; 4] = first_parts(low, 255);
        let floor = Ipv4Addr::from(parts.map(|part| u8::try_from(part).unwrap_or(u8::MAX)));
        // `10.0.0.1-a` is below `10.0.0.1`.
        let next = floor.to_bits().checked_add(1).map(Ipv4Addr::from);
        next.into_iter().chain([floor]).map(Self::V4).collect()
    }
}
