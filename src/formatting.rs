//! The one layout of definition files.
//!
//! The input is the text of a file, and the output is its text in the layout of `flagctl fmt`. A library lays out the text.
//! What it returns is used only if it says the same: both texts are parsed, and their values, their comments and the lines
//! to which comments for flagctl apply must agree. A file for which they do not is left as it is.
//!
//! **Invariant:** formatting a formatted text changes nothing. This is checked for each file, too.

use pretty_yaml::config::{FormatOptions, LineBreak};
use pretty_yaml::format_text;

use crate::edit;
use crate::snapshot::{BYTE_ORDER_MARK, File, FileId};
use crate::yaml;
use crate::yaml::{Completeness, Document};

/// The maximum number of characters of a line, unless a text is longer.
const WIDTH: usize = 120;
/// The maximum number of characters of a line in a file that has no valid layout with shorter lines.
const UNLIMITED: usize = 1 << 24;
/// The maximum number of bytes of a file that is formatted.
const MAX_BYTES: usize = 1 << 20;

/// The reason why a file is not formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatRefusal {
    /// The file is not valid YAML, or has YAML that flagctl does not accept.
    #[error("has problems that come first: `flagctl validate` shows them")]
    Invalid,
    /// The file is too large.
    #[error("has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// The formatted text would not say the same.
    #[error("has a layout that cannot be formatted without a change of its meaning or its comments")]
    Unproven,
}

/// Returns the text in the layout of `flagctl fmt`.
///
/// # Errors
/// Returns [`FormatRefusal`] if the file is not valid, too large, or if the result would not say the same.
pub fn formatted(text: &str) -> Result<String, FormatRefusal> {
    if text.len() > MAX_BYTES {
        return Err(FormatRefusal::TooLarge);
    }
    // The parser of flagctl also bounds the depth, so the other one gets only what is not too deep.
    let before = document(text).ok_or(FormatRefusal::Invalid)?;
    let (mark, content) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(content) => (BYTE_ORDER_MARK, content),
        None => ("", text),
    };
    let lay_out = |width| laid_out(content, width).map(|result| format!("{mark}{result}"));
    let says_the_same = |result: &String| {
        document(result).is_some_and(|after| {
            edit::same(text, result)
                && comments(text).eq(comments(result))
                && lines_of_comments(text, &before) == lines_of_comments(result, &after)
        })
    };
    // flagctl does not accept the bracket that would end a list or mapping at the beginning of a line.
    [WIDTH, UNLIMITED].into_iter().filter_map(lay_out).find(says_the_same).ok_or(FormatRefusal::Unproven)
}

/// Lays a text out, with lines of at most `width` characters. Returns `None` if a second run would change the result.
fn laid_out(text: &str, width: usize) -> Option<String> {
    let result = with_spaces_before_comments(text, &by_library(text, width)?)?;
    let again = with_spaces_before_comments(&result, &by_library(&result, width)?)?;
    (again == result).then_some(result)
}

/// Lays a text out as the library does.
fn by_library(text: &str, width: usize) -> Option<String> {
    let mut options = FormatOptions::default();
    options.layout.print_width = width;
    options.layout.line_break = if text.contains("\r\n") { LineBreak::Crlf } else { LineBreak::Lf };
    options.language.brace_spacing = false;
    format_text(text, &options).ok()
}

/// Returns the laid out text with as many spaces before each comment at the end of a line as the original text has there,
/// because authors align comments with spaces. Returns `None` if the two texts have different numbers of comments.
fn with_spaces_before_comments(original: &str, laid_out: &str) -> Option<String> {
    let (before, after) = (yaml::comments(original), yaml::comments(laid_out));
    if before.len() != after.len() {
        return None;
    }
    let mut result = String::with_capacity(laid_out.len());
    let mut copied = 0;
    for ((in_original, _), (in_laid_out, _)) in before.into_iter().zip(after) {
        if let (Some(wanted), Some(found)) = (space_before(original, in_original), space_before(laid_out, in_laid_out))
        {
            result.push_str(laid_out.get(copied..in_laid_out - found)?);
            result.extend(std::iter::repeat_n(' ', wanted));
            copied = in_laid_out;
        }
    }
    result.push_str(laid_out.get(copied..)?);
    Some(result)
}

/// Returns the number of spaces before the comment at an offset, if there is something else before it in its line.
fn space_before(text: &str, comment: usize) -> Option<usize> {
    let before = text.get(..comment)?;
    let content = before.trim_end_matches([' ', '\t']);
    (!content.is_empty() && !content.ends_with('\n')).then(|| before.len() - content.len())
}

/// Returns the comments of a text, without their positions.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    yaml::comments(text).into_iter().map(|(_, comment)| comment)
}

/// Parses a text. Returns `None` if a part of it could not be read.
fn document(text: &str) -> Option<Document> {
    let file = File::new(String::new(), text.into());
    let document = yaml::parse(FileId(0), &file, &mut Vec::new());
    (document.completeness == Completeness::Complete).then_some(document)
}

/// Returns the first word of the line to which each comment for flagctl applies.
fn lines_of_comments<'t>(text: &'t str, document: &Document) -> Vec<Option<&'t str>> {
    let first_word = |line: usize| text.split('\n').nth(line.checked_sub(1)?)?.split_whitespace().next();
    document.comments.iter().map(|comment| first_word(comment.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::{FormatRefusal, formatted};

    #[test]
    fn layout_changes_and_meaning_does_not() {
        let text = "# head\na:   1    # one\nb: { c: [ x,y ] , d: 'e' }\n\n\n\nlist:\n- x\n-   y: 1\n    z: 2\n";
        let expected = "# head\na: 1    # one\nb: {c: [x, y], d: \"e\"}\n\nlist:\n  - x\n  - y: 1\n    z: 2\n";
        assert_eq!(formatted(text).as_deref(), Ok(expected));
        assert_eq!(formatted(expected).as_deref(), Ok(expected));
    }

    #[test]
    fn line_breaks_and_a_byte_order_mark_stay() {
        assert_eq!(formatted("\u{feff}a:  1\r\nb:  2\r\n").as_deref(), Ok("\u{feff}a: 1\r\nb: 2\r\n"));
    }

    #[test]
    fn what_is_not_valid_or_too_large_is_refused() {
        assert_eq!(formatted("a: [1"), Err(FormatRefusal::Invalid));
        assert_eq!(formatted("a: 1\na: 2\n"), Err(FormatRefusal::Invalid));
        assert_eq!(formatted(&format!("a: {}\n", "[".repeat(100_000))), Err(FormatRefusal::Invalid));
        assert_eq!(formatted(&format!("a: \"{}\"\n", "x".repeat(1 << 20))), Err(FormatRefusal::TooLarge));
    }
}
