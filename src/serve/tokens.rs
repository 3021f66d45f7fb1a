//! The tokens with which applications authenticate, and what each of them may do.
//!
//! The input is a file in YAML:
//!
//! ```yaml
//! tokens:
//! - name: checkout
//!   sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//!   environments: [production]
//!   use: server
//!   requests-per-second: 500
//! ```
//!
//! **Invariant:** the file and the memory of the server have no token, only their digests. A token is compared with all
//! digests, in a time that does not depend on how much of it is right.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::serve::hexadecimal;

/// The maximum number of tokens. Each request compares its token with all of them.
const MAX_TOKENS: usize = 1_000;

/// The tokens of a server.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    tokens: Vec<Token>,
}

/// A token, and what it allows.
#[derive(Debug, Clone)]
pub(super) struct Token {
    digest: [u8; 32],
    /// The name in logs.
    pub(super) name: String,
    /// The environments, or `None` for all.
    environments: Option<Vec<String>>,
    /// The use.
    pub(super) usage: TokenUse,
    /// The maximum number of requests in a second, which all clients with the token share.
    rate: Option<NonZeroU32>,
    /// Counts the requests, if the token has a rate.
    limiter: Option<Arc<DefaultDirectRateLimiter>>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenUse {
    /// Applications on servers. They may evaluate all flags.
    Server,
    /// Browsers and apps on devices of users, where everyone can read the token. They may evaluate the flags with
    /// `client: true`.
    Browser,
    /// A webhook. It may only make the server look for a new bundle.
    Webhook,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFile {
    tokens: Vec<WrittenToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenToken {
    name: String,
    sha256: String,
    #[serde(default)]
    environments: Option<Vec<String>>,
    #[serde(rename = "use")]
    usage: TokenUse,
    #[serde(default)]
    requests_per_second: Option<NonZeroU32>,
}

impl Tokens {
    /// Reads the text of a token file.
    ///
    /// # Errors
    /// Returns a message with the position, if it has one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: TokenFile = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        if file.tokens.len() > MAX_TOKENS {
            return Err(format!("expected at most {MAX_TOKENS} tokens, found {}", file.tokens.len()));
        }
        let tokens: Vec<_> = file.tokens.into_iter().map(Token::new).collect::<Result<_, _>>()?;
        for (index, token) in tokens.iter().enumerate() {
            let before = tokens.iter().take(index).find(|before| before.digest == token.digest);
            if let Some(before) = before {
                return Err(format!("the tokens `{}` and `{}` have the same digest", before.name, token.name));
            }
        }
        Ok(Self { tokens })
    }

    /// Returns the number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Returns the tokens with the request counts of those that are also in `before` with the same rate.
    pub(super) fn with_limiters_of(mut self, before: &Self) -> Self {
        for token in &mut self.tokens {
            let same = before.tokens.iter().find(|old| old.digest == token.digest && old.rate == token.rate);
            if let Some(same) = same {
                token.limiter = same.limiter.clone();
            }
        }
        self
    }

    /// Finds a token by its text.
    pub(super) fn find(&self, text: &[u8]) -> Option<&Token> {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let mut found = u32::MAX;
        for (index, token) in (0u32..).zip(&self.tokens) {
            let is_equal: Choice = token.digest.ct_eq(&digest);
            found.conditional_assign(&index, is_equal);
        }
        self.tokens.get(usize::try_from(found).ok()?)
    }

    /// Iterates over the tokens.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }
}

impl Token {
    fn new(written: WrittenToken) -> Result<Self, String> {
        let name = written.name;
        let digest =
            Some(&written.sha256).filter(|digits| digits.len() == 64).and_then(|digits| hexadecimal::decode(digits));
        let digest = digest.and_then(|digest| digest.try_into().ok()).ok_or_else(|| {
            format!(
                "the token `{name}` has no digest as `sha256`: expected 64 hexadecimal digits, as \
                 `printf %s \"$TOKEN\" | sha256sum` writes them"
            )
        })?;
        let rate = written.requests_per_second;
        let limiter = rate.map(|rate| Arc::new(RateLimiter::direct(Quota::per_second(rate))));
        Ok(Self { digest, name, environments: written.environments, usage: written.usage, rate, limiter })
    }

    /// Counts a request. Returns the number of seconds to wait if the token has made too many.
    pub(super) fn admit(&self) -> Result<(), u32> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check().map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
        })
    }

    /// Returns whether the token is for an environment.
    pub(super) fn allows(&self, environment: &str) -> bool {
        self.environments.as_ref().is_none_or(|names| names.iter().any(|name| name == environment))
    }

    /// Returns the environment of the token if it is for exactly one.
    pub(super) fn only_environment(&self) -> Option<&str> {
        match self.environments.as_deref()? {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns the digest of the token.
    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}
