//! Comments that suppress a code on one line: `# flagctl: allow CODE -- reason`.

use crate::codes::{Adjustable, Code};
use crate::diag::diagnostic::{Diagnostic, Diagnostics};
use crate::diag::fix::{Advice, Fix, FixChange};
use crate::diag::names::unknown_name;
use crate::snapshot::Span;

/// A comment that suppresses one code on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The code.
    pub code: Code,
    /// The line on which suppressed diagnostics begin, counted from one.
    pub line: usize,
    /// The comment.
    pub span: Span,
}

/// The prefix of a comment for flagctl.
const PREFIX: &str = "flagctl:";

impl Allow {
    /// Parses a comment that applies to `line`. `comment` is its text without `#`. Returns `None` if the comment is not
    /// for flagctl, or if it is wrong. A wrong comment is reported.
    pub fn read(comment: &str, line: usize, span: Span, diagnostics: &mut Diagnostics) -> Option<Self> {
        let instruction = comment.trim().strip_prefix(PREFIX)?.trim();
        let (instruction, reason) = instruction.split_once("--").unwrap_or((instruction, ""));
        let Some(name) = instruction.trim().strip_prefix("allow ").map(str::trim) else {
            let message = format!("expected `allow CODE -- reason` after `flagctl:`, found `{}`", instruction.trim());
            let help = "write `# flagctl: allow CODE -- reason`";
            diagnostics.push(Diagnostic::new(Code::UnknownCode, span, message).help(help));
            return None;
        };
        let Ok(code) = name.parse::<Code>() else {
            let names = Code::ALL.iter().map(|code| code.name());
            // The position is that of the comment, not that of the name.
            diagnostics.push(unknown_name(Code::UnknownCode, span, name, "a code", names).fix(None));
            return None;
        };
        if code.adjustable() == Adjustable::No {
            let message = format!("`{code}` cannot be allowed, because nothing can be evaluated until it is fixed");
            diagnostics.push(Diagnostic::new(Code::FixedCode, span, message).advice(remove_comment(span)));
            return None;
        }
        if reason.trim().is_empty() {
            let help = format!("write `# flagctl: allow {code} -- reason`");
            diagnostics.push(
                Diagnostic::new(Code::MissingReason, span, "expected a reason after the code, found none").help(help),
            );
        }
        Some(Self { code, line, span })
    }
}

/// Returns the advice to remove a comment.
pub(super) fn remove_comment(span: Span) -> Advice {
    let help = "remove the comment".to_owned();
    Advice { fix: Some(Fix::new(help.clone(), span, FixChange::RemoveComment)), help }
}
