//! `expired-flag`: a flag whose expiry date is before today.

use jiff::civil::Date;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

pub(super) fn check(project: &Project, today: Date, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags() {
        if let Some(expires) = &flag.expires
            && expires.value < today
        {
            let message = format!("`{}` expired on {}", flag.key, expires.value);
            diagnostics.push(
                Diagnostic::new(Code::ExpiredFlag, expires.span, message)
                    .help("remove the flag from the code, then delete its file; or write a later date"),
            );
        }
    }
}
