//! Finds the segments that match no context, and the segments that match every context.
//!
//! The input is a project and its bundles. The output is the [`SegmentCoverage`]. It is computed once, because two lint
//! rules and the check of conditions use it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::analyze::{Satisfiability, satisfiability};
use crate::bundle::Bundle;
use crate::diag::Diagnostics;
use crate::model;
use crate::model::Project;
use crate::rules::review::BUDGET;
use crate::rules::undecided_analysis;

/// Whether each segment matches no, some or all contexts.
pub(super) struct SegmentCoverage<'p> {
    by_name: BTreeMap<&'p str, Satisfiability>,
}

impl<'p> SegmentCoverage<'p> {
    /// Analyses all segments on all cores. Reports the segments that the analysis cannot decide.
    pub(super) fn new(project: &'p Project, bundles: &[Bundle], diagnostics: &mut Diagnostics) -> Self {
        let analyse = |segment: &'p model::Segment| {
            let conditions = bundles.iter().filter_map(|bundle| {
                let compiled = bundle.segments.iter().find(|compiled| compiled.name.as_ref() == segment.name)?;
                Some((bundle, &compiled.condition))
            });
            let mut results = conditions.map(|(bundle, condition)| satisfiability(bundle, condition, &BUDGET));
            let first = results.next()?;
            let combined = results.fold(first, |sum, next| match (sum?, next?) {
                (sum, next) if sum == next => Ok(sum),
                _ => Ok(Satisfiability::Sometimes),
            });
            Some((segment, combined))
        };
        let analysed: Vec<_> = project.segments.par_iter().filter_map(analyse).collect();
        let mut by_name = BTreeMap::new();
        for (segment, result) in analysed {
            match result {
                Ok(satisfiability) => drop(by_name.insert(segment.name.as_str(), satisfiability)),
                Err(error) => undecided_analysis::report(segment.start, &segment.name, &error, diagnostics),
            }
        }
        Self { by_name }
    }

    /// Returns whether the segment matches contexts in the environments: never, sometimes or always. Returns `None` if
    /// the segment could not be compiled or analysed.
    pub(super) fn satisfiability(&self, segment: &str) -> Option<Satisfiability> {
        self.by_name.get(segment).copied()
    }
}
