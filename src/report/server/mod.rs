//! The log of a server: what happens while it runs, one line for each event.

mod event;
mod human;
mod json;

pub use crate::report::server::event::{ChangedFlag, ServerEvent, Severity};
pub use crate::report::server::human::human;
pub use crate::report::server::json::json;
