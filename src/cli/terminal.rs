//! What the terminal is like that stdout or stderr is written to, if it is one.

use std::io::IsTerminal;

/// Returns whether stderr is a terminal, so that progress is worth drawing.
pub(crate) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Returns the width in columns of the terminal that stdout is, and at least 60. None if stdout is not a terminal.
pub(crate) fn stdout_width() -> Option<u16> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0.max(60))
}
