//! The names in conditions.

use crate::model::{Condition, Requirement};
use crate::references::name::NameKind;
use crate::references::recorder::Recorder;

/// Records the attributes, segments, flags and variants of a condition.
pub(super) fn record(recorder: &mut Recorder<'_>, condition: &Condition) {
    for part in condition.iter() {
        match part {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {}
            Condition::Segment(names) => recorder.references(NameKind::Segment, "", names),
            Condition::Flag(requirements) => record_requirements(recorder, requirements),
            Condition::Attribute { name, .. } => recorder.references(NameKind::Attribute, "", [name]),
        }
    }
}

/// Records the flags and variants of prerequisites.
pub(super) fn record_requirements(recorder: &mut Recorder<'_>, requirements: &[Requirement]) {
    for requirement in requirements {
        recorder.flag(&requirement.flag);
        recorder.references(NameKind::Variant, &requirement.flag.value, &requirement.variants);
    }
}
