//! From a unit to one of 100,000 buckets.

use std::fmt;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// A bucket's number, or the number of buckets that a range covers.
pub type Bucket = u32;

/// How many buckets there are: one is a thousandth of a percent.
pub const BUCKETS: Bucket = 100_000;

/// A share of all units, to a thousandth of a percent.
///
/// ```
/// # use flagctl::bundle::Percent;
/// let share: Percent = "12.5%".parse().unwrap();
/// assert_eq!(share.buckets(), 12_500);
/// assert_eq!(share.to_string(), "12.5%");
/// assert!("0.0001%".parse::<Percent>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Bucket", into = "Bucket")]
pub struct Percent(Bucket);

impl Percent {
    /// Nobody.
    pub const ZERO: Self = Self(0);
    /// Everyone.
    pub const ALL: Self = Self(BUCKETS);

    /// That many buckets, at most [`BUCKETS`].
    pub fn from_buckets(buckets: Bucket) -> Option<Self> {
        (buckets <= BUCKETS).then_some(Self(buckets))
    }

    /// How many of the [`BUCKETS`] the share covers.
    pub fn buckets(self) -> Bucket {
        self.0
    }
}

/// The text is not a percentage as flagctl writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a percentage from `0%` to `100%` with at most three decimals, such as `12.5%`")]
pub struct PercentError;

impl std::str::FromStr for Percent {
    type Err = PercentError;

    /// Decimal digits only: no sign, no exponent, and never through a float.
    fn from_str(text: &str) -> Result<Self, PercentError> {
        let number = text.strip_suffix('%').ok_or(PercentError)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let sized = (whole.len() <= 2 || whole == "100") && decimals.len() <= 3;
        if !digits(whole) || !digits(decimals) || !sized {
            return Err(PercentError);
        }
        let parse = |digits: &str| digits.parse::<Bucket>().map_err(|_| PercentError);
        let buckets = parse(whole)? * 1_000 + parse(&format!("{decimals:0<3}"))?;
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
        let (whole, rest) = (self.0 / 1_000, self.0 % 1_000);
        let decimals = format!("{rest:03}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            decimals => write!(f, "{whole}.{decimals}%"),
        }
    }
}

/// The function from a unit to its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bucketing {
    /// SipHash-2-4 under a published key.
    #[default]
    Siphash,
    /// The buckets of flagd's `fractional` of 2025: murmur3 over the text.
    FlagdV2,
    /// The buckets of flagd's `fractional` of 2026: murmur3 over the text as CBOR.
    FlagdV3,
}

/// What a bucket is for. The same unit falls in unrelated buckets in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashDomain {
    /// Whether a rollout admits the unit.
    Rollout,
    /// Which variant of a split the unit gets.
    Split,
}

/// Turns units into buckets for one salt.
#[derive(Debug, Clone)]
pub struct Bucketer {
    salt: Box<str>,
    hash: Hash,
}

/// SipHash has read everything that stands before the unit, so that a decision hashes only the unit.
#[derive(Debug, Clone)]
enum Hash {
    Siphash { gate: SipHasher24, split: SipHasher24 },
    FlagdV2,
    FlagdV3,
}

/// `flagctl/bucket/1`, its two halves as little-endian integers.
const KEY: (u64, u64) = (u64::from_le_bytes(*b"flagctl/"), u64::from_le_bytes(*b"bucket/1"));

impl Bucketer {
    /// A bucketer for one salt.
    pub fn new(bucketing: Bucketing, salt: &str) -> Self {
        let prepared = |domain: u8| {
            let mut hasher = SipHasher24::new_with_keys(KEY.0, KEY.1);
            hasher.write(&length(salt));
            hasher.write(salt.as_bytes());
            hasher.write(&[domain]);
            hasher
        };
        let hash = match bucketing {
            Bucketing::Siphash => Hash::Siphash { gate: prepared(0), split: prepared(1) },
            Bucketing::FlagdV2 => Hash::FlagdV2,
            Bucketing::FlagdV3 => Hash::FlagdV3,
        };
        Self { salt: salt.into(), hash }
    }

    /// What distinguishes this flag's buckets from those of others.
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// The unit's bucket, below [`BUCKETS`].
    pub fn bucket(&self, domain: HashDomain, unit: &str) -> Bucket {
        match &self.hash {
            Hash::Siphash { gate, split } => {
                let mut hasher = match domain {
                    HashDomain::Rollout => *gate,
                    HashDomain::Split => *split,
                };
                hasher.write(unit.as_bytes());
                scale(hasher.finish())
            }
            // Murmur's 32 bits stand in the upper half: the same multiply-shift as flagd's own.
            Hash::FlagdV2 => scale(u64::from(murmur(self.text(domain, unit).as_bytes())) << 32),
            Hash::FlagdV3 => scale(u64::from(murmur(&cbor_text(&self.text(domain, unit)))) << 32),
        }
    }

    /// The exact bytes that are hashed, for whoever reproduces a bucket in another language.
    pub fn input(&self, domain: HashDomain, unit: &str) -> Vec<u8> {
        match self.hash {
            Hash::Siphash { .. } => {
                let domain = match domain {
                    HashDomain::Rollout => 0,
                    HashDomain::Split => 1,
                };
                [&length(&self.salt), self.salt.as_bytes(), &[domain], unit.as_bytes()].concat()
            }
            Hash::FlagdV2 => self.text(domain, unit).into_bytes(),
            Hash::FlagdV3 => cbor_text(&self.text(domain, unit)),
        }
    }

    /// What flagd would be given to bucket by: one text, since its `fractional` hashes one value.
    fn text(&self, domain: HashDomain, unit: &str) -> String {
        match domain {
            HashDomain::Rollout => format!("{}/rollout/{unit}", self.salt),
            HashDomain::Split => format!("{}{unit}", self.salt),
        }
    }
}

fn length(text: &str) -> [u8; 4] {
    u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes()
}

fn scale(hash: u64) -> Bucket {
    let bucket = (u128::from(hash) * u128::from(BUCKETS)) >> 64;
    Bucket::try_from(bucket).unwrap_or(BUCKETS - 1)
}

fn murmur(bytes: &[u8]) -> u32 {
    // Reading from memory does not fail.
    murmur3::murmur3_32(&mut std::io::Cursor::new(bytes), 0).unwrap_or(0)
}

/// RFC 8949's deterministic encoding of one text string.
fn cbor_text(text: &str) -> Vec<u8> {
    const TEXT: u8 = 3 << 5;
    let length = text.len();
    let mut bytes = match (u8::try_from(length), u16::try_from(length), u32::try_from(length)) {
        (Ok(short @ 0..=23), ..) => vec![TEXT | short],
        (Ok(byte), ..) => vec![TEXT | 24, byte],
        (_, Ok(word), _) => [&[TEXT | 25][..], &word.to_be_bytes()].concat(),
        (.., Ok(word)) => [&[TEXT | 26][..], &word.to_be_bytes()].concat(),
        _ => [&[TEXT | 27][..], &(length as u64).to_be_bytes()].concat(),
    };
    bytes.extend_from_slice(text.as_bytes());
    bytes
}
