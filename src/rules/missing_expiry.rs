//! `missing-expiry`

use jiff::civil::Date;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

/// The kinds of flags that are meant to go away.
const TEMPORARY: [&str; 2] = ["release", "experiment"];

pub(super) fn check(project: &Project, _: Date, diagnostics: &mut Diagnostics) {
    for flag in crate::rules::whole(project).filter(|flag| flag.expires.is_none()) {
        let kind = flag.kind_name();
        if TEMPORARY.contains(&kind) {
            let span = flag.kind.as_ref().map_or(flag.start, |kind| kind.span);
            let message = format!("`{}` is of kind `{kind}` and never expires", flag.key);
            diagnostics.push(
                Diagnostic::new(Code::MissingExpiry, span, message)
                    .help("say when it should be gone, `expires: 2027-03-31`, or that it stays: `kind: ops`"),
            );
        }
    }
}
