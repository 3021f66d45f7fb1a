//! `missing-expiry`: a flag of a temporary kind without an expiry date.

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{FlagKind, Project};

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags().filter(|flag| flag.expires.is_none()) {
        let kind = flag.kind();
        if is_temporary(kind) {
            let span = flag.kind.as_ref().map_or(flag.start, |kind| kind.span);
            let message = format!("`{}` has the kind `{}`, but no expiry date", flag.key, kind.name());
            diagnostics.push(Diagnostic::new(Code::MissingExpiry, span, message).help(
                "add a date, such as `expires: 2027-03-31`, or change the kind if the flag is permanent: `kind: ops`",
            ));
        }
    }
}

fn is_temporary(kind: FlagKind) -> bool {
    match kind {
        FlagKind::Release | FlagKind::Experiment => true,
        FlagKind::Ops | FlagKind::Permission => false,
    }
}
