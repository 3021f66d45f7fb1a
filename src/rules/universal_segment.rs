//! `universal-segment`: a segment whose condition every context satisfies.

use crate::analyze::Satisfiability;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(project: &Project, coverage: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    for segment in &project.segments {
        // Without a condition, the segment is for every context on purpose.
        let Some(condition) = &segment.condition else { continue };
        if coverage.satisfiability(&segment.name) != Some(Satisfiability::Always) {
            continue;
        }
        let message = format!("segment `{}` matches every context", segment.name);
        let help = "correct the condition; write `all` where all of several conditions must hold, and leave out `if` in a segment or a rule for every context";
        diagnostics.push(Diagnostic::new(Code::UniversalSegment, condition.span, message).help(help));
    }
}
