//! `missing-description`: a flag without a description.

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags().filter(|flag| flag.description.is_none()) {
        let message = format!("`{}` has no description", flag.key);
        diagnostics.push(
            Diagnostic::new(Code::MissingDescription, flag.start, message)
                .help("describe the flag in a sentence: `description: One-page checkout.`"),
        );
    }
}
