//! The properties of the terminals at stdout and stderr.

use std::io::IsTerminal;

/// Returns whether stderr is a terminal. Progress is shown only on a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Returns the width of the terminal at stdout in columns, which is at least 60. Returns `None` if stdout is not a
/// terminal.
pub(crate) fn stdout_width() -> Option<u16> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0.max(60))
}
