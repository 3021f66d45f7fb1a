//! Runs flagctl in a pseudo-terminal with a given width, and shows colours as words.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The escape sequences of the program, and the words that stand for them in snapshots.
const SEQUENCES: [(&str, &str); 10] = [
    ("\u{1b}[0m", "⟨/⟩"),
    ("\u{1b}[1m", "⟨bold⟩"),
    ("\u{1b}[2m", "⟨dim⟩"),
    ("\u{1b}[4m", "⟨underline⟩"),
    ("\u{1b}[31m", "⟨red⟩"),
    ("\u{1b}[32m", "⟨green⟩"),
    ("\u{1b}[33m", "⟨yellow⟩"),
    ("\u{1b}[34m", "⟨blue⟩"),
    ("\u{1b}[35m", "⟨magenta⟩"),
    ("\u{1b}[36m", "⟨cyan⟩"),
];

/// The sequence that erases the line. The spinner for slow work, which a slow machine shows, ends with it.
const ERASE: &str = "\r\u{1b}[2K";

/// Runs a command whose standard streams are a terminal, and returns what the terminal shows afterwards.
pub(crate) fn in_terminal(command: Command, columns: u16) -> String {
    in_terminal_with(command, columns, "")
}

/// Runs a command in a terminal at which a person types a text. The terminal shows the text, too.
pub(crate) fn in_terminal_with(mut command: Command, columns: u16, typed: &str) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let name = std::ffi::OsStr::from_bytes(name.to_bytes());
    let end = || -> OwnedFd { rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap() };
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    // The terminal ends when no process has its other end.
    drop(command);
    let mut written = Vec::new();
    let mut part = [0; 4096];
    let mut terminal = File::from(terminal);
    terminal.write_all(typed.as_bytes()).unwrap();
    // Linux reports the end as an error.
    while let Ok(length @ 1..) = terminal.read(&mut part) {
        written.extend_from_slice(&part[..length]);
    }
    child.wait().unwrap();
    let mut shown = String::from_utf8(written).unwrap().replace("\r\n", "\n");
    while let Some(end) = shown.find(ERASE) {
        let start = shown[..end].rfind('\n').map_or(0, |line_end| line_end + 1);
        shown.replace_range(start..end + ERASE.len(), "");
    }
    shown
}

/// Replaces the escape sequences of the program with words.
pub(crate) fn visible(text: &str) -> String {
    let visible = SEQUENCES.iter().fold(text.to_owned(), |text, (sequence, word)| text.replace(sequence, word));
    assert!(!visible.contains('\u{1b}'), "an unknown escape sequence: {visible:?}");
    visible
}

/// Removes the escape sequences that set colours.
pub(crate) fn without_colours(text: &str) -> String {
    SEQUENCES.iter().fold(text.to_owned(), |text, (sequence, _)| text.replace(sequence, ""))
}
