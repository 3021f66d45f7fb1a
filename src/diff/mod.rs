//! What a change of definitions does to all contexts, flag by flag and environment by environment.
//!
//! Takes two [`State`]s, one of each side, read from a [`Source`](crate::source::Source) or from a bundle; gives an
//! [`Impact`] for each flag in each environment, with the lines that cause it.
//!
//! **Invariant:** a flag that is not there counts as one that serves `off`, so that one that comes or goes is said
//! in the same words as one that changes.
//! **Invariant:** what cannot be known is said to be unknown, and never counts as no change.

mod cause;
mod definition_changes;
mod equality;
mod state;

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;

pub use crate::diff::cause::{Cause, CauseKind};
use crate::diff::equality::Comparison;
pub use crate::diff::state::{FlagStatus, State};

use crate::analyze::{AnalysisError, Budget, Definition, Effect, Region, Side, changes, effects};
use crate::bundle::{Bundle, Flag, State as Switch};
use crate::diff::definition_changes as diff;
pub use crate::diff::definition_changes::{BundledFlag, Change, Shift, compare, compare_segments};
use crate::model;

/// What a change does to one flag in one environment.
#[derive(Debug, Clone)]
pub struct Impact {
    /// The flag's key.
    pub flag: String,
    /// Where.
    pub environment: String,
    /// What happened to the flag itself.
    pub event: Event,
    /// What happens to people.
    pub verdict: Verdict,
    /// Where it was written, in the order of importance.
    pub causes: Vec<Cause>,
}

/// What happened to a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// There was no such flag.
    Added,
    /// There is no such flag any more.
    Removed,
    /// An emergency stop.
    Killed,
    /// The end of an emergency stop.
    Revived,
    /// Its own definition is another.
    Changed,
    /// Only what it depends on is another.
    Affected,
}

/// What is known of the contexts.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// These get something else, and no others.
    Known(Vec<Region>),
    /// The analysis takes more work than is allowed.
    Unknown,
    /// The definition before or after has errors; the first of them.
    Invalid(Side, String),
}

/// How a change is classed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Some get something else than `off`, who had it.
    Expand,
    /// Some get `off`, who had something else.
    Shrink,
    /// Some get another variant, neither of both being `off`.
    Reassign,
    /// Units are hashed anew.
    Reshuffle,
    /// Nothing but what is said about the flag.
    Metadata,
    /// Proven: every context gets what it had.
    None,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Expand, Self::Shrink, Self::Reassign, Self::Reshuffle, Self::Metadata, Self::None];

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Shrink => "shrink",
            Self::Reassign => "reassign",
            Self::Reshuffle => "reshuffle",
            Self::Metadata => "metadata",
            Self::None => "none",
        }
    }
}

impl Impact {
    /// How the change is classed; nothing where that is not known.
    pub fn classes(&self) -> BTreeSet<Class> {
        let Verdict::Known(regions) = &self.verdict else { return BTreeSet::new() };
        let class = |effect| match effect {
            Effect::Expand => Class::Expand,
            Effect::Shrink => Class::Shrink,
            Effect::Reassign => Class::Reassign,
            Effect::Reshuffle => Class::Reshuffle,
        };
        let classes: BTreeSet<_> = effects(regions).into_iter().map(class).collect();
        match classes.is_empty() {
            false => classes,
            true if self.causes.iter().any(|cause| matches!(cause.what, CauseKind::Metadata(_))) => {
                BTreeSet::from([Class::Metadata])
            }
            true => BTreeSet::from([Class::None]),
        }
    }

    /// The regions, of which there are none where nothing is known.
    pub fn regions(&self) -> &[Region] {
        match &self.verdict {
            Verdict::Known(regions) => regions,
            Verdict::Unknown | Verdict::Invalid(..) => &[],
        }
    }

    /// Whether anything was written about the flag, or anybody gets something else.
    pub fn matters(&self) -> bool {
        self.event != Event::Affected || !matches!(&self.verdict, Verdict::Known(regions) if regions.is_empty())
    }
}

