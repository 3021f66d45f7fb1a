//! `serve`: the answers of a running server, its sources, and what it refuses.

mod client;
mod documented;
#[cfg(unix)]
mod exposures;
mod hostile;
mod operation;
mod page;
mod protocol;
mod server;
mod sources;
mod streams;
