//! `universal-segment`

use crate::analyze::Satisfiability;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;
use crate::rules::segment_coverage::Extents;

pub(super) fn check(project: &Project, extents: &Extents<'_>, diagnostics: &mut Diagnostics) {
    for segment in project.segments.iter().filter(|segment| extents.of(&segment.name) == Some(Satisfiability::Always)) {
        let message = format!("segment `{}` has everyone in it", segment.name);
        let span = segment.condition.as_ref().map_or(segment.start, |condition| condition.span);
        let help = "write `all` where every one of several is meant; a rule for everyone needs no `if`";
        diagnostics.push(Diagnostic::new(Code::UniversalSegment, span, message).help(help));
    }
}
