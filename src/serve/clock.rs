//! The clock of the server.

use jiff::Timestamp;

/// Returns the current time. The command line provides it.
pub type Clock = fn() -> Timestamp;
