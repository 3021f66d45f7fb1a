//! Shows a spinner on stderr for work that takes longer than a second, if stderr is a terminal.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::cli::console::stderr_is_terminal;
use crate::load;
use crate::load::Loaded;
use crate::source::{Source, SourceError};

/// The time after which the spinner appears.
const DELAY: Duration = Duration::from_secs(1);
/// The time between two frames of the spinner's animation.
const TICK: Duration = Duration::from_millis(100);

/// Reads a complete flag repository, and shows a spinner.
///
/// # Errors
/// Returns the errors of [`load::all`].
pub(crate) fn all(source: &Source) -> Result<Loaded, SourceError> {
    shown("reading all flags", || load::all(source))
}

/// Runs `work`, and shows the description `what` if the work takes longer than a second.
pub(crate) fn shown<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    if !stderr_is_terminal() {
        return work();
    }
    let (done, waiting) = mpsc::channel::<()>();
    let display = thread::spawn(move || {
        if waiting.recv_timeout(DELAY) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let spinner = ProgressBar::new_spinner().with_message(what);
        spinner.enable_steady_tick(TICK);
        // This call returns when the sender is dropped, which happens when the work is done.
        let _ = waiting.recv();
        spinner.finish_and_clear();
    });
    let result = work();
    drop(done);
    // A panic of the thread is ignored, because the thread only draws the spinner.
    let _ = display.join();
    result
}
