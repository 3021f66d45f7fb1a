//! The page for the people who operate the server.
//!
//! `report::page` writes the documents. The files here read the address of a request (`address`), refuse requests for
//! other hosts (`host`), collect what a page shows (`facts`, `history`), and run the work (`respond`).
//!
//! **Invariant:** a page never delays an answer to an application: it is made on threads of its own, of which there are
//! few, and a request that finds none free in time gets 503.
//! **Invariant:** a page changes nothing.

mod address;
mod facts;
mod history;
mod host;
mod respond;

pub(super) use crate::serve::page::respond::Page;
