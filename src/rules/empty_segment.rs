//! `empty-segment`: a segment whose condition no context satisfies.

use crate::analyze::Satisfiability;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(project: &Project, coverage: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    for segment in
        project.segments.iter().filter(|segment| coverage.satisfiability(&segment.name) == Some(Satisfiability::Never))
    {
        let message = format!("segment `{}` matches no context", segment.name);
        let span = segment.condition.as_ref().map_or(segment.start, |condition| condition.span);
        let help = "correct the condition; write `any` where one of several conditions is enough";
        diagnostics.push(Diagnostic::new(Code::EmptySegment, span, message).help(help));
    }
}
