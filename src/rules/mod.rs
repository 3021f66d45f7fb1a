//! Advice on definitions that can be evaluated as they are.
//!
//! Takes a project and the day; gives diagnostics. One rule a file, with its page beside it.

mod expired_flag;
mod missing_description;
mod missing_expiry;
mod missing_owner;
mod optional_unit;
mod rule_after_catch_all;
mod unused_segment;
mod unused_variant;

use jiff::civil::Date;

use crate::diag::Diagnostics;
use crate::model::{Flag, Project};
use crate::yaml::Whole;

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

/// The flags that advice can be given on: of the others, too little is known.
fn whole(project: &Project) -> impl Iterator<Item = &Flag> {
    project.flags.iter().filter(|flag| flag.whole == Whole::Yes)
}

/// Everything that the rules have to say about a project on a day.
pub fn check(project: &Project, today: Date) -> Diagnostics {
    let mut diagnostics = Vec::new();
    RULES.iter().for_each(|rule| rule(project, today, &mut diagnostics));
    diagnostics
}
