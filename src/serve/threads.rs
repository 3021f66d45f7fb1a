//! The threads of the server.

use std::io;
use std::thread;

/// The stack of each thread in bytes. Definitions are nested, and the functions that read and compare them are recursive.
pub(super) const STACK_BYTES: usize = 16 << 20;

/// Starts a thread.
///
/// # Errors
/// Returns an error if the operating system gives no thread.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).map(drop)
}
