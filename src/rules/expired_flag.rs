//! `expired-flag`: a flag whose expiry date is before today.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

pub(super) fn check(project: &Project, now: Timestamp, diagnostics: &mut Diagnostics) {
    let today = now.to_zoned(TimeZone::UTC).date();
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
