//! Applies the rules of a policy to the changes of flags.

use std::collections::BTreeMap;
use std::error::Error;

use jiff::{SignedDuration, Timestamp};

use crate::analyze::{Budget, Effect, Region, Share, effects};
use crate::bundle::{Bundle, Flag};
use crate::diff::{ComparedDefinitions, FlagEvent, ImpactClass, ImpactVerdict, PopulationCount};
use crate::model::{AcknowledgedClass, NewConditions, Policy, Project, WrittenDuration};
use crate::policy::comparison::{FlagChange, PolicyComparison};
use crate::policy::containment::containment_problem;
use crate::policy::error::PolicyError;
use crate::policy::first_serving::CandidateChange;
use crate::policy::growth::{Growth, serves_only_off};
use crate::policy::range::CommitRange;
use crate::policy::restoration::restores;
use crate::policy::verdict::{Judged, NewConditionSize, PolicyVerdict, Problem, Refusal, SizeSource, SoakState};
use crate::policy::weights;
use crate::shadow::ShadowEvidence;
use crate::snapshot::Spanned;
use crate::stage::{Begin, Reach, StageQuery, Stages};

/// Returns the stages of flags, by the clock of their environment.
pub trait StageSource {
    /// Returns the stages of a flag.
    ///
    /// # Errors
    /// Returns an error if the clock cannot be read.
    fn stages(&self, query: &StageQuery<'_>, reach: Reach) -> Result<Stages, Box<dyn Error + Send + Sync>>;
}

/// What a judgement needs besides the definitions.
pub struct Evidence<'e> {
    /// The commits of the change.
    pub commits: &'e CommitRange,
    /// The clock.
    pub clock: &'e dyn StageSource,
    /// The number of contexts in each region of each change, if a population was counted.
    pub population: Option<&'e PopulationCount>,
    /// The reports on dark launches that the caller trusts.
    pub shadow_reports: &'e [ShadowEvidence],
    /// All definitions after the change, for the tests about flags.
    pub project: &'e Project,
    /// The time of the judgement.
    pub now: Timestamp,
    /// The limit of the analysis.
    pub budget: &'e Budget,
}

/// Judges a change by the policy of its base.
///
/// # Errors
/// Returns [`PolicyError`] if a rule needs something that cannot be read, such as the published log.
pub fn judge(comparison: &PolicyComparison, evidence: &Evidence<'_>) -> Result<PolicyVerdict, PolicyError> {
    let mut judge = Judge { comparison, evidence, verdict: PolicyVerdict::default(), unsigned: BTreeMap::new() };
    for (index, change) in comparison.changes.iter().enumerate() {
        judge.change(index, change)?;
    }
    Ok(judge.verdict)
}

/// Returns the time at which a flag may grow again, or `None` if its state is not published. The time is in the past if
/// the soak is over.
///
/// # Errors
/// Returns [`PolicyError::Clock`] if the clock cannot be read.
pub fn soak_end(
    clock: &dyn StageSource,
    query: &StageQuery<'_>,
    soak: WrittenDuration,
    now: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, PolicyError> {
    let soak = SignedDuration::try_from(soak.get()).unwrap_or(SignedDuration::MAX);
    let before = now.checked_sub(soak).unwrap_or(Timestamp::MIN);
    let found = clock.stages(query, Reach { stages: 1, before: Some(before) }).map_err(|source| {
        let (flag, environment) = (query.flag.to_owned(), query.environment.to_owned());
        PolicyError::Clock { flag, environment, source }
    })?;
    Ok(found.current().map(|stage| {
        let end = stage.start.checked_add(soak).unwrap_or(Timestamp::MAX);
        // A stage that began before the soak is over, whatever its exact begin is.
        (stage.start, if stage.begin == Begin::OrEarlier { end.min(now) } else { end })
    }))
}

struct Judge<'j> {
    comparison: &'j PolicyComparison,
    evidence: &'j Evidence<'j>,
    verdict: PolicyVerdict,
    /// The first commit that is not signed, for each file of signers.
    unsigned: BTreeMap<String, Option<(String, String)>>,
}

