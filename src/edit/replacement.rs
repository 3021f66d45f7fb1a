//! Replacements of ranges of bytes in a text.

use crate::edit::lines::is_block;
use crate::edit::scalar;
use crate::edit::scalar::Scalar;
use crate::snapshot::{Replacement, Span};

/// Returns the text of a scalar with another value, in the style of the scalar. Returns `None` if the scalar is a block of
/// lines, after `|` or `>`.
pub fn rewritten(text: &str, scalar: Span, value: &str) -> Option<String> {
    let old = text.get(scalar.start as usize..scalar.end as usize)?;
    (!is_block(text, scalar.start as usize)).then(|| scalar::write(Scalar::Text(value), old))
}

/// Applies replacements to the text of their file. Replacements that overlap an earlier one are left out.
///
/// Returns the new text and the replacements that were applied, in the order of the text.
pub fn apply<'r>(
    text: &str,
    replacements: impl IntoIterator<Item = &'r Replacement>,
) -> (String, Vec<&'r Replacement>) {
    let mut sorted: Vec<_> = replacements.into_iter().collect();
    sorted.sort();
    sorted.dedup();
    let (mut result, mut applied, mut end) = (String::with_capacity(text.len()), Vec::new(), 0);
    for replacement in sorted {
        let range = replacement.span.start as usize..replacement.span.end as usize;
        if range.start < end || text.get(range.clone()).is_none() {
            continue;
        }
        result.push_str(text.get(end..range.start).unwrap_or_default());
        result.push_str(&replacement.text);
        end = range.end;
        applied.push(replacement);
    }
    result.push_str(text.get(end..).unwrap_or_default());
    (result, applied)
}
