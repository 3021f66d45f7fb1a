//! `empty-segment`

use crate::analyze::Satisfiability;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;
use crate::rules::segment_coverage::Extents;

pub(super) fn check(project: &Project, extents: &Extents<'_>, diagnostics: &mut Diagnostics) {
    for segment in project.segments.iter().filter(|segment| extents.of(&segment.name) == Some(Satisfiability::Never)) {
        let message = format!("segment `{}` has nobody in it", segment.name);
        let span = segment.condition.as_ref().map_or(segment.start, |condition| condition.span);
        let help = "no context satisfies all of it: write `any` where one of several is enough";
        diagnostics.push(Diagnostic::new(Code::EmptySegment, span, message).help(help));
    }
}
