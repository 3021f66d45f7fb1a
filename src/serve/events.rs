//! Streams of server-sent events, which tell clients that a new bundle is current.
//!
//! A browser opens a stream without any header of the client, so the address of a stream is the permission to open it.
//! The address is a digest of the environment and of the token's digest. It is the same in every server with the same
//! tokens, so a client can connect again after a restart, or to another server.
//!
//! **Invariant:** a client that opens a stream gets an event unless it proves by `Last-Event-ID` that it knows the current
//! bundle. A bundle that became current between an answer and the opening of the stream is therefore not missed.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use hyper::HeaderMap;
use hyper::body::Frame;
use prometheus_client::metrics::gauge::Gauge;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use crate::serve::environments::{Environments, ServedEnvironment};
use crate::serve::hexadecimal;
use crate::serve::response::{Frames, Response, events};
use crate::serve::served_bundle::ServedBundle;
use crate::serve::tokens::{Token, TokenUse, Tokens};

/// The time between two comments on a stream without events. Proxies close streams that are silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The number of bytes of a digest that are an address.
const ADDRESS_BYTES: usize = 16;
/// The header with the last event that a client has received.
const LAST_EVENT_ID: &str = "last-event-id";

/// The streams of a server, by their addresses.
#[derive(Debug, Default)]
pub(super) struct Addresses(BTreeMap<String, Arc<ServedEnvironment>>);

impl Addresses {
    /// Returns the addresses of all streams that the tokens allow.
    pub(super) fn new(environments: &Environments, tokens: &Tokens) -> Self {
        let mut addresses = BTreeMap::new();
        for environment in environments.iter() {
            let allowed =
                tokens.iter().filter(|token| token.usage != TokenUse::Webhook && token.allows(environment.name()));
            let tokens = allowed.map(Some).chain(tokens.is_empty().then_some(None));
            for token in tokens {
                addresses.insert(address(environment.name(), token), Arc::clone(environment));
            }
        }
        Self(addresses)
    }

    /// Returns the environment of a stream.
    pub(super) fn find(&self, address: &str) -> Option<&Arc<ServedEnvironment>> {
        self.0.get(address)
    }
}

/// Returns the address of the stream of an environment for a token, or for everyone if the server has no tokens.
pub(super) fn address(environment: &str, token: Option<&Token>) -> String {
    let mut hash = Sha256::new();
    hash.update(b"flagctl event stream\0");
    hash.update(environment.as_bytes());
    hash.update(b"\0");
    hash.update(token.map_or(&[0; 32], Token::digest));
    hexadecimal::encode(hash.finalize().as_slice().split_at(ADDRESS_BYTES).0)
}

/// An open stream.
pub(super) struct EventStream {
    bundles: watch::Receiver<Option<Arc<ServedBundle>>>,
    /// The tag of the bundle that the client knows.
    known: Option<String>,
    /// Changes to true when the server stops, or when the address is not valid any more.
    closing: watch::Receiver<bool>,
    has_started: bool,
    open_streams: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl EventStream {
    /// Opens a stream for a request with these headers.
    pub(super) fn open(
        environment: &ServedEnvironment,
        headers: &HeaderMap,
        closing: watch::Receiver<bool>,
        open_streams: Gauge,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let known = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
        open_streams.inc();
        let bundles = environment.subscribe();
        Self { bundles, known, closing, has_started: false, open_streams, _permit: permit }
    }

    /// Returns the response with the events.
    pub(super) fn into_response(self) -> Response {
        let frames = stream::unfold(self, async |mut stream| {
            let bytes = stream.next().await?;
            Some((Ok::<_, Infallible>(Frame::data(bytes)), stream))
        });
        let frames: Frames = Box::pin(frames);
        events(frames)
    }

    /// Returns the next bytes, or `None` at the end of the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.has_started {
            self.has_started = true;
            // The client waits this number of milliseconds before it connects again.
            return Some(Bytes::from_static(b"retry: 1000\n\n"));
        }
        loop {
            if let Some(event) = self.event() {
                return Some(event);
            }
            let change = async {
                tokio::select! {
                    changed = self.bundles.changed() => changed.is_ok(),
                    () = closed(&mut self.closing) => false,
                }
            };
            match timeout(HEARTBEAT, change).await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(_) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// Returns an event if the client does not know the current bundle.
    fn event(&mut self) -> Option<Bytes> {
        let bundle = self.bundles.borrow_and_update().clone()?;
        let tag = bundle.tag();
        if self.known.as_deref() == Some(tag) {
            return None;
        }
        self.known = Some(tag.to_owned());
        let modified = bundle.origin().created.as_second();
        Some(Bytes::from(format!(
            "id: {tag}\nevent: message\ndata: {{\"type\":\"refetchEvaluation\",\"etag\":\"{tag}\",\"lastModified\":{modified}}}\n\n"
        )))
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.open_streams.dec();
    }
}

/// Waits until the value is true. Waits forever if its sender does not exist any more.
async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|is_closing| *is_closing).await.is_err() {
        pending().await
    }
}