/// What changes for these flags, in the environments of either side or in one; sorted by flag, then in the order of
/// promotion.
pub fn impacts(
    before: &State,
    after: &State,
    keys: &BTreeSet<String>,
    environment: Option<&str>,
    budget: &Budget,
) -> Result<Vec<Impact>, AnalysisError> {
    let mut environments: Vec<&str> = after.environments().collect();
    environments.extend(before.environments().filter(|name| !after.environments().any(|other| other == *name)));
    environments.retain(|name| environment.is_none_or(|wanted| wanted == *name));
    let mut pairs = Vec::new();
    for environment in environments {
        pairs.push(Pair::new(environment, before, after, keys));
    }
    let each = keys.par_iter().map(|key| {
        let found = pairs.par_iter().filter_map(|pair| pair.impact(key, budget).transpose());
        found.collect::<Result<Vec<_>, _>>()
    });
    Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The keys of the flags for which something may change in an environment, and of those whose rules are called
/// otherwise.
pub fn differing(before: &State, after: &State, environment: &str) -> BTreeSet<String> {
    let states = [before, after];
    let bundles = states.map(|state| state.bundle(environment));
    let mut comparison = Comparison::of(bundles);
    let names = |bundle: &Bundle, key: &str| -> Option<Vec<Option<Box<str>>>> {
        Some(bundle.flag(key)?.rules.iter().map(|rule| rule.name.clone()).collect())
    };
    let mut unchanged = |key: &str| {
        states.iter().all(|state| state.standing(key, environment) == FlagStatus::Sound)
            && same(&mut comparison, bundles, key)
            && names(bundles[0], key) == names(bundles[1], key)
    };
    let keys: BTreeSet<&str> = states.iter().flat_map(|state| state.keys(environment)).collect();
    keys.into_iter().filter(|key| !unchanged(key)).map(str::to_owned).collect()
}

/// One environment on both sides.
struct Pair<'s> {
    environment: &'s str,
    before: &'s State,
    after: &'s State,
    bundles: [&'s Bundle; 2],
    /// As the other side, with the flags off that this side lacks.
    stand_ins: [Cow<'s, Bundle>; 2],
}

impl<'s> Pair<'s> {
    fn new(environment: &'s str, before: &'s State, after: &'s State, keys: &BTreeSet<String>) -> Self {
        let bundles = [before.bundle(environment), after.bundle(environment)];
        let stand_in = |here: &State, there: &'s Bundle| {
            let lacking =
                |key: &str| keys.contains(key) && matches!(here.standing(key, environment), FlagStatus::Absent);
            if !there.flags.iter().any(|flag| lacking(&flag.key)) {
                return Cow::Borrowed(there);
            }
            let mut bundle = there.clone();
            let lacking = bundle.flags.iter_mut().filter(|flag| lacking(&flag.key));
            lacking.for_each(|flag| flag.state = Switch::Disabled);
            Cow::Owned(bundle)
        };
        let stand_ins = [stand_in(before, bundles[1]), stand_in(after, bundles[0])];
        Self { environment, before, after, bundles, stand_ins }
    }

    /// None where the flag is as it was, or was never there.
    fn impact(&self, key: &str, budget: &Budget) -> Result<Option<Impact>, AnalysisError> {
        let standing = |state: &State| state.standing(key, self.environment);
        let (old, new) = (standing(self.before), standing(self.after));
        let [old_bundle, new_bundle] = self.bundles;
        let (old_flag, new_flag) = (old_bundle.flag(key), new_bundle.flag(key));
        let killed = |flag: Option<&Flag>| flag.is_some_and(|flag| matches!(flag.state, Switch::Killed { .. }));
        let own = match (self.before.file_of(key), self.after.file_of(key)) {
            (Some(old), Some(new)) => old != new,
            // A bundle has no files.
            _ => !own_changes(self.bundles, key).is_empty(),
        };
        let event = match (&old, &new) {
            (FlagStatus::Absent, FlagStatus::Absent) => return Ok(None),
            (FlagStatus::Absent, _) => Event::Added,
            (_, FlagStatus::Absent) => Event::Removed,
            _ if !killed(old_flag) && killed(new_flag) => Event::Killed,
            _ if killed(old_flag) && !killed(new_flag) && new_flag.is_some() => Event::Revived,
            _ if own => Event::Changed,
            _ => Event::Affected,
        };
        let verdict = match (old, new) {
            (_, FlagStatus::Invalid(problem)) => Verdict::Invalid(Side::After, problem),
            (FlagStatus::Invalid(problem), _) => Verdict::Invalid(Side::Before, problem),
            (FlagStatus::Absent, _) => analysed([&self.stand_ins[0], new_bundle], key, budget)?,
            (_, FlagStatus::Absent) => analysed([old_bundle, &self.stand_ins[1]], key, budget)?,
            _ => analysed(self.bundles, key, budget)?,
        };
        // Of nothing there is no cause to look for.
        let nothing = matches!(&verdict, Verdict::Known(regions) if regions.is_empty());
        let causes = if event == Event::Affected && nothing { Vec::new() } else { self.causes(key, event) };
        Ok(Some(Impact { flag: key.to_owned(), environment: self.environment.to_owned(), event, verdict, causes }))
    }

    fn causes(&self, key: &str, event: Event) -> Vec<Cause> {
        cause::causes(&cause::Question {
            key,
            environment: self.environment,
            event,
            states: [self.before, self.after],
            bundles: self.bundles,
        })
    }
}

/// Fails only where analysis and evaluation disagree.
fn analysed(bundles: [&Bundle; 2], key: &str, budget: &Budget) -> Result<Verdict, AnalysisError> {
    let (Some(before), Some(after)) = (Definition::find(bundles[0], key), Definition::find(bundles[1], key)) else {
        return Ok(Verdict::Known(Vec::new()));
    };
    if same(&mut Comparison::of(bundles), bundles, key) {
        return Ok(Verdict::Known(Vec::new()));
    }
    match changes(before, after, budget) {
        Ok(mut regions) => {
            // The largest first; of equals, as they were found.
            regions.sort_by_key(|region| std::cmp::Reverse(region.moved()));
            Ok(Verdict::Known(regions))
        }
        Err(AnalysisError::Exhausted) => Ok(Verdict::Unknown),
        Err(failure) => Err(failure),
    }
}

/// Whether both have the flag, and nothing differs that decides.
fn same(comparison: &mut Comparison<'_>, bundles: [&Bundle; 2], key: &str) -> bool {
    match bundles.map(|bundle| bundle.flags.find(key)) {
        [Some(old), Some(new)] => comparison.flags(old, new),
        _ => false,
    }
}

/// What the flag itself does otherwise, without a look at what it depends on.
fn own_changes(bundles: [&Bundle; 2], key: &str) -> Vec<diff::Change> {
    let side = |bundle| diff::BundledFlag { bundle, flag: Bundle::flag(bundle, key) };
    diff::compare(side(bundles[0]), side(bundles[1]))
}

/// The model of a flag, where there is one.
fn written<'s>(state: &'s State, key: &str) -> Option<&'s model::Flag> {
    state.flag(key)
}
