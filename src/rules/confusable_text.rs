//! `confusable-text`: a character in a comparison that people do not see or take for another one.

use jiff::Timestamp;
use unicode_normalization::is_nfc;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Condition, Operator, Project};
use crate::snapshot::Span;
use crate::yaml::{Node, Value};

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    let enums = project.settings.attributes.iter().filter_map(|attribute| attribute.allowed.as_ref());
    for value in enums.flatten() {
        diagnostics.extend(report(&value.value, value.span, Edges::Checked));
    }
    for part in project.conditions().flat_map(Condition::iter) {
        if let Condition::Attribute { operations, .. } = part {
            for operation in operations {
                check_operand(&operation.operand, Edges::of(operation.operator), diagnostics);
            }
        }
    }
}

/// Whether spaces at the edges of a text are reported.
#[derive(Clone, Copy)]
enum Edges {
    Checked,
    /// The operator compares a part of a value, so a space at an edge can be meant.
    Free,
}

impl Edges {
    fn of(operator: Operator) -> Self {
        match operator {
            Operator::StartsWith | Operator::EndsWith | Operator::Contains | Operator::Matches => Self::Free,
            Operator::Exists
            | Operator::Eq
            | Operator::Ne
            | Operator::In
            | Operator::NotIn
            | Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::Has
            | Operator::HasAny
            | Operator::HasAll => Self::Checked,
        }
    }
}

fn check_operand(operand: &Node, edges: Edges, diagnostics: &mut Diagnostics) {
    match &operand.value {
        Value::Text(text) => diagnostics.extend(report(text, operand.span, edges)),
        Value::List(items) => items.iter().for_each(|item| check_operand(item, edges, diagnostics)),
        Value::Null | Value::Boolean(_) | Value::Number(..) | Value::Map(_) => {}
    }
}

/// Returns a diagnostic for the first confusable character of a text.
fn report(text: &str, span: Span, edges: Edges) -> Option<Diagnostic> {
    let has_edge = matches!(edges, Edges::Checked) && text.trim() != text;
    if text.is_ascii() && !has_edge && !text.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let invisible = text.chars().find_map(|char| Some((char, invisible(char)?)));
    let reason = if let Some((char, name)) = invisible {
        format!("it has {}, {name}", code_point(char))
    } else if has_edge {
        "it begins or ends with a space".to_owned()
    } else if let Some((first, second)) = mixed_scripts(text) {
        format!("one of its words has letters of two scripts, `{first}` and {}", code_point(second))
    } else if !is_nfc(text) {
        "it is not in Unicode normal form C".to_owned()
    } else {
        return None;
    };
    let message = format!("`{}` can be taken for another text: {reason}", shown(text));
    Some(Diagnostic::new(Code::ConfusableText, span, message).help("write the text anew without this character"))
}

/// Describes a character that has no shape of its own.
fn invisible(char: char) -> Option<&'static str> {
    Some(match char {
        '\u{AD}' | '\u{34F}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' => {
            "which has no width"
        }
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            "a mark for the direction of text"
        }
        ' ' => return None,
        _ if char.is_whitespace() => "which looks like a space",
        _ if char.is_control() => "a control character",
        _ => return None,
    })
}

/// Returns two letters of one word, of which the first is Latin and the second is Greek or Cyrillic.
fn mixed_scripts(text: &str) -> Option<(char, char)> {
    let is_letter = |char: char| char.is_alphabetic();
    text.split(|char| !is_letter(char)).find_map(|word| {
        let latin = word.chars().find(char::is_ascii_alphabetic)?;
        Some((latin, word.chars().find(|char| matches!(char, '\u{370}'..='\u{3FF}' | '\u{400}'..='\u{52F}'))?))
    })
}

/// Returns the text with code points instead of the characters that are not visible.
fn shown(text: &str) -> String {
    let escaped = text.chars().map(|char| match invisible(char) {
        Some(_) => format!("<{}>", code_point(char)),
        None => char.to_string(),
    });
    escaped.collect()
}

fn code_point(char: char) -> String {
    format!("U+{:04X}", u32::from(char))
}
