//! `missing-owner`: a flag without an owner.

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Project, RequiredField};

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags().filter(|flag| flag.owner.is_none()) {
        let kind = project.settings.kind(flag.kind());
        if !kind.is_some_and(|kind| kind.requires.contains(&RequiredField::Owner)) {
            continue;
        }
        let message = format!("`{}` has no owner", flag.key);
        diagnostics.push(
            Diagnostic::new(Code::MissingOwner, flag.start, message)
                .help("name the team or person that is responsible: `owner: team-payments`"),
        );
    }
}
