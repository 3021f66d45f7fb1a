//! The entry point: compiles one environment of a project.

use std::sync::Arc;

use rayon::prelude::*;

use crate::bundle::Bundle;
use crate::compile::compiler::{Compiler, Item};
use crate::compile::renumber::Renumber;
use crate::diag::Diagnostics;
use crate::model::Project;

/// Compiles one environment. The project does not have to declare it.
pub fn compile(project: &Project, environment: &str) -> (Bundle, Diagnostics) {
    let mut compiler = Compiler::new(project, environment);
    compiler.check_names();
    compiler.check_layers();
    for item in compiler.order() {
        match item {
            Item::Segment(index) => compiler.segment(index),
            Item::Flag(index) => compiler.flag(index),
        }
    }
    compiler.finish()
}

/// Compiles several environments on all cores, and returns them in the order of their names in `environments`.
pub fn compile_environments(project: &Project, environments: &[&str]) -> Vec<(Bundle, Diagnostics)> {
    environments.par_iter().map(|environment| compile(project, environment)).collect()
}

impl Compiler<'_> {
    /// Builds the bundle from the definitions that have no errors.
    pub(super) fn finish(self) -> (Bundle, Diagnostics) {
        let numbered = |compiled: Vec<bool>| {
            let mut next = 0u32;
            let number = |compiled: bool| {
                let own = next;
                next += u32::from(compiled);
                own
            };
            compiled.into_iter().map(number).collect::<Vec<u32>>()
        };
        // In the bundle, a segment follows the segments that it refers to. In the drafts, segments are sorted by name.
        let mut depths: Vec<(u32, usize)> = Vec::new();
        for (index, draft) in self.segments.iter().enumerate() {
            if let Some(complexity) = draft.complexity {
                depths.push((complexity.depth, index));
            }
        }
        depths.sort_unstable();
        let mut bundle_indices = vec![0u32; self.segments.len()];
        for (bundle_index, (_, index)) in (0u32..).zip(&depths) {
            if let Some(slot) = bundle_indices.get_mut(*index) {
                *slot = bundle_index;
            }
        }
        let flags = numbered(self.flags.iter().map(|draft| draft.compiled.is_some()).collect());
        let renumber = Renumber { segments: &bundle_indices, flags: &flags };
        let mut drafts: Vec<_> = self.segments.into_iter().map(|draft| draft.compiled).collect();
        let mut segments = Vec::with_capacity(depths.len());
        for (_, index) in depths {
            if let Some(mut segment) = drafts.get_mut(index).and_then(Option::take) {
                renumber.condition(&mut segment.condition);
                segments.push(segment);
            }
        }
        let compiled = self.flags.into_iter().filter_map(|draft| draft.compiled);
        let flags = compiled.map(|mut flag| {
            flag.conditions_mut().for_each(|condition| renumber.condition(condition));
            flag
        });
        let bundle = Bundle {
            environment: self.environment.into(),
            bucketing: self.project.settings.bucketing,
            attributes: Arc::unwrap_or_clone(self.attributes),
            segments,
            flags: flags.collect(),
        };
        (bundle, self.diagnostics)
    }
}
