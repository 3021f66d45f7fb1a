//! Conditions that are part of no definition.

use std::collections::BTreeMap;

use crate::bundle::{Bundle, Complexity, Condition};
use crate::compile::compiler::{Compiler, Draft};
use crate::compile::renumber::Renumber;
use crate::diag::Diagnostics;
use crate::model;
use crate::model::Project;

/// Conditions in terms of a bundle of the project.
///
/// One that is wrong is none, and so is one that mentions something that the bundle does not have.
pub fn conditions<'c>(
    project: &Project,
    bundle: &Bundle,
    conditions: impl IntoIterator<Item = &'c model::Condition>,
) -> (Vec<Option<Condition>>, Diagnostics) {
    let mut compiler = Compiler::new(project, &bundle.environment);
    let ids: BTreeMap<&str, u32> = bundle.segments.iter().map(|segment| segment.name.as_ref()).zip(0..).collect();
    let segments = compiler.segments.iter_mut();
    let segments: Vec<u32> =
        segments.map(|draft| place(draft, ids.get(draft.definition.name.as_str()).copied())).collect();
    let flags = compiler.flags.iter_mut();
    let flags: Vec<u32> =
        flags.map(|draft| place(draft, bundle.flags.find(&draft.definition.key).map(|id| id.0))).collect();
    let renumber = Renumber { segments: &segments, flags: &flags };
    let compile = |condition: &model::Condition| {
        let mut condition = compiler.condition(condition).ok()?;
        renumber.condition(&mut condition);
        Some(condition)
    };
    let compiled = conditions.into_iter().map(compile).collect();
    (compiled, compiler.diagnostics)
}

/// Marks what the bundle has as sound; gives its place there.
fn place<D, C>(draft: &mut Draft<'_, D, C>, id: Option<u32>) -> u32 {
    draft.complexity = id.map(|_| Complexity::default());
    id.unwrap_or_default()
}
