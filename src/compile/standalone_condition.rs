//! Compiles conditions outside definitions, such as the conditions of assertions, for an existing bundle.

use std::collections::BTreeMap;

use crate::bundle::{Bundle, Complexity, Condition};
use crate::compile::compiler::{Compiler, Draft};
use crate::compile::renumber::Renumber;
use crate::diag::Diagnostics;
use crate::model;
use crate::model::Project;

/// Compiles conditions for a bundle of the project. The results refer to the segments and flags of this bundle.
///
/// The result for a condition is `None` if it has an error or refers to something that the bundle does not contain.
pub fn conditions<'c>(
    project: &Project,
    bundle: &Bundle,
    conditions: impl IntoIterator<Item = &'c model::Condition>,
) -> (Vec<Option<Condition>>, Diagnostics) {
    let mut compiler = Compiler::new(project, &bundle.environment);
    let ids: BTreeMap<&str, u32> = bundle.segments.iter().map(|segment| segment.name.as_ref()).zip(0..).collect();
    let segments = compiler.segments.iter_mut();
    let segments: Vec<u32> =
        segments.map(|draft| bundle_index(draft, ids.get(draft.definition.name.as_str()).copied())).collect();
    let flags = compiler.flags.iter_mut();
    let flags: Vec<u32> =
        flags.map(|draft| bundle_index(draft, bundle.flags.find(&draft.definition.key).map(|id| id.0))).collect();
    let renumber = Renumber { segments: &segments, flags: &flags };
    let compile = |condition: &model::Condition| {
        let mut condition = compiler.condition(condition).ok()?;
        renumber.condition(&mut condition);
        Some(condition)
    };
    let compiled = conditions.into_iter().map(compile).collect();
    (compiled, compiler.diagnostics)
}

/// Marks a draft as compiled if the bundle contains it, and returns its index there.
fn bundle_index<D, C>(draft: &mut Draft<'_, D, C>, id: Option<u32>) -> u32 {
    draft.complexity = id.map(|_| Complexity::default());
    id.unwrap_or_default()
}
