//! The log of the server.

use std::fmt;
use std::sync::Arc;

use crate::report::server::ServerEvent;

/// Receives the events of a server. The command line writes them.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&ServerEvent) + Send + Sync>);

impl Log {
    /// Creates a log that calls a function for each event.
    pub fn new(write: impl Fn(&ServerEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Writes an event.
    pub fn write(&self, event: &ServerEvent) {
        (self.0)(event);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
