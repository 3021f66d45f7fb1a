//! What the person waits for, on a terminal, once it takes a while.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::cli::terminal::stderr_is_terminal;
use crate::load;
use crate::load::Loaded;
use crate::source::{Source, SourceError};

/// Nobody wonders about a shorter wait.
const SOON: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Reads a whole flag repository.
///
/// # Errors
/// Those of [`load::all`].
pub(crate) fn all(source: &Source) -> Result<Loaded, SourceError> {
    shown("reading all flags", || load::all(source))
}

/// Does something, and says what after a second.
pub(crate) fn shown<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    if !stderr_is_terminal() {
        return work();
    }
    let (done, waiting) = mpsc::channel::<()>();
    let display = thread::spawn(move || {
        if waiting.recv_timeout(SOON) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let spinner = ProgressBar::new_spinner().with_message(what);
        spinner.enable_steady_tick(TICK);
        // Until the sender is gone.
        let _ = waiting.recv();
        spinner.finish_and_clear();
    });
    let result = work();
    drop(done);
    // It only draws; how it ended says nothing about the result.
    let _ = display.join();
    result
}