/// A change with the policy that applies to it.
struct Case<'c> {
    change: &'c FlagChange,
    policy: Policy<'c>,
    bundles: [&'c Bundle; 2],
    flags: [Option<&'c Flag>; 2],
    location: Option<(String, usize)>,
}

impl Judge<'_> {
    fn change(&mut self, index: usize, change: &FlagChange) -> Result<(), PolicyError> {
        let comparison = self.comparison;
        let (before, after) = (&comparison.before, &comparison.after);
        let environment = change.impact.environment.as_str();
        let settings = &before.loaded.project.settings;
        let kind = before.flag(change.base_key()).or_else(|| after.flag(&change.impact.flag));
        let kind = kind.map_or("", |flag| flag.kind());
        let Some(policy) = settings.policy_of(environment, kind) else { return Ok(()) };
        let bundles = [before.bundle(environment), after.bundle(environment)];
        let [old, new] = bundles;
        let flags = [old.flag(change.base_key()), new.flag(&change.impact.flag)];
        let location = location(change, after, before);
        let case = Case { change, policy, bundles, flags, location };
        let regions = match &change.impact.verdict {
            ImpactVerdict::Known(regions) => regions,
            ImpactVerdict::Unknown(_) => {
                self.refuse(&case, Problem::Unknown, None);
                return Ok(());
            }
            ImpactVerdict::Invalid(_, problem) => {
                self.refuse(&case, Problem::Undecidable(problem.clone()), None);
                return Ok(());
            }
        };
        if case.policy.needs_shadow {
            self.first_serving(&case, regions);
        }
        let is_removed = change.impact.event == FlagEvent::Removed;
        let is_safe = |effect: &Effect| matches!(effect, Effect::Shrink | Effect::Relabel);
        if !is_removed && effects(regions).iter().all(is_safe) {
            if !regions.is_empty() {
                self.add(Judged { is_free: true, ..judged(change) });
            }
            return Ok(());
        }
        self.freeze(&case);
        // A shadow serves nothing, so its growth is no step.
        let is_shadow = flags.into_iter().flatten().any(|flag| flag.shadowed().is_some());
        if !is_shadow {
            self.acknowledgements(&case);
        }
        self.signatures(&case)?;
        if is_removed || is_shadow {
            self.add(judged(change));
            return Ok(());
        }
        self.growth(&case, index, regions)
    }

    /// Refuses to serve a candidate that runs in the dark without a report that allows it.
    fn first_serving(&mut self, case: &Case<'_>, regions: &[Region]) {
        let change = case.change;
        let Some(before) = self.comparison.before.flag(change.base_key()) else { return };
        let after = self.comparison.after.flag(&change.impact.flag);
        let environment = &change.impact.environment;
        let candidate = CandidateChange { before, after, environment, flags: case.flags, regions };
        if let Some((candidate, problem)) = candidate.problem(self.evidence.shadow_reports) {
            self.refuse(case, Problem::Shadow { candidate, problem }, None);
        }
    }

    fn growth(&mut self, case: &Case<'_>, index: usize, regions: &[Region]) -> Result<(), PolicyError> {
        let (comparison, Case { change, policy, bundles, flags, .. }) = (self.comparison, case);
        let impact = &change.impact;
        let [old, Some(new)] = *flags else {
            self.refuse(case, Problem::Undecidable("its definition has errors".to_owned()), None);
            return Ok(());
        };
        let growth = Growth::of(regions, *bundles, (old, new))?;
        let restores = impact.event == FlagEvent::Revived && {
            let keys = (impact.flag.as_str(), change.former_key.as_deref());
            restores(&comparison.base, &comparison.after, keys, &impact.environment, self.evidence.budget)?
        };
        // A flag that was not defined was analysed as one that serves `off`, in the bundle that defines it.
        let [_, new_bundle] = *bundles;
        let analysed = if impact.event == FlagEvent::Added { [new_bundle; 2] } else { *bundles };
        let new_condition = match growth.new_conditions.is_empty() {
            true => None,
            false => Some(self.size(index, &growth, regions, analysed)?),
        };
        let step = growth.step.unwrap_or(Share::NONE);
        self.add(Judged { step, new_condition, restores, ..judged(change) });
        if growth.is_none() {
            return Ok(());
        }
        let mut from = self.evidence.now;
        let soak = policy.min_soak.filter(|_| old.is_some() && !restores);
        if let Some(limit) = soak
            && !serves_only_off(bundles[0], change.base_key(), self.evidence.budget)
        {
            let query = StageQuery { flag: change.base_key(), environment: &impact.environment, tip: &comparison.base };
            match soak_end(self.evidence.clock, &query, limit, self.evidence.now)? {
                Some((_, end)) if end <= self.evidence.now => {}
                Some((start, end)) => {
                    from = end;
                    self.refuse(case, Problem::Soak { limit, state: SoakState::Since(start) }, Some(end));
                }
                None => {
                    from = from.checked_add(SignedDuration::try_from(limit.get()).unwrap_or_default()).unwrap_or(from);
                    self.refuse(case, Problem::Soak { limit, state: SoakState::Unpublished }, Some(from));
                }
            }
        }
        if let Some(limit) = policy.max_step.filter(|limit| !restores && step > Share::of_buckets(limit.buckets())) {
            self.refuse(case, Problem::Step { growth: step, limit }, Some(from));
        }
        if let Some(size) = new_condition.filter(|_| !restores) {
            self.new_condition(case, size, from);
        }
        for other in &policy.after {
            let outer = comparison.after.bundle(other);
            if let Some(problem) = containment_problem(bundles[1], outer, &impact.flag, self.evidence.budget)? {
                self.refuse(case, Problem::Containment { after: (*other).to_owned(), problem }, Some(from));
            }
        }
        if policy.needs_tests && !has_test(self.evidence.project, &impact.flag, &impact.environment) {
            self.refuse(case, Problem::Tests, None);
        }
        Ok(())
    }

    /// Returns the size of the growth of new conditions: by the population, or by weights.
    fn size(
        &self,
        index: usize,
        growth: &Growth,
        regions: &[Region],
        bundles: [&Bundle; 2],
    ) -> Result<NewConditionSize, PolicyError> {
        if let Some(count) = self.evidence.population
            && let Some(counts) = count.regions.get(index)
        {
            let grown = growth.new_conditions.iter().filter_map(|(region, _)| counts.get(*region));
            let grown: u64 = grown.sum();
            let size = (count.contexts > 0).then(|| Share::new(u128::from(grown), u128::from(count.contexts)));
            let source = if size.is_some() { SizeSource::Population } else { SizeSource::Unknown };
            return Ok(NewConditionSize { size, source });
        }
        let attributes = &self.comparison.before.loaded.project.settings.attributes;
        let mut total = Some(Share::NONE);
        for (region, share) in &growth.new_conditions {
            let size =
                regions.get(*region).and_then(|region| weights::size(region, bundles, attributes, self.evidence.now));
            total = match (total, size) {
                (Some(total), Some(size)) => Some(total.checked_add(size.checked_mul(*share)?)?),
                (None, _) | (_, None) => None,
            };
        }
        let source = if total.is_some() { SizeSource::Weights } else { SizeSource::Unknown };
        Ok(NewConditionSize { size: total, source })
    }

    fn new_condition(&mut self, case: &Case<'_>, size: NewConditionSize, from: Timestamp) {
        let mode = case.policy.new_conditions;
        match (size.size, case.policy.max_step) {
            (Some(_), None) => {}
            (Some(size), Some(limit)) if size <= Share::of_buckets(limit.buckets()) => {}
            (Some(size), Some(limit)) => {
                self.refuse(case, Problem::NewCondition { mode, size: Some((size, limit)) }, Some(from));
            }
            (None, _) => {
                let is_acknowledged = || self.evidence.commits.acknowledges("new-condition", &case.change.impact.flag);
                let is_allowed = match mode {
                    NewConditions::Allow => true,
                    NewConditions::Forbid => false,
                    NewConditions::Acknowledge => is_acknowledged(),
                };
                if !is_allowed {
                    self.refuse(case, Problem::NewCondition { mode, size: None }, Some(from));
                }
            }
        }
    }

    fn freeze(&mut self, case: &Case<'_>) {
        let now = self.evidence.now;
        let freezes = case.policy.freezes.iter().filter(|freeze| freeze.contains(now));
        if let Some(freeze) = freezes.max_by_key(|freeze| freeze.until.value) {
            let (until, reason) = (freeze.until.value, freeze.reason.value.clone());
            self.refuse(case, Problem::Freeze { until, reason }, Some(until));
        }
    }

    fn acknowledgements(&mut self, case: &Case<'_>) {
        let classes = case.change.impact.classes();
        for class in &case.policy.acknowledge {
            let has = classes.contains(&match class {
                AcknowledgedClass::Removed => ImpactClass::Removed,
                AcknowledgedClass::Expand => ImpactClass::Expand,
                AcknowledgedClass::Reassign => ImpactClass::Reassign,
                AcknowledgedClass::Reshuffle => ImpactClass::Reshuffle,
            });
            if has && !self.evidence.commits.acknowledges(class.name(), &case.change.impact.flag) {
                self.refuse(case, Problem::Acknowledge(*class), None);
            }
        }
    }

    fn signatures(&mut self, case: &Case<'_>) -> Result<(), PolicyError> {
        let Some(path) = case.policy.signed_by else { return Ok(()) };
        let found = match self.unsigned.get(path) {
            Some(known) => known.clone(),
            None => {
                let found = self.evidence.commits.unsigned(&self.comparison.base, path)?;
                self.unsigned.insert(path.to_owned(), found.clone());
                found
            }
        };
        if let Some((commit, why)) = found {
            self.refuse(case, Problem::Signature { commit, why }, None);
        }
        Ok(())
    }

    fn add(&mut self, judged: Judged) {
        self.verdict.judged.push(judged);
    }

    /// Adds a refusal. Without a time, what is allowed instead is possible now.
    fn refuse(&mut self, case: &Case<'_>, problem: Problem, from: Option<Timestamp>) {
        let impact = &case.change.impact;
        self.verdict.refusals.push(Refusal {
            flag: impact.flag.clone(),
            environment: impact.environment.clone(),
            problem,
            from: from.unwrap_or(self.evidence.now),
            location: case.location.clone(),
        });
    }
}

