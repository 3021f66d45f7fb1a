//! The tokens that are valid now, and the event streams that they allow.

use tokio::sync::watch;

use crate::serve::environments::Environments;
use crate::serve::events::Addresses;
use crate::serve::tokens::Tokens;

/// The tokens, and the addresses of event streams that follow from them.
#[derive(Debug)]
pub(super) struct Permissions {
    /// The tokens.
    pub(super) tokens: Tokens,
    /// The event streams.
    pub(super) addresses: Addresses,
    is_over: watch::Sender<bool>,
}

impl Permissions {
    /// Returns the permissions of tokens.
    pub(super) fn new(environments: &Environments, tokens: Tokens) -> Self {
        let (is_over, _) = watch::channel(false);
        Self { addresses: Addresses::new(environments, &tokens), tokens, is_over }
    }

    /// Returns a receiver whose value becomes true when these permissions end.
    pub(super) fn end(&self) -> watch::Receiver<bool> {
        self.is_over.subscribe()
    }

    /// Ends the permissions, which closes all event streams. A client that still has a permission connects again.
    pub(super) fn revoke(&self) {
        self.is_over.send_replace(true);
    }
}
