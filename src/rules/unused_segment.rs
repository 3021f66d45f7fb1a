//! `unused-segment`

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Condition, Project};

pub(super) fn check(project: &Project, _: Date, diagnostics: &mut Diagnostics) {
    if crate::rules::whole(project).count() < project.flags.len() {
        // What could not be read may refer to any of them.
        return;
    }
    let mut used = BTreeSet::new();
    let rules =
        project.flags.iter().flat_map(|flag| flag.servings()).flat_map(|serving| serving.rules.iter().flatten());
    rules.filter_map(|rule| rule.condition.as_ref()).for_each(|condition| collect(&condition.value, &mut used));
    let segments = project.segments.iter().filter_map(|segment| segment.condition.as_ref());
    segments.for_each(|condition| collect(&condition.value, &mut used));
    for segment in project.segments.iter().filter(|segment| !used.contains(segment.name.as_str())) {
        let message = format!("nothing refers to segment `{}`", segment.name);
        diagnostics.push(Diagnostic::new(Code::UnusedSegment, segment.start, message).help("remove its file"));
    }
}

fn collect<'p>(condition: &'p Condition, used: &mut BTreeSet<&'p str>) {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => inner.iter().for_each(|inner| collect(inner, used)),
        Condition::Not(inner) => collect(inner, used),
        Condition::Segment(names) => used.extend(names.iter().map(|name| name.value.as_str())),
        Condition::Flag(_) | Condition::Attribute { .. } => {}
    }
}
