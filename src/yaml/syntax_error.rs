//! Where an error of the YAML parser is, and how to correct it.
//!
//! The parser reports the place at which it could not go on. The mistake is often before it: a line with other spaces, a
//! `-` without a space, a quote or a bracket that is not closed. The module looks for these mistakes in the text before the
//! reported place.

use granit_parser::{ErrorKind, ScanError};

/// An error of the parser in flagctl's words.
pub(super) struct SyntaxError {
    /// The byte at which the mistake is.
    pub(super) offset: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl SyntaxError {
    /// Finds the mistake behind an error of the parser.
    pub(super) fn new(text: &str, error: &ScanError) -> Self {
        let offset = error.marker().byte_offset().unwrap_or(0).min(text.len());
        let mut message = error.info();
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let message = message.trim_end_matches('.').replace('\'', "`");
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
        let of_line = before.get(line_start..).unwrap_or_default();
        // The parser reports the beginning of a value for a tab in one of the value's later lines.
        if message.contains("tab")
            && let Some(tab) = text.get(offset..).and_then(|rest| rest.find('\t'))
        {
            return Self { offset: offset + tab, message, help: Some("indent with spaces".to_owned()) };
        }
        if message.starts_with("mapping values are not allowed") {
            // The first key of a line is wrong because of its indentation. A later colon is part of a text.
            let key = of_line.trim_start().trim_start_matches("- ");
            if key.is_empty() || key.contains([':', '"', '\'', '#', '{', '[']) {
                return Self { offset, message, help: Some("quote text that contains a colon and a space".to_owned()) };
            }
            let offset = line_start + (of_line.len() - of_line.trim_start().len());
            return Self::of_indentation(text, line_start, offset, "unexpected key".to_owned());
        }
        if message.contains("did not find expected key") || message.contains("expected `-` indicator") {
            let message = if message.contains("key") { "expected a key".to_owned() } else { "expected `-`".to_owned() };
            return Self::of_indentation(text, line_start, offset, message);
        }
        if message.starts_with("simple key expected") {
            let line = text.get(offset..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            let help = match line.split_once(':') {
                Some((key, value)) if !value.is_empty() => format!("write `{key}: {}`", value.trim_start()),
                _ => "write a colon and a space after the key".to_owned(),
            };
            return Self { offset, message: "expected a key with a colon and a space".to_owned(), help: Some(help) };
        }
        if message.starts_with("invalid trailing content after single-quoted") {
            let help = "write `''` for a quote inside single quotes".to_owned();
            return Self { offset, message, help: Some(help) };
        }
        if matches!(error.kind(), ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent)
            && let Some(Open { offset, character }) = innermost_open(before)
        {
            let message = format!("the quote `{character}` is not closed");
            return Self { offset, message, help: Some("close the quote".to_owned()) };
        }
        let is_unclosed =
            matches!(error.kind(), ErrorKind::UnclosedFlowCollection { .. } | ErrorKind::UnexpectedEofFlowSequence)
                || message == "invalid indentation";
        if is_unclosed && let Some(Open { offset, character }) = innermost_open(before) {
            let rest = text.get(error.marker().byte_offset().unwrap_or(0)..).unwrap_or_default();
            if rest.starts_with([']', '}']) {
                let help = "write it at the end of the line before, or indent its line".to_owned();
                let message = "unexpected closing bracket at the beginning of a line".to_owned();
                return Self { offset: before.len(), message, help: Some(help) };
            }
            let message = format!("the bracket `{character}` is not closed");
            return Self { offset, message, help: Some("close the bracket".to_owned()) };
        }
        let help = advice(error.kind()).map(str::to_owned);
        Self { offset, message, help }
    }

    /// Returns the error of a key or an entry whose line has other spaces than the lines around it. If the line before it
    /// has a `-` without a space, this is the mistake.
    fn of_indentation(text: &str, line_start: usize, offset: usize, message: String) -> Self {
        let before = text.get(..line_start).unwrap_or_default();
        let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let Some(previous) = before.lines().rev().find(is_content) else { return Self { offset, message, help: None } };
        let content = previous.trim_start_matches(' ');
        let is_joined = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphanumeric());
        if content.strip_prefix('-').is_some_and(is_joined) && content.contains(": ") {
            let start = before.rfind(previous).unwrap_or(0) + (previous.len() - content.len());
            let message = "expected a space after `-`".to_owned();
            return Self { offset: start, message, help: Some("write `- ` before an entry of a list".to_owned()) };
        }
        let key = content.trim_start_matches("- ");
        let indentation = previous.len() - key.len();
        let own = offset - line_start;
        let help = (indentation != own).then(|| {
            let noun = if indentation == 1 { "space" } else { "spaces" };
            format!("indent this line with {indentation} {noun}, like the line before it")
        });
        Self { offset, message, help }
    }
}

/// Returns advice for frequent errors of the parser.
fn advice(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => "close the quote",
        ErrorKind::UnclosedFlowCollection { .. } | ErrorKind::UnexpectedEofFlowSequence => "close the bracket",
        ErrorKind::UnknownAnchor => "define the anchor with `&name` before its first `*name`",
        ErrorKind::UnexpectedCharacter { .. } => "quote the text, so that this character is part of it",
        _ => return None,
    })
}

/// A quote or a bracket that is not closed.
struct Open {
    offset: usize,
    character: char,
}

/// Returns the innermost quote or bracket that a text opens and does not close. A quote in the middle of a plain text, as
/// in `it's`, opens nothing.
fn innermost_open(text: &str) -> Option<Open> {
    let mut open: Vec<Open> = Vec::new();
    let mut before = '\n';
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let quote = open.last().map(|open| open.character).filter(|character| matches!(character, '"' | '\''));
        match (quote, character) {
            (Some('"'), '\\') => {
                characters.next();
            }
            // Two single quotes stand for one.
            (Some('\''), '\'') if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            (Some(quote), _) if quote == character => {
                open.pop();
            }
            (Some(_), _) => {}
            (None, '#') if before.is_whitespace() => {
                while characters.peek().is_some_and(|(_, next)| *next != '\n') {
                    characters.next();
                }
            }
            (None, '"' | '\'') if before.is_whitespace() || matches!(before, '[' | '{' | ',') => {
                open.push(Open { offset, character });
            }
            (None, '[' | '{') if !open.is_empty() || before.is_whitespace() || before == '[' => {
                open.push(Open { offset, character });
            }
            (None, ']' | '}') => {
                open.pop();
            }
            (None, _) => {}
        }
        before = character;
    }
    open.pop()
}