fn judged(change: &FlagChange) -> Judged {
    Judged {
        flag: change.impact.flag.clone(),
        former_key: change.former_key.clone(),
        environment: change.impact.environment.clone(),
        is_free: false,
        step: Share::NONE,
        new_condition: None,
        restores: false,
    }
}

/// Returns the position of the most important cause, or of the flag's file.
fn location(change: &FlagChange, after: &ComparedDefinitions, before: &ComparedDefinitions) -> Option<(String, usize)> {
    let cause = change.impact.causes.iter().find_map(|cause| Some((cause.path.clone()?, cause.line.unwrap_or(1))));
    let file = |definitions: &ComparedDefinitions, key: &str| {
        let flag = definitions.flag(key)?;
        Some((definitions.loaded.snapshot.file(flag.file).path.clone(), 1))
    };
    let found = cause.or_else(|| file(after, &change.impact.flag)).or_else(|| file(before, change.base_key()));
    found.map(|(path, line)| (format!("{}{path}", after.prefix), line))
}

/// Returns whether a test is about the flag in the environment.
fn has_test(project: &Project, flag: &str, environment: &str) -> bool {
    project.suites.iter().any(|suite| {
        let applies = |own: &[Spanned<String>]| {
            let names = if own.is_empty() { &suite.environments[..] } else { own };
            names.is_empty() || names.iter().any(|name| name.value == environment)
        };
        let in_cases = suite
            .cases
            .iter()
            .any(|case| applies(&case.environments) && case.expect.iter().any(|expect| expect.flag.value == flag));
        let in_assertions = suite.assertions.iter().any(|assertion| {
            applies(&assertion.environments) && assertion.claim.servings().any(|served| served.flag.value == flag)
        });
        let in_golden = suite.golden.as_ref().is_some_and(|golden| {
            applies(&[])
                && golden.cells.iter().any(|cell| cell.flag.value == flag && cell.environment.value == environment)
        });
        in_cases || in_assertions || in_golden
    })
}
