//! The proof that a range of commits only turns flags off.
//!
//! The proof takes the tip of the target branch, the head of the range, and the flags that may be killed. It has two
//! layers. By form, every commit of the range only adds regular files of kills ([`kill_form`](crate::actions::kill_form)).
//! By effect, the target is compared with the merge of both: killed flags serve their unchanged `off` to everyone, other
//! flags change only because they depend on a killed flag, and only to their own `off`. The second layer is checked only
//! if the first one holds.
//!
//! **Invariant:** an unknown effect is an objection, because the proof must hold for all contexts.
//! **Invariant:** the proof is about these two commits. It says nothing about a later state of the target branch.

use std::collections::BTreeSet;

use crate::actions::change_preview::changed_regions;
use crate::actions::error::ActionError;
use crate::actions::kill_form::{AddedKill, added_kills, invalid_kills};
use crate::actions::kill_merge::{KillMerge, new_errors};
use crate::actions::kill_objection::{EffectProblem, FormProblem, Objection};
use crate::analyze::{Budget, Effect, Region};
use crate::bundle::{Bundle, State, Variant};
use crate::diff;
use crate::diff::{ComparedDefinitions, FlagEvent, FlagStatus, Impact, ImpactVerdict};
use crate::git::Revision;
use crate::load;
use crate::source::Source;

/// The range of a proof, and what it may kill.
#[derive(Debug, Clone, Copy)]
pub struct KillRange<'r> {
    /// The tip of the branch into which the range is merged.
    pub target: &'r Revision,
    /// The last commit of the range.
    pub head: &'r Revision,
    /// The keys of the flags that may be killed, and that must be off after the merge. An empty list means any flag.
    pub flags: &'r [String],
    /// The names of the environments in which they may be killed. An empty list means any environment.
    pub environments: &'r [String],
}

/// The result of the proof for a range of commits.
#[derive(Debug, Clone)]
pub struct KillProof {
    /// The full id of the tip of the target branch.
    pub target: String,
    /// The full id of the last commit of the range.
    pub head: String,
    /// The keys of the flags that may be killed, or of the flags that the range kills if none is given.
    pub flags: BTreeSet<String>,
    /// The flags that are turned off, in the order of their keys and environments.
    pub turned_off: Vec<TurnedOff>,
    /// The reasons why the range is not a kill. If the list is empty, it is proven that the range is a kill.
    pub objections: Vec<Objection>,
}

impl KillProof {
    /// Returns whether it is proven that the range only turns the flags off.
    pub fn is_proven(&self) -> bool {
        self.objections.is_empty()
    }
}

/// A flag that is turned off in an environment.
#[derive(Debug, Clone)]
pub struct TurnedOff {
    /// The key of the flag.
    pub flag: String,
    /// The name of the environment.
    pub environment: String,
    /// The reason.
    pub cause: TurnOffCause,
    /// The contexts that get another result.
    pub regions: Vec<Region>,
}

/// Why a flag is off after the merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnOffCause {
    /// The range kills it.
    Kill,
    /// It is already off at the target, for example because of an earlier kill.
    AlreadyOff,
    /// It depends on a flag that the range kills.
    Dependency,
}

/// Finds out whether the commits that the head has and the target lacks only turn flags off.
///
/// # Errors
/// Returns an error if the range has no commits, if a revision cannot be read, if the clone is too shallow, or if the
/// analysis and the evaluation disagree.
pub fn verify_kill(range: &KillRange<'_>) -> Result<KillProof, ActionError> {
    let KillRange { target, head, .. } = *range;
    let base = target.merge_base(head)?;
    let commits = head.commits_since(target)?;
    if commits.is_empty() {
        let (base, tip) = (target.name().to_owned(), head.name().to_owned());
        return Err(match target.commit() == head.commit() {
            true => ActionError::EmptyRange { base, tip },
            false => ActionError::ReversedRange { base, tip },
        });
    }
    let (kills, mut objections) = added_kills(&commits, &target.prefix());
    objections.extend(invalid_kills(&kills, target, head)?);
    let not_requested = kills.iter().filter(|kill| !range.allows(&kill.flag, &kill.environment));
    objections.extend(not_requested.map(|kill| kill.objection(target, FormProblem::NotRequested)));
    let flags = match range.flags {
        [] => kills.iter().map(|kill| kill.flag.clone()).collect(),
        flags => flags.iter().cloned().collect(),
    };
    let mut proof =
        KillProof { target: target.commit(), head: head.commit(), flags, turned_off: Vec::new(), objections };
    if proof.objections.is_empty() {
        let merge = KillMerge::new(target, head, &base, kills)?;
        proof.objections.extend(merge.objections.iter().cloned());
        let problems = new_errors(target, &merge.merged);
        proof.objections.extend(problems.into_iter().map(|problem| Objection::InvalidDefinition { problem }));
        EffectCheck::new(range, &merge, &proof.flags)?.run(&mut proof)?;
    }
    if proof.objections.is_empty() && proof.turned_off.is_empty() {
        proof.objections.push(Objection::NothingTurnedOff);
    }
    Ok(proof)
}

