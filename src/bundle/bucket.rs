//! The hash function that maps a unit to one of 100,000 buckets.
//!
//! A rollout admits the buckets below its share, a split assigns a range of buckets to each variant, and a slot of a
//! layer is a range of the layer's buckets. The same unit therefore gets the same result on every machine. The inputs of the hash and test vectors are published, so other
//! languages can reproduce the hash.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// The number of a bucket from zero, or the number of buckets that a range covers.
pub type Bucket = u32;

/// The number of buckets. One bucket is a thousandth of a percent of the units.
pub const BUCKETS: Bucket = 100_000;

/// The hash function from a unit to its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bucketing {
    /// SipHash-2-4 under a published key.
    #[default]
    Siphash,
    /// The buckets of flagd's `fractional` of 2025: murmur3 over the text.
    FlagdV2,
    /// The buckets of flagd's `fractional` of 2026: murmur3 over the text as CBOR.
    FlagdV3,
}

impl Bucketing {
    /// Returns the name in `flagctl.yaml` and in bundles.
    pub fn name(self) -> &'static str {
        match self {
            Self::Siphash => "siphash",
            Self::FlagdV2 => "flagd-v2",
            Self::FlagdV3 => "flagd-v3",
        }
    }
}

/// The purpose of a bucket. The buckets of one unit in the domains are unrelated, also for one salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashDomain {
    /// Whether a rollout admits the unit.
    Rollout,
    /// The variant of a split that the unit gets.
    Split,
    /// Whether the unit is in a slot of a layer.
    Layer,
}

impl HashDomain {
    /// Returns the byte between the salt and the unit, which separates the domains of SipHash.
    fn byte(self) -> u8 {
        match self {
            Self::Rollout => 0,
            Self::Split => 1,
            Self::Layer => 2,
        }
    }

    /// Returns the text before the unit, with which flagd's `fractional` gives the buckets of this domain.
    pub fn flagd_salt(self, salt: &str) -> String {
        match self {
            Self::Rollout => format!("{salt}/rollout/"),
            Self::Split => salt.to_owned(),
            Self::Layer => format!("{salt}/layer/"),
        }
    }
}

/// Computes the buckets of units for one salt.
#[derive(Debug, Clone)]
pub struct Bucketer {
    salt: Box<str>,
    hash: Hash,
}

/// The state of the hash function.
///
/// SipHash has already processed all bytes before the unit, so a decision hashes only the unit.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a bundle has one kind of hash, and a box would slow each decision")]
enum Hash {
    Siphash { rollout: SipHasher24, split: SipHasher24, layer: SipHasher24 },
    FlagdV2,
    FlagdV3,
}

/// The published key of SipHash: the halves of `flagctl/bucket/1` as little-endian integers.
const KEY: (u64, u64) = (u64::from_le_bytes(*b"flagctl/"), u64::from_le_bytes(*b"bucket/1"));

impl Bucketer {
    /// Prepares the hash function for one salt.
    pub fn new(bucketing: Bucketing, salt: &str) -> Self {
        let prepared = |domain: u8| {
            let mut hasher = SipHasher24::new_with_keys(KEY.0, KEY.1);
            hasher.write(&length(salt));
            hasher.write(salt.as_bytes());
            hasher.write(&[domain]);
            hasher
        };
        let hash = match bucketing {
            Bucketing::Siphash => {
                let [rollout, split, layer] =
                    [HashDomain::Rollout, HashDomain::Split, HashDomain::Layer].map(|domain| prepared(domain.byte()));
                Hash::Siphash { rollout, split, layer }
            }
            Bucketing::FlagdV2 => Hash::FlagdV2,
            Bucketing::FlagdV3 => Hash::FlagdV3,
        };
        Self { salt: salt.into(), hash }
    }

    /// Returns the salt, which makes the buckets of one flag or layer independent of those of others.
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// Returns the bucket of a unit, below [`BUCKETS`].
    pub fn bucket(&self, domain: HashDomain, unit: &str) -> Bucket {
        match &self.hash {
            Hash::Siphash { rollout, split, layer } => {
                let mut hasher = match domain {
                    HashDomain::Rollout => *rollout,
                    HashDomain::Split => *split,
                    HashDomain::Layer => *layer,
                };
                hasher.write(unit.as_bytes());
                scale(hasher.finish())
            }
            // The 32 bits of murmur3 are the upper half, so `scale` gives the same result as flagd's multiply-shift.
            Hash::FlagdV2 => scale(u64::from(murmur(self.text(domain, unit).as_bytes())) << 32),
            Hash::FlagdV3 => scale(u64::from(murmur(&cbor_text(&self.text(domain, unit)))) << 32),
        }
    }

    /// Returns the exact bytes that are hashed, to reproduce a bucket in another language.
    pub fn input(&self, domain: HashDomain, unit: &str) -> Vec<u8> {
        match self.hash {
            Hash::Siphash { .. } => {
                [&length(&self.salt), self.salt.as_bytes(), &[domain.byte()], unit.as_bytes()].concat()
            }
            Hash::FlagdV2 => self.text(domain, unit).into_bytes(),
            Hash::FlagdV3 => cbor_text(&self.text(domain, unit)),
        }
    }

    /// Returns the text that flagd hashes. The salt and the unit form one text, because flagd's `fractional` hashes one
    /// value.
    fn text(&self, domain: HashDomain, unit: &str) -> String {
        format!("{}{unit}", domain.flagd_salt(&self.salt))
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
    // A read from memory does not fail.
    murmur3::murmur3_32(&mut std::io::Cursor::new(bytes), 0).unwrap_or(0)
}

/// Encodes one text string in CBOR, with the deterministic encoding of RFC 8949.
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
