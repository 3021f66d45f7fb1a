//! Positions of the protocol: a line, and a character in the units that client and server agreed on.

use serde_json::{Value as Json, json};

use crate::snapshot::Span;

/// The units in which characters of a line are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
}

impl Encoding {
    fn width(self, char: char) -> usize {
        match self {
            Self::Utf8 => char.len_utf8(),
            Self::Utf16 => char.len_utf16(),
        }
    }

    /// Returns the byte offset of a position. A position behind the end of a line or of the text is moved to this end.
    pub(super) fn offset(self, text: &str, position: &Json) -> Option<usize> {
        let line = usize::try_from(position.get("line")?.as_u64()?).ok()?;
        let wanted = usize::try_from(position.get("character")?.as_u64()?).ok()?;
        let mut start = 0;
        for _ in 0..line {
            match text.get(start..)?.find('\n') {
                Some(end) => start += end + 1,
                None => return Some(text.len()),
            }
        }
        let rest = text.get(start..)?;
        let content = rest.split('\n').next().unwrap_or_default();
        let content = content.strip_suffix('\r').unwrap_or(content);
        let mut units = 0;
        for (offset, char) in content.char_indices() {
            if units >= wanted {
                return Some(start + offset);
            }
            units += self.width(char);
        }
        Some(start + content.len())
    }

    /// Returns the position of a byte offset.
    pub(super) fn position(self, text: &str, offset: usize) -> Json {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let on_line = before.rsplit('\n').next().unwrap_or_default();
        let character: usize = on_line.chars().map(|char| self.width(char)).sum();
        json!({"line": line, "character": character})
    }

    /// Returns the range of bytes of a text.
    pub(super) fn range(self, text: &str, start: usize, end: usize) -> Json {
        json!({"start": self.position(text, start), "end": self.position(text, end)})
    }

    /// Returns the range of a span in its text.
    pub(super) fn span(self, text: &str, span: Span) -> Json {
        self.range(text, span.start as usize, span.end as usize)
    }
}