impl KillRange<'_> {
    /// Returns whether a flag may be killed in an environment.
    fn allows(&self, flag: &str, environment: &str) -> bool {
        let allows = |names: &[String], name: &str| names.is_empty() || names.iter().any(|allowed| allowed == name);
        allows(self.flags, flag) && allows(self.environments, environment)
    }
}

/// The definitions before and after the merge that the killed flags and their dependants need.
struct EffectCheck<'r> {
    range: &'r KillRange<'r>,
    merge: &'r KillMerge,
    /// The flags that depend on a killed flag.
    dependants: BTreeSet<String>,
    /// All flags that may change.
    keys: BTreeSet<String>,
    before: ComparedDefinitions,
    after: ComparedDefinitions,
}

impl<'r> EffectCheck<'r> {
    fn new(range: &'r KillRange<'r>, merge: &'r KillMerge, flags: &BTreeSet<String>) -> Result<Self, ActionError> {
        let (old, new) = (Source::Revision(range.target.clone()), Source::Revision(merge.merged.clone()));
        let killed: BTreeSet<String> = merge.new.iter().map(|kill| kill.flag.clone()).collect();
        // A flag that is killed in one environment may depend on a flag that is killed in another one.
        let killed_keys: Vec<String> = killed.iter().cloned().collect();
        let dependants = load::dependants_and_each_other(&old, &killed_keys, &load::SharedNames::default())?;
        let mut keys = diff::affected_flags(range.target, &new)?;
        keys.extend(flags.iter().chain(&killed).chain(&dependants).cloned());
        let list: Vec<String> = keys.iter().cloned().collect();
        let before = ComparedDefinitions::read(&old, &list, &[])?;
        let after = ComparedDefinitions::read(&new, &list, &[])?;
        Ok(Self { range, merge, dependants, keys, before, after })
    }

    fn run(&self, proof: &mut KillProof) -> Result<(), ActionError> {
        let problems = self.after.errors().into_iter().map(|problem| Objection::InvalidDefinition { problem });
        let known: BTreeSet<String> = proof.objections.iter().filter_map(invalid_definition).collect();
        proof.objections.extend(
            problems.filter(|objection| invalid_definition(objection).is_none_or(|problem| !known.contains(&problem))),
        );
        for impact in diff::impacts(&self.before, &self.after, &self.keys, &[], &Budget::default())? {
            self.judge(impact, proof);
        }
        self.check_requested(proof);
        Ok(())
    }

    /// Adds the impact on a flag to the flags that are turned off, or to the objections.
    fn judge(&self, impact: Impact, proof: &mut KillProof) {
        let Impact { flag, environment, event, verdict, .. } = impact;
        let mut object = |problem| {
            let (flag, environment) = (flag.clone(), environment.clone());
            proof.objections.push(Objection::Effect { flag, environment, problem });
        };
        let regions = match verdict {
            ImpactVerdict::Known(regions) => regions,
            ImpactVerdict::Unknown(_) => return object(EffectProblem::Unknown),
            ImpactVerdict::Invalid(_, problem) => return object(EffectProblem::Undecidable(problem)),
        };
        let is =
            |kills: &[AddedKill]| kills.iter().any(|kill| (&kill.flag, &kill.environment) == (&flag, &environment));
        let cause = match event {
            FlagEvent::Killed if is(&self.merge.new) => TurnOffCause::Kill,
            _ if is(&self.merge.earlier) => TurnOffCause::AlreadyOff,
            _ if self.is_shadow_of_killed(&flag, &environment) && regions.is_empty() => return,
            _ if self.is_shadow_of_killed(&flag, &environment) => TurnOffCause::Dependency,
            // The target has something else in the place of the file, which turns the flag off because it is unreadable.
            FlagEvent::Changed | FlagEvent::Affected if is(&self.merge.new) && regions.is_empty() => {
                TurnOffCause::AlreadyOff
            }
            FlagEvent::Affected if regions.is_empty() => return,
            FlagEvent::Affected if self.dependants.contains(&flag) => TurnOffCause::Dependency,
            FlagEvent::Changed | FlagEvent::Affected if regions.is_empty() => return,
            FlagEvent::Added
            | FlagEvent::Removed
            | FlagEvent::Killed
            | FlagEvent::HalfOpened
            | FlagEvent::Revived
            | FlagEvent::Changed
            | FlagEvent::Affected => return object(EffectProblem::NotReached),
        };
        if off(self.before.bundle(&environment), &flag) != off(self.after.bundle(&environment), &flag) {
            object(EffectProblem::OffChanges);
        }
        let is_allowed = |effect: &Effect| matches!(effect, Effect::Shrink | Effect::Relabel);
        let (allowed, others): (Vec<Region>, Vec<Region>) =
            regions.into_iter().partition(|region| region.effects.iter().all(is_allowed));
        others.into_iter().for_each(|region| object(EffectProblem::Moves(Box::new(region))));
        let turns_off = allowed.iter().any(|region| region.effects.contains(&Effect::Shrink));
        if cause != TurnOffCause::Dependency || turns_off {
            proof.turned_off.push(TurnedOff { flag, environment, cause, regions: allowed });
        }
    }

