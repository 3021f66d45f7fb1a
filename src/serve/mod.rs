//! The server: answers applications over HTTP, with the newest bundles.
//!
//! The input is [`ServeSettings`] and the [`Follower`]s, which read bundles from files, git or a target. The output is the
//! answers of the OpenFeature Remote Evaluation Protocol, which every OpenFeature SDK has a client for.
//!
//! A follower has a thread. When it has a new bundle, `update` prepares it (`served_bundle`, `prepared_flag`) and makes it
//! current (`environments`). `listen` accepts connections, `application` answers their requests: `route` reads the path,
//! `access` the token, `evaluate` decides flags, and `events` tells clients that there is a new bundle. `management` has
//! the endpoints for the people who operate the server, and `page` shows them the flags.
//!
//! **Invariant:** a request is answered from one bundle. A bundle replaces another as a whole, between requests.
//! **Invariant:** a bundle that fails a check never becomes current. The bundle before it stays.
//! **Invariant:** nothing that a client sends ends the server, makes it wait without a limit, or makes it remember more
//! than its limits allow.

mod access;
mod application;
mod changes;
mod clock;
mod cors;
mod entity_tag;
mod environments;
mod evaluate;
mod events;
mod exposures;
mod flagd_file;
pub mod follow;
mod follower;
mod hexadecimal;
mod limits;
mod listen;
mod log;
mod management;
mod metrics;
mod open_files;
mod page;
mod permissions;
mod prepared_flag;
mod protocol_error;
mod reload;
mod response;
mod route;
mod run;
mod served_bundle;
mod settings;
mod source_state;
mod threads;
mod tls;
mod tokens;
mod update;
mod wake;
mod webhook;

pub use crate::serve::clock::Clock;
pub use crate::serve::cors::Cors;
pub use crate::serve::evaluate::HeaderAttributes;
pub use crate::serve::exposures::{ExposureSettings, OpenExposures, WrittenDecisions};
pub use crate::serve::follower::{Follower, Freshness, HistorySource, NewBundle, Reading};
pub use crate::serve::limits::Limits;
pub use crate::serve::log::Log;
pub use crate::serve::run::{ServeError, check, run};
pub use crate::serve::served_bundle::{Origin, Override};
pub use crate::serve::settings::{CertificateFiles, ServeSettings, TokenSource};
pub use crate::serve::tokens::{TokenUse, Tokens};
pub use crate::serve::webhook::WebhookSecret;
