//! The effect of a change on a flag in an environment, for all contexts.
//!
//! Most flags are equal in everything that affects decisions, and these flags need no analysis. For the other flags,
//! the analysis finds the regions of contexts that get another result.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::analyze::{AnalysisError, Budget, Definition, Effect, Excess, Region, Side, changes, effects};
use crate::bundle::{Bundle, State};
use crate::diff::affected_flags::with_shadows;
use crate::diff::cause::{CauseSearch, ImpactCause};
use crate::diff::compared_definitions::{ComparedDefinitions, FlagStatus};
use crate::diff::equality::Comparison;
use crate::diff::flag_event::FlagEvent;

/// The effect of a change on one flag in one environment.
#[derive(Debug, Clone)]
pub struct Impact {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The kind of change of the flag itself.
    pub event: FlagEvent,
    /// The effect on contexts.
    pub verdict: ImpactVerdict,
    /// The lines that cause the effect, the most important one first.
    pub causes: Vec<ImpactCause>,
}

/// The result of the analysis of all contexts.
#[derive(Debug, Clone)]
pub enum ImpactVerdict {
    /// Exactly the contexts of these regions get another result. The largest region is the first.
    Known(Vec<Region>),
    /// The analysis needs more work than the budget allows.
    Unknown(Excess),
    /// The definition before or after the change has errors. The text is the first error.
    Invalid(Side, String),
}

/// The class of an impact. `off` means the value that the definition before the change serves when the flag is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImpactClass {
    /// The flag is not defined any more. Applications get the default in their code.
    Removed,
    /// Some contexts got the value of `off` before the change and get another value after it.
    Expand,
    /// Some contexts got another value before the change and get the value of `off` after it.
    Shrink,
    /// Some contexts get another value, and neither the old nor the new one is that of `off`; or the value of the
    /// variant that they get changed.
    Reassign,
    /// Some contexts get another variant with the same value.
    Relabel,
    /// Units are hashed in another way.
    Reshuffle,
    /// Only fields that do not affect decisions differ, such as the description.
    Metadata,
    /// The analysis proved that every context gets the same result as before.
    None,
}

impl ImpactClass {
    /// All classes.
    pub const ALL: [Self; 8] = [
        Self::Removed,
        Self::Expand,
        Self::Shrink,
        Self::Reassign,
        Self::Relabel,
        Self::Reshuffle,
        Self::Metadata,
        Self::None,
    ];

    /// Returns the name of the class in arguments and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Expand => "expand",
            Self::Shrink => "shrink",
            Self::Reassign => "reassign",
            Self::Relabel => "relabel",
            Self::Reshuffle => "reshuffle",
            Self::Metadata => "metadata",
            Self::None => "none",
        }
    }
}

impl From<Effect> for ImpactClass {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Expand => Self::Expand,
            Effect::Shrink => Self::Shrink,
            Effect::Reassign => Self::Reassign,
            Effect::Relabel => Self::Relabel,
            Effect::Reshuffle => Self::Reshuffle,
        }
    }
}

impl Impact {
    /// Returns the classes of the impact. If the verdict is not known, the set contains at most
    /// [`ImpactClass::Removed`].
    pub fn classes(&self) -> BTreeSet<ImpactClass> {
        let removed = (self.event == FlagEvent::Removed).then_some(ImpactClass::Removed);
        let ImpactVerdict::Known(regions) = &self.verdict else { return removed.into_iter().collect() };
        let classes: BTreeSet<_> = effects(regions).into_iter().map(ImpactClass::from).chain(removed).collect();
        if !classes.is_empty() {
            return classes;
        }
        let is_metadata = |cause: &ImpactCause| !cause.what.affects_decisions();
        let class = if self.causes.iter().any(is_metadata) { ImpactClass::Metadata } else { ImpactClass::None };
        BTreeSet::from([class])
    }

    /// Returns the regions. The slice is empty if the verdict is not known.
    pub fn regions(&self) -> &[Region] {
        match &self.verdict {
            ImpactVerdict::Known(regions) => regions,
            ImpactVerdict::Unknown(_) | ImpactVerdict::Invalid(..) => &[],
        }
    }

    /// Returns true if the flag's own definition changed, if a context gets another result, or if the effect on
    /// contexts is unknown.
    pub fn matters(&self) -> bool {
        self.event != FlagEvent::Affected || !self.verdict.is_unchanged()
    }
}

impl ImpactVerdict {
    /// Returns true if the analysis proved that every context gets the same result as before.
    fn is_unchanged(&self) -> bool {
        matches!(self, Self::Known(regions) if regions.is_empty())
    }
}

