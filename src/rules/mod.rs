//! Advice on definitions that can be evaluated as they are.
//!
//! Takes a project and the day, or its bundles; gives diagnostics. One rule a file, with its page beside it.

mod empty_segment;
mod expired_flag;
mod impossible_condition;
mod impossible_prerequisite;
mod misordered_rules;
mod missing_description;
mod missing_expiry;
mod missing_owner;
mod optional_unit;
mod review;
mod rule_after_catch_all;
mod segment_coverage;
mod undecided_analysis;
mod universal_segment;
mod unreachable_rule;
mod unservable_variant;
mod unused_segment;
mod unused_variant;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::bundle::{Bundle, State};
use crate::diag::Diagnostics;
use crate::model::{Flag, Project};
use crate::rules::review::Review;
use crate::rules::segment_coverage::Extents;

/// What a rule looks at, and where it reports.
type Check = fn(&Project, Date, &mut Diagnostics);

const RULES: [Check; 8] = [
    expired_flag::check,
    missing_description::check,
    missing_expiry::check,
    missing_owner::check,
    optional_unit::check,
    rule_after_catch_all::check,
    unused_segment::check,
    unused_variant::check,
];

/// What a rule looks at that speaks of all contexts.
type Proof = fn(&Review<'_>, &Extents<'_>, &mut Diagnostics);

const PROOFS: [Proof; 5] = [
    impossible_condition::check,
    impossible_prerequisite::check,
    misordered_rules::check,
    unreachable_rule::check,
    unservable_variant::check,
];

/// Everything that the rules have to say about a project on a day.
pub fn check(project: &Project, today: Date) -> Diagnostics {
    let mut diagnostics = Vec::new();
    RULES.iter().for_each(|rule| rule(project, today, &mut diagnostics));
    diagnostics
}

/// Everything that can be shown for all contexts, on all cores; the bundles are those of all environments, in which it
/// enables every flag.
pub fn prove(project: &Project, bundles: &mut [Bundle]) -> Diagnostics {
    bundles.iter_mut().flat_map(|bundle| bundle.flags.iter_mut()).for_each(|flag| flag.state = State::Enabled);
    let bundles = &*bundles;
    let mut diagnostics = Vec::new();
    let extents = Extents::new(project, bundles, &mut diagnostics);
    empty_segment::check(project, &extents, &mut diagnostics);
    universal_segment::check(project, &extents, &mut diagnostics);
    let flags: Vec<&Flag> = project.complete_flags().collect();
    diagnostics.par_extend(flags.into_par_iter().flat_map_iter(|flag| {
        let mut diagnostics = Vec::new();
        match Review::new(flag, bundles) {
            None => {}
            Some(Ok(review)) => PROOFS.iter().for_each(|proof| proof(&review, &extents, &mut diagnostics)),
            Some(Err(failure)) => undecided_analysis::report(flag.start, &flag.key, &failure, &mut diagnostics),
        }
        diagnostics
    }));
    diagnostics
}
