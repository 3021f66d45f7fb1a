//! `unused-segment`: a segment that no flag and no other segment refers to.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, closest};
use crate::model::{Condition, Project, RESERVED};
use crate::yaml::{Node, Value};

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    if project.complete_flags().count() < project.written_flags().count() {
        // A part that could not be read may refer to any segment.
        return;
    }
    let rules = project.flags.iter().flat_map(|flag| flag.rule_fields());
    let segments = project.segments.iter().filter_map(|segment| segment.condition.as_ref());
    let conditions = rules.filter_map(|rule| rule.condition.as_ref()).chain(segments);
    let conditions: Vec<&Condition> = conditions.flat_map(|condition| condition.value.iter()).collect();
    let known: BTreeSet<&str> = project.segments.iter().map(|segment| segment.name.as_str()).collect();
    // A misspelt name is an error, and the segment that it stands for is not unused.
    let meant = |name: &str| known.get(name).copied().or_else(|| closest(name, known.iter().copied()));
    let used: BTreeSet<&str> =
        conditions.iter().flat_map(|condition| mentioned(project, condition)).filter_map(meant).collect();
    for segment in project.segments.iter().filter(|segment| !used.contains(segment.name.as_str())) {
        let message = format!("no flag or segment refers to segment `{}`", segment.name);
        diagnostics.push(Diagnostic::new(Code::UnusedSegment, segment.start, message).help("delete its file"));
    }
}

/// Returns the segments that a condition without parts mentions, also if their key is misspelt, as in `segments: staff`.
fn mentioned<'c>(project: &Project, condition: &'c Condition) -> Vec<&'c str> {
    match condition {
        Condition::Segment(names) => names.iter().map(|name| name.value.as_str()).collect(),
        Condition::Attribute { name, operations, .. } => {
            let is_declared = project.settings.attributes.iter().any(|attribute| attribute.name.value == name.value);
            if is_declared || closest(&name.value, RESERVED) != Some("segment") {
                return Vec::new();
            }
            let operands = operations.iter().map(|operation| &operation.operand);
            let texts = |operand: &'c Node| match &operand.value {
                Value::List(items) => items.iter().filter_map(Node::as_text).collect(),
                _ => operand.as_text().into_iter().collect::<Vec<_>>(),
            };
            operands.flat_map(texts).collect()
        }
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Flag(_) => Vec::new(),
    }
}
