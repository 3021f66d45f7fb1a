//! The settings of a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::serve::clock::Clock;
use crate::serve::cors::Cors;
use crate::serve::evaluate::HeaderAttributes;
use crate::serve::exposures::ExposureSettings;
use crate::serve::limits::Limits;
use crate::serve::log::Log;
use crate::serve::served_bundle::Override;
use crate::serve::tokens::Tokens;
use crate::serve::webhook::WebhookSecret;

/// The settings of a server, except for the sources of its bundles.
#[derive(Debug)]
pub struct ServeSettings {
    /// The address for applications.
    pub listen: SocketAddr,
    /// The address for the people who operate the server, or `None` for no such port.
    pub management: Option<SocketAddr>,
    /// The names of hosts with which people open the page, beside `localhost` and IP addresses.
    pub page_hosts: Vec<String>,
    /// The certificate, or `None` for connections without TLS.
    pub certificate: Option<CertificateFiles>,
    /// Where the tokens are.
    pub tokens: TokenSource,
    /// The secret of GitHub's webhooks.
    pub webhook_secret: Option<WebhookSecret>,
    /// The pages that may ask the server.
    pub cors: Cors,
    /// The attributes that headers set.
    pub header_attributes: HeaderAttributes,
    /// The flags that serve one variant to every context.
    pub overrides: Vec<Override>,
    /// The decisions that are recorded, or `None` for none.
    pub exposures: Option<ExposureSettings>,
    /// The address at which clients reach the server, without a `/` at its end, if a proxy changes the path.
    pub public_url: Option<String>,
    /// The longest time between two readings of a source.
    pub poll: Duration,
    /// The bounds on what a client can use.
    pub limits: Limits,
    /// The clock.
    pub clock: Clock,
    /// The log.
    pub log: Log,
}

/// The files of a certificate, in PEM. They are read again when they change.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The certificate, with those of the authorities between it and the root.
    pub chain: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Where the tokens of a server are.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// The server has no tokens, so everyone who can reach it may evaluate all flags.
    NoTokens,
    /// The tokens never change.
    Fixed(Tokens),
    /// A file, which is read again when it changes.
    File(PathBuf),
}
