//! Parts of texts for people: colour, counts and numbers.

use crate::bundle::Percent;

/// Whether a text may use terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The text has no colours.
    Never,
    /// The text has ANSI escape sequences for colours.
    Ansi,
}

/// What the output stream of a text for people can display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether the stream has colours.
    pub colour: Colour,
    /// The width in columns, or `None` if the stream is not a terminal.
    pub width: Option<u16>,
}

impl Screen {
    /// A file or a pipe, which has no colours.
    pub const PLAIN: Self = Self { colour: Colour::Never, width: None };
}

/// Returns the state of a killed flag in words: `killed`, or `killed except 1%` if the kill admits a share of the units.
pub(super) fn killed(admit: Percent) -> String {
    match admit {
        Percent::ZERO => "killed".to_owned(),
        admit => format!("killed except {admit}"),
    }
}

/// Returns a number and its noun: `1 error`, `2 errors`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

/// Returns how many of all things are shown: `18 flags`, `5 of 18 flags`, or `none of 18 flags matches`.
pub(super) fn counted_of(shown: usize, all: usize, noun: &str) -> String {
    match (shown, all) {
        (_, 0) => format!("no {noun}s"),
        (0, _) => format!("none of {} matches", counted(all, noun)),
        (shown, all) if shown == all => counted(all, noun),
        (shown, all) => format!("{} of {}", grouped(shown as u64), counted(all, noun)),
    }
}

/// Returns a number with a comma between thousands: `65,536`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns the text, or its first `longest` characters with the number of all.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => {
            let number = grouped(text.chars().count() as u64);
            format!("{}… ({number} characters)", text.get(..end).unwrap_or_default())
        }
        None => text.to_owned(),
    }
}

/// Returns a duration in its largest unit, rounded down, such as `30m`.
pub fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
