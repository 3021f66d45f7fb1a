//! Lint rules: advice about definitions that can be evaluated.
//!
//! The input is a project and the time, or a project and its bundles. The output is diagnostics. Each rule is a
//! pure function in a separate file, which has the name of the rule's code. The page of the rule is beside it. Rules
//! that need only the definitions are in `RULES`. Rules that are proven for all contexts are in `PROOFS`.
//!
//! **Invariant:** a rule reports nothing about a flag whose file could not be read completely.

mod confusable_text;
mod distant_expiry;
mod empty_segment;
mod expired_flag;
mod expired_kill;
mod impossible_condition;
mod impossible_prerequisite;
mod inexpressible_flag;
mod literal_wildcard;
mod misordered_rules;
mod missing_description;
mod missing_expiry;
mod missing_owner;
mod optional_unit;
mod review;
mod rule_after_catch_all;
mod segment_coverage;
mod target_refusals;
mod undecided_analysis;
mod unfit_bucketing;
mod universal_segment;
mod unreachable_rule;
mod unservable_variant;
mod unused_segment;
mod unused_variant;

use jiff::Timestamp;
use rayon::prelude::*;

use crate::bundle::{Bundle, State};
use crate::diag::Diagnostics;
use crate::model::{Flag, Project};
use crate::rules::review::Review;
use crate::rules::segment_coverage::SegmentCoverage;

/// A rule about definitions. The last argument collects the diagnostics.
type Check = fn(&Project, Timestamp, &mut Diagnostics);

const RULES: [Check; 12] = [
    confusable_text::check,
    distant_expiry::check,
    expired_flag::check,
    expired_kill::check,
    literal_wildcard::check,
    missing_description::check,
    missing_expiry::check,
    missing_owner::check,
    optional_unit::check,
    rule_after_catch_all::check,
    unused_segment::check,
    unused_variant::check,
];

/// A rule about the reachability of one flag. The last argument collects the diagnostics.
type Proof = fn(&Review<'_>, &SegmentCoverage<'_>, &mut Diagnostics);

const PROOFS: [Proof; 5] = [
    impossible_condition::check,
    impossible_prerequisite::check,
    misordered_rules::check,
    unreachable_rule::check,
    unservable_variant::check,
];

/// Runs the rules about definitions. `now` determines which flags and kills have expired.
pub fn check(project: &Project, now: Timestamp) -> Diagnostics {
    let mut diagnostics = Vec::new();
    RULES.iter().for_each(|rule| rule(project, now, &mut diagnostics));
    diagnostics
}

/// Runs the rules that are proven for all contexts, on all cores.
///
/// `bundles` has one bundle for each environment. The function enables every flag in them, because kills and disabled
/// flags are temporary. The bundles must not be used for decisions afterwards.
pub fn prove(project: &Project, bundles: &mut [Bundle]) -> Diagnostics {
    let mut diagnostics = Vec::new();
    let refusals = target_refusals::find(project, bundles);
    inexpressible_flag::check(project, &refusals, &mut diagnostics);
    unfit_bucketing::check(project, &refusals, &mut diagnostics);
    bundles.iter_mut().flat_map(|bundle| bundle.flags.iter_mut()).for_each(|flag| flag.state = State::Enabled);
    let bundles = &*bundles;
    let coverage = SegmentCoverage::new(project, bundles, &mut diagnostics);
    empty_segment::check(project, &coverage, &mut diagnostics);
    universal_segment::check(project, &coverage, &mut diagnostics);
    let flags: Vec<&Flag> = project.complete_flags().collect();
    diagnostics.par_extend(flags.into_par_iter().flat_map_iter(|flag| {
        let mut diagnostics = Vec::new();
        match Review::new(flag, &project.settings, bundles) {
            None => {}
            Some(Ok(review)) => PROOFS.iter().for_each(|proof| proof(&review, &coverage, &mut diagnostics)),
            Some(Err(error)) => undecided_analysis::report(flag.start, &flag.key, &error, &mut diagnostics),
        }
        diagnostics
    }));
    diagnostics
}