/// Finds the impacts on these flags, in these environments, or in all environments of both sides if there are
/// none. The impacts are sorted by
/// flag, then in the order of promotion.
///
/// # Errors
/// Returns [`AnalysisError`] if analysis and evaluation disagree, which is a fault of flagctl.
pub fn impacts(
    before: &ComparedDefinitions,
    after: &ComparedDefinitions,
    keys: &BTreeSet<String>,
    environments: &[&str],
    budget: &Budget,
) -> Result<Vec<Impact>, AnalysisError> {
    let mut compared: Vec<&str> = after.environments().collect();
    compared.extend(before.environments().filter(|name| !after.environments().any(|known| known == *name)));
    compared.retain(|name| environments.is_empty() || environments.contains(name));
    let keys = &with_shadows(keys, [before, after]);
    let pairs: Vec<EnvironmentPair<'_>> =
        compared.into_iter().map(|name| EnvironmentPair::new(name, before, after, keys)).collect();
    let impacts_of = |key: &String| {
        let found = pairs.par_iter().filter_map(|pair| pair.impact(key, budget).transpose());
        found.collect::<Result<Vec<_>, _>>()
    };
    Ok(keys.par_iter().map(impacts_of).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// One environment before and after the change.
struct EnvironmentPair<'d> {
    environment: &'d str,
    before: &'d ComparedDefinitions,
    after: &'d ComparedDefinitions,
    bundles: [&'d Bundle; 2],
    /// The bundle after the change. Flags that were not defined before the change are disabled in it.
    before_added: Cow<'d, Bundle>,
    /// The bundle before the change. Flags that are not defined after the change are disabled in it.
    after_removed: Cow<'d, Bundle>,
}

impl<'d> EnvironmentPair<'d> {
    fn new(
        environment: &'d str,
        before: &'d ComparedDefinitions,
        after: &'d ComparedDefinitions,
        keys: &BTreeSet<String>,
    ) -> Self {
        let bundles @ [old, new] = [before.bundle(environment), after.bundle(environment)];
        let disable_absent = |bundle: &'d Bundle, definitions: &ComparedDefinitions| {
            let is_absent =
                |key: &str| keys.contains(key) && definitions.status(key, environment) == FlagStatus::Absent;
            if !bundle.flags.iter().any(|flag| is_absent(&flag.key)) {
                return Cow::Borrowed(bundle);
            }
            let mut bundle = bundle.clone();
            let absent = bundle.flags.iter_mut().filter(|flag| is_absent(&flag.key));
            absent.for_each(|flag| flag.state = State::Disabled);
            Cow::Owned(bundle)
        };
        let (before_added, after_removed) = (disable_absent(new, before), disable_absent(old, after));
        Self { environment, before, after, bundles, before_added, after_removed }
    }

    /// Returns the impact on a flag, or `None` if the flag is defined neither before nor after.
    fn impact(&self, key: &str, budget: &Budget) -> Result<Option<Impact>, AnalysisError> {
        let Some(event) = FlagEvent::between(self.before, self.after, key, self.environment) else { return Ok(None) };
        let [old, new] = self.bundles;
        let status = |definitions: &ComparedDefinitions| definitions.status(key, self.environment);
        let verdict = match (status(self.before), status(self.after)) {
            (_, FlagStatus::Invalid(problem)) => ImpactVerdict::Invalid(Side::After, problem),
            (FlagStatus::Invalid(problem), _) => ImpactVerdict::Invalid(Side::Before, problem),
            (FlagStatus::Absent, _) => analyze([&self.before_added, new], key, budget)?,
            (_, FlagStatus::Absent) => analyze([old, &self.after_removed], key, budget)?,
            (FlagStatus::Sound, FlagStatus::Sound) => match self.after.kill_error(key, self.environment) {
                Some(problem) => ImpactVerdict::Invalid(Side::After, problem),
                None => analyze(self.bundles, key, budget)?,
            },
        };
        // Without a change, the search for causes is not necessary.
        let causes = if event == FlagEvent::Affected && verdict.is_unchanged() {
            Vec::new()
        } else {
            let definitions = [self.before, self.after];
            CauseSearch { key, environment: self.environment, event, definitions, bundles: self.bundles }.causes()
        };
        Ok(Some(Impact { flag: key.to_owned(), environment: self.environment.to_owned(), event, verdict, causes }))
    }
}

/// Finds the contexts that get another result.
fn analyze(bundles: [&Bundle; 2], key: &str, budget: &Budget) -> Result<ImpactVerdict, AnalysisError> {
    let (Some(before), Some(after)) = (Definition::find(bundles[0], key), Definition::find(bundles[1], key)) else {
        return Ok(ImpactVerdict::Known(Vec::new()));
    };
    if Comparison::new(bundles).flags_of_key(key) {
        return Ok(ImpactVerdict::Known(Vec::new()));
    }
    match changes(before, after, budget) {
        Ok(mut regions) => {
            // The sort is stable: regions of equal size stay in the order in which they were found.
            regions.sort_by_key(|region| Reverse(region.moved()));
            Ok(ImpactVerdict::Known(regions))
        }
        Err(AnalysisError::Exhausted(excess)) => Ok(ImpactVerdict::Unknown(excess)),
        Err(failure) => Err(failure),
    }
}
