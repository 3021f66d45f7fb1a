//! The signatures of GitHub's webhooks.

use std::fmt;

use hyper::HeaderMap;
use ring::hmac;

use crate::serve::hexadecimal;

/// The header with the signature of the body.
const SIGNATURE: &str = "x-hub-signature-256";
/// The minimum length of a secret in bytes.
const MIN_SECRET_BYTES: usize = 16;

/// The secret that a server and a webhook of GitHub share.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// Creates a secret. Returns `None` if it is too short.
    pub fn new(secret: &[u8]) -> Option<Self> {
        (secret.len() >= MIN_SECRET_BYTES).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// Returns whether the headers have the signature of a body.
    pub(super) fn has_signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()?.strip_prefix("sha256="));
        let Some(signature) = signature.and_then(hexadecimal::decode) else { return false };
        hmac::verify(&self.0, body, &signature).is_ok()
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}
