//! Comments that allow a problem: `# flagctl: allow CODE -- reason`.

use crate::codes::{Adjustable, Code};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::snapshot::Span;

/// A comment that allows one code on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// What is allowed.
    pub code: Code,
    /// The line on which diagnostics must begin, from one.
    pub line: usize,
    /// The comment.
    pub span: Span,
}

/// What every comment for flagctl begins with.
const ADDRESS: &str = "flagctl:";

impl Allow {
    /// Reads a comment's text, without `#`, that speaks of `line`; none if it is not for flagctl.
    pub fn read(comment: &str, line: usize, span: Span, diagnostics: &mut Diagnostics) -> Option<Self> {
        let order = comment.trim().strip_prefix(ADDRESS)?.trim();
        let (order, reason) = order.split_once("--").unwrap_or((order, ""));
        let Some(name) = order.trim().strip_prefix("allow ").map(str::trim) else {
            let message = format!("`{}` is not something that a comment can say", order.trim());
            let form = "the form is `# flagctl: allow CODE -- reason`";
            diagnostics.push(Diagnostic::new(Code::UnknownCode, span, message).help(form));
            return None;
        };
        let Ok(code) = name.parse::<Code>() else {
            let names = Code::ALL.iter().map(|code| code.name());
            diagnostics.push(
                Diagnostic::new(Code::UnknownCode, span, format!("there is no code `{name}`"))
                    .maybe_help(did_you_mean(name, names)),
            );
            return None;
        };
        if code.adjustable() == Adjustable::No {
            let message = format!("`{code}` cannot be allowed: nothing can be evaluated until it is fixed");
            diagnostics.push(Diagnostic::new(Code::FixedCode, span, message).help("remove the comment"));
            return None;
        }
        if reason.trim().is_empty() {
            let help = format!("write `# flagctl: allow {code} -- why it is right here`");
            diagnostics
                .push(Diagnostic::new(Code::MissingReason, span, "an allow needs a reason".to_owned()).help(help));
        }
        Some(Self { code, line, span })
    }
}
