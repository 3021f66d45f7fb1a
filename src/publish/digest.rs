//! SHA-256 digests, which are the names of bundles and manifests.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A SHA-256 digest as 64 hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// Returns the digest of these bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::from_bytes(<Sha256 as sha2::Digest>::digest(bytes).into())
    }

    /// Returns the digest with these bytes.
    pub fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let valid = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if valid { Ok(Self(text)) } else { Err(format!("expected 64 hexadecimal digits, found `{text}`")) }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}
