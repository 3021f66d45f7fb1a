//! `universal-segment`: a segment whose condition every context satisfies.

use crate::analyze::Satisfiability;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(project: &Project, coverage: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    for segment in
        project.segments.iter().filter(|segment| coverage.satisfiability(&segment.name) == Some(Satisfiability::Always))
    {
        let message = format!("segment `{}` matches every context", segment.name);
        let span = segment.condition.as_ref().map_or(segment.start, |condition| condition.span);
        let help = "correct the condition; write `all` where all of several conditions must hold, and leave out `if` in a rule for every context";
        diagnostics.push(Diagnostic::new(Code::UniversalSegment, span, message).help(help));
    }
}
