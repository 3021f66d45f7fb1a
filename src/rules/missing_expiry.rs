//! `missing-expiry`: a flag of a temporary kind without an expiry date.

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{KindRequirements, Project, RequiredField};

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    let kinds = project.settings.kinds();
    let is_temporary = |kind: &KindRequirements<'_>| kind.requires.contains(&RequiredField::Expires);
    let permanent = kinds.iter().find(|kind| !is_temporary(kind) && kind.max_age.is_none());
    for flag in project.complete_flags().filter(|flag| flag.expires.is_none()) {
        let kind = flag.kind();
        if kinds.iter().any(|own| own.name == kind && is_temporary(own)) {
            let span = flag.kind.as_ref().map_or(flag.start, |kind| kind.span);
            let message = format!("`{}` has the kind `{kind}`, but no expiry date", flag.key);
            let other = permanent.map_or(String::new(), |permanent| {
                format!(", or change the kind if the flag is permanent: `kind: {}`", permanent.name)
            });
            diagnostics.push(
                Diagnostic::new(Code::MissingExpiry, span, message)
                    .help(format!("add a date, such as `expires: 2027-03-31`{other}")),
            );
        }
    }
}
