//! The bounds on what a client can make the server use.

use std::time::Duration;

/// The bounds of a server. A request past one of them gets an error, or its connection is closed.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The maximum size of a body in bytes.
    pub body_bytes: usize,
    /// The maximum size of the head of a request in bytes.
    pub head_bytes: usize,
    /// The maximum number of open connections.
    pub connections: usize,
    /// The maximum number of open event streams.
    pub streams: usize,
    /// The maximum time for the head of a request, and for its body. It is also the maximum time for which a connection
    /// may stay open without a request, so the default is longer than that of usual load balancers.
    pub request_time: Duration,
    /// The maximum time for which a client may leave bytes of a response unread.
    pub write_time: Duration,
    /// The maximum time for the requests that are open when the server stops.
    pub shutdown_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            head_bytes: 32 << 10,
            connections: 16_000,
            streams: 15_000,
            request_time: Duration::from_secs(75),
            write_time: Duration::from_secs(75),
            shutdown_time: Duration::from_secs(10),
        }
    }
}
