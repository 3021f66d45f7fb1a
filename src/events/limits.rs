//! The limits of lines and texts.

/// The maximum length of a line, with its line break.
pub const MAX_LINE_BYTES: usize = 1 << 20;
/// The maximum length of a text, such as the key of a flag or the value of a unit.
pub const MAX_TEXT_BYTES: usize = 1024;
