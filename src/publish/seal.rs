//! Seals: the files that decide whether an entry of the log counts.
//!
//! A program that has taken a number creates the seal of the number, with its signature in it. A program that gives up
//! waiting for the seal creates a void seal instead. The store lets one of them create the file, so an entry is either
//! complete or void, and never both. The signature of an entry that is void stays in the memory of the program that
//! made it.

/// The maximum size of a seal. An RSA signature of 16,384 bits needs a quarter of it.
pub(super) const MAX_SEAL_BYTES: u64 = 16 << 10;

const UNSIGNED: &[u8] = b"unsigned\n";
const VOID: &[u8] = b"void\n";

/// The seal of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seal {
    /// The entry is complete, and this signature is that of its manifest.
    Signature(Vec<u8>),
    /// The entry is complete, and was published without a signature.
    Unsigned,
    /// The entry was not completed, so readers skip it.
    Void,
}

impl Seal {
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        match bytes.as_slice() {
            UNSIGNED => Self::Unsigned,
            VOID => Self::Void,
            _ => Self::Signature(bytes),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Signature(bytes) => bytes,
            Self::Unsigned => UNSIGNED,
            Self::Void => VOID,
        }
    }
}
