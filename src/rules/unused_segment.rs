//! `unused-segment`: a segment that no flag and no other segment refers to.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Project;

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    if project.complete_flags().count() < project.flags.len() {
        // A part that could not be read may refer to any segment.
        return;
    }
    let rules = project.flags.iter().flat_map(|flag| flag.rule_fields());
    let segments = project.segments.iter().filter_map(|segment| segment.condition.as_ref());
    let conditions = rules.filter_map(|rule| rule.condition.as_ref()).chain(segments);
    let names = conditions.flat_map(|condition| condition.value.segments());
    let used: BTreeSet<&str> = names.map(|name| name.value.as_str()).collect();
    for segment in project.segments.iter().filter(|segment| !used.contains(segment.name.as_str())) {
        let message = format!("no flag or segment refers to segment `{}`", segment.name);
        diagnostics.push(Diagnostic::new(Code::UnusedSegment, segment.start, message).help("delete its file"));
    }
}
