//! Which segments hold for nobody, and which for everyone.
//!
//! Takes a project and its bundles; gives the [`Extents`] of its segments.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::analyze::{Satisfiability, satisfiability};
use crate::bundle::Bundle;
use crate::diag::Diagnostics;
use crate::model;
use crate::model::Project;
use crate::rules::review::BUDGET;
use crate::rules::undecided_analysis;

/// Which segments are nobody or everyone in every environment.
pub(super) struct Extents<'p> {
    of: BTreeMap<&'p str, Satisfiability>,
}

impl<'p> Extents<'p> {
    pub(super) fn new(project: &'p Project, bundles: &[Bundle], diagnostics: &mut Diagnostics) -> Self {
        let one = |segment: &'p model::Segment| {
            let compiled = bundles.iter().filter_map(|bundle| {
                let found = bundle.segments.iter().find(|one| one.name.as_ref() == segment.name)?;
                Some((bundle, &found.condition))
            });
            let mut extents = compiled.map(|(bundle, condition)| satisfiability(bundle, condition, &BUDGET));
            let first = extents.next()?;
            let agreed = extents.fold(first, |sum, next| match (sum?, next?) {
                (sum, next) if sum == next => Ok(sum),
                _ => Ok(Satisfiability::Sometimes),
            });
            Some((segment, agreed))
        };
        let all: Vec<_> = project.segments.par_iter().filter_map(one).collect();
        let mut of = BTreeMap::new();
        for (segment, extent) in all {
            match extent {
                Ok(extent) => drop(of.insert(segment.name.as_str(), extent)),
                Err(failure) => undecided_analysis::report(segment.start, &segment.name, &failure, diagnostics),
            }
        }
        Self { of }
    }

    /// None for a segment of which nothing is known.
    pub(super) fn of(&self, segment: &str) -> Option<Satisfiability> {
        self.of.get(segment).copied()
    }
}
