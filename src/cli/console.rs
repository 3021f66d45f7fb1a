//! The output streams of the process, and the only module that writes to them.
//!
//! **Invariant:** stdout and stderr get only a [`Printable`], so everything from outside is escaped.
//! **Invariant:** stdout has only results. A failed write to stdout is an error, because the result is lost. A failed
//! write to stderr is ignored, because the exit code still has the answer.

use std::io;
use std::io::{IsTerminal, Stderr, Stdout, Write};

use anstream::{AutoStream, ColorChoice};

use crate::report::{Colour, Label, Lines, Printable, Screen};

#[expect(clippy::disallowed_methods, reason = "this is the only module that writes to stdout")]
fn stdout() -> Stdout {
    io::stdout()
}

#[expect(clippy::disallowed_methods, reason = "this is the only module that writes to stderr")]
fn stderr() -> Stderr {
    io::stderr()
}

/// An output stream of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputStream {
    Stdout,
    Stderr,
}

impl OutputStream {
    /// Returns whether the stream has colours. [`set_colour`] decides, and without it the environment variables `NO_COLOR`
    /// and `CLICOLOR_FORCE`. If they are not set, only terminals have colours.
    pub(crate) fn colour(self) -> Colour {
        let choice = match self {
            Self::Stdout => AutoStream::choice(&stdout()),
            Self::Stderr => AutoStream::choice(&stderr()),
        };
        if choice == ColorChoice::Never { Colour::Never } else { Colour::Ansi }
    }

    /// Returns the width of the terminal in columns: that of the environment variable `COLUMNS`, if it is set, and otherwise
    /// that of the terminal itself. Returns `None` if the stream is not a terminal, because other output is never shortened.
    pub(crate) fn width(self) -> Option<u16> {
        let (terminal, _) = match self {
            Self::Stdout => terminal_size::terminal_size_of(stdout()),
            Self::Stderr => terminal_size::terminal_size_of(stderr()),
        }?;
        let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Some(given.filter(|columns| *columns > 0).unwrap_or(terminal.0))
    }

    /// Returns what the stream can display.
    pub(crate) fn screen(self) -> Screen {
        Screen { colour: self.colour(), width: self.width() }
    }
}

/// Sets whether all streams have colours, instead of the environment and the type of each stream.
pub(crate) fn set_colour(colour: Colour) {
    match colour {
        Colour::Never => ColorChoice::Never.write_global(),
        Colour::Ansi => ColorChoice::AlwaysAnsi.write_global(),
    }
}

/// Writes a result, or a part of it, to stdout.
pub(crate) fn write(text: impl Into<Printable>) -> io::Result<()> {
    let text = text.into();
    let text = text.render(OutputStream::Stdout.colour());
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes text for people to stderr.
pub(crate) fn write_stderr(text: impl Into<Printable>) {
    let text = text.into();
    let text = text.render(OutputStream::Stderr.colour());
    let mut err = stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Writes a note to stderr.
pub(crate) fn note(text: impl AsRef<str>) {
    message(Label::Note, text.as_ref());
}

/// Writes an error to stderr.
pub(crate) fn error(text: impl AsRef<str>) {
    message(Label::Error, text.as_ref());
}

fn message(label: Label, text: &str) {
    let mut lines = Lines::default();
    lines.message(label, text);
    write_stderr(lines);
}

/// Asks a question on stderr, and returns the answer from stdin.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    let question = Lines::from_iter([question]);
    let mut err = stderr().lock();
    err.write_all(question.as_str().trim_end_matches('\n').as_bytes())?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Returns whether a user can answer a question.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && stderr().is_terminal()
}

/// Returns whether stderr is a terminal. Progress is shown only on a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    stderr().is_terminal()
}

/// Returns the width of the terminal at stdout in columns, or `None` if stdout is not a terminal.
pub(crate) fn stdout_width() -> Option<u16> {
    OutputStream::Stdout.width()
}

/// Returns a writer to stdout for a protocol between programs, whose messages are JSON.
pub(crate) fn protocol_writer() -> impl Write {
    stdout()
}
