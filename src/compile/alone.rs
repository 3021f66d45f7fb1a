//! Conditions that are part of no definition.

use super::order::Renumber;
use super::{Compiler, Draft};
use crate::bundle::{Bundle, Condition, Weight};
use crate::diag::Diagnostics;
use crate::model::{self, Project};

/// Conditions in terms of a bundle of the project.
///
/// One that is wrong is none, and so is one that mentions something that the bundle does not have.
pub fn conditions<'c>(
    project: &Project,
    bundle: &Bundle,
    conditions: impl IntoIterator<Item = &'c model::Condition>,
) -> (Vec<Option<Condition>>, Diagnostics) {
    let mut compiler = Compiler::new(project, &bundle.environment);
    let segment = |name: &str| bundle.segments.iter().position(|segment| segment.name.as_ref() == name);
    let segments = compiler.segments.iter_mut().map(|draft| {
        let id = segment(&draft.definition.name).and_then(|at| u32::try_from(at).ok());
        place(draft, id)
    });
    let segments: Vec<u32> = segments.collect();
    let flags = compiler.flags.iter_mut().map(|draft| {
        let id = bundle.flags.find(&draft.definition.key).map(|id| id.0);
        place(draft, id)
    });
    let flags: Vec<u32> = flags.collect();
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
    draft.weight = id.map(|_| Weight::default());
    id.unwrap_or_default()
}
