//! Turns a fix into replacements of bytes.

use crate::diag::{Fix, FixChange, FixEdit};
use crate::edit;
use crate::snapshot::{BYTE_ORDER_MARK, Replacement, Snapshot, Span};

/// Returns the replacements of a fix, or `None` if the layout of the file does not allow one of them.
pub(super) fn resolve(snapshot: &Snapshot, fix: &Fix) -> Option<Vec<Replacement>> {
    fix.edits.iter().map(|edit| replacement(snapshot, edit)).collect()
}

fn replacement(snapshot: &Snapshot, FixEdit { span, change }: &FixEdit) -> Option<Replacement> {
    let text = &snapshot.file(span.file).text;
    match change {
        FixChange::Text(value) => Some(Replacement { span: *span, text: edit::rewritten(text, *span, value)? }),
        FixChange::Source(source) => {
            let old = snapshot.text(*span);
            // A comment between the lines of the value would be lost.
            let has_comment = old.contains('\n') && old.contains('#');
            (!has_comment && !old.is_empty()).then(|| Replacement { span: *span, text: source.clone() })
        }
        FixChange::RemoveEntry => {
            edit::without_entry(text, span.start).map(|shorter| difference(*span, text, &shorter))
        }
        FixChange::RemoveComment => Some(Replacement { span: comment_line(text, *span), text: String::new() }),
    }
}

/// Returns the one replacement that turns a text into another.
fn difference(within: Span, before: &str, after: &str) -> Replacement {
    let same_start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let start = (0..=same_start).rev().find(|start| before.is_char_boundary(*start) && after.is_char_boundary(*start));
    let start = start.unwrap_or_default();
    let most = before.len().min(after.len()) - start;
    let same_end = before.bytes().rev().zip(after.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    let end = (0..=same_end).rev().find(|end| before.is_char_boundary(before.len() - end));
    let end = end.unwrap_or_default();
    let offset = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let span = Span { start: offset(start), end: offset(before.len() - end), ..within };
    Replacement { span, text: after.get(start..after.len() - end).unwrap_or_default().to_owned() }
}

/// Returns the range of a comment with the space before it, or with its line if nothing else is on it.
fn comment_line(text: &str, comment: Span) -> Span {
    let (start, end) = (comment.start as usize, comment.end as usize);
    let before = text.get(..start).unwrap_or_default().trim_end_matches([' ', '\t']);
    // A byte order mark before the first line is not content.
    let is_only = before.trim_start_matches(BYTE_ORDER_MARK).is_empty() || before.ends_with(['\n', '\r']);
    let rest = text.get(end..).unwrap_or_default();
    let line_break = match rest {
        rest if !is_only || rest.is_empty() => 0,
        rest if rest.starts_with("\r\n") => 2,
        rest => usize::from(rest.starts_with(['\n', '\r'])),
    };
    let offset = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { start: offset(before.len()), end: offset(end + line_break), ..comment }
}