    /// Returns whether a flag is the shadow of a flag that the range kills, so that it is killed with it.
    fn is_shadow_of_killed(&self, flag: &str, environment: &str) -> bool {
        let shadowed = self.after.flag(flag).and_then(|flag| flag.shadowed.as_ref());
        let mut kills = self.merge.new.iter();
        shadowed.is_some_and(|shadowed| kills.any(|kill| kill.flag == shadowed.flag && kill.environment == environment))
    }

    /// Checks that the flags that may be killed are off after the merge, by a kill of the range or before it.
    fn check_requested(&self, proof: &mut KillProof) {
        for flag in self.range.flags {
            if !self.after.loaded.project.flags.iter().any(|defined| defined.key == *flag) {
                proof.objections.push(Objection::UnknownFlag { flag: flag.clone() });
                continue;
            }
            for environment in self.required_environments(flag) {
                let is_off = serves_off_to_everyone(self.after.bundle(environment), flag);
                let (flag, environment) = (flag.clone(), environment.to_owned());
                let is_listed = proof.turned_off.iter().any(|off| off.flag == flag && off.environment == environment);
                match (is_off, self.after.status(&flag, &environment)) {
                    (true, _) if is_listed => {}
                    (true, _) => {
                        let cause = TurnOffCause::AlreadyOff;
                        proof.turned_off.push(TurnedOff { flag, environment, cause, regions: Vec::new() });
                    }
                    (false, FlagStatus::Sound) => {
                        let problem = EffectProblem::NotOff;
                        proof.objections.push(Objection::Effect { flag, environment, problem });
                    }
                    // The error is an objection already.
                    (false, FlagStatus::Absent | FlagStatus::Invalid(_)) => {}
                }
            }
        }
    }

    /// Returns the environments in which a flag must be off. If none is given, they are those in which it is killed
    /// after the merge. If there are none, they are those in which the range kills another flag, or all.
    fn required_environments(&self, flag: &str) -> Vec<&str> {
        let is_killed = |environment: &&str| {
            let flag = self.after.bundle(environment).flag(flag);
            flag.is_some_and(|flag| matches!(flag.state, State::Killed { .. }) && flag.state.is_off())
        };
        let has_new_kill = |environment: &&str| self.merge.new.iter().any(|kill| kill.environment == **environment);
        let all = || self.after.environments();
        let candidates = [all().filter(is_killed).collect(), all().filter(has_new_kill).collect(), all().collect()];
        match self.range.environments {
            [] => candidates.into_iter().find(|found: &Vec<&str>| !found.is_empty()).unwrap_or_default(),
            given => given.iter().map(String::as_str).collect(),
        }
    }
}

fn invalid_definition(objection: &Objection) -> Option<String> {
    match objection {
        Objection::InvalidDefinition { problem } => Some(problem.clone()),
        Objection::Form { .. }
        | Objection::Merge { .. }
        | Objection::UnknownFlag { .. }
        | Objection::Effect { .. }
        | Objection::NothingTurnedOff => None,
    }
}

/// Returns the variant that a flag serves when it is off.
fn off<'b>(bundle: &'b Bundle, key: &str) -> Option<&'b Variant> {
    bundle.flag(key).map(|flag| flag.variant(flag.off))
}

/// Returns whether it is proven that a flag serves `off` in every context.
fn serves_off_to_everyone(bundle: &Bundle, key: &str) -> bool {
    let mut off = bundle.clone();
    match off.flags.find_mut(key) {
        Some(flag) if flag.state.is_off() => return true,
        Some(flag) => flag.state = State::Disabled,
        None => return false,
    }
    changed_regions(bundle, &off, key).is_some_and(|regions| regions.is_empty())
}
