//! `distant-expiry`: a flag whose expiry date is further in the future than its kind allows.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

pub(super) fn check(project: &Project, now: Timestamp, diagnostics: &mut Diagnostics) {
    let today = now.to_zoned(TimeZone::UTC).date();
    for flag in project.complete_flags() {
        let kind = project.settings.kind(flag.kind());
        if let Some(days) = kind.and_then(|kind| kind.max_age)
            && let Some(expires) = &flag.expires
            && let Ok(latest) = today.checked_add(i64::from(days).days())
            && expires.value > latest
        {
            let (key, kind, date) = (&flag.key, flag.kind(), expires.value);
            let message = format!("`{key}` expires on {date}, but flags of the kind `{kind}` last at most {days} days");
            diagnostics.push(
                Diagnostic::new(Code::DistantExpiry, expires.span, message)
                    .help(format!("write {latest} or an earlier date, or another kind")),
            );
        }
    }
}
