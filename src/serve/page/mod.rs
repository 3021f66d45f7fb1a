//! The page for the people who operate the server.
//!
//! `report::page` writes the documents. The files here read the address of a request (`address`), refuse requests for
//! other hosts (`host`), collect what a page shows (`facts`, `history`), and run the work (`respond`).
//!
//! **Invariant:** a page is never made on the threads that answer applications. Few pages are made at the same time, and a
//! request that waits too long for its turn gets 503.
//! **Invariant:** a page changes nothing.

mod address;
mod facts;
mod history;
mod host;
mod respond;

pub(super) use crate::serve::page::respond::Page;
