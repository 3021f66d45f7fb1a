//! Branches with kills that diverged from `main`: `verify-kill` and `diff --merge` are compared with an oracle, which
//! merges with git and decides every flag in many contexts.

mod generator;
mod oracle;

use std::collections::{BTreeMap, BTreeSet};

use flagctl::actions::{EffectProblem, KillProof, KillRange, Objection, TurnOffCause, verify_kill};
use flagctl::analyze::{Budget, Region};
use flagctl::diff::{FlagEvent, Impact, ImpactClass, ImpactVerdict, MergeAnalysis, ParentImpacts, merge_impacts};
use flagctl::git::CacheWrites;
use flagctl::source::FlagRepository;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::diverged::generator::{FLAGS, case};
use crate::diverged::oracle::{Definitions, Merge, Pair, Served, contexts, kills_by_form, revision, with_witnesses};
use crate::fast_import::History;
use crate::git_bench::TestRepository;
use crate::random::Random;

/// The number of generated pairs of branches in a usual run.
const CASES: usize = 40;

/// Makes a repository with `count` pairs of branches.
fn repository(count: usize) -> TestRepository {
    let repository = TestRepository::new();
    let mut random = Random(0x2026_1128);
    let mut history = History::default();
    for number in 0..count {
        case(&mut random, &mut history, number);
    }
    repository.git_with(&["fast-import", "--quiet"], &history.stream);
    repository
}

fn generated() -> usize {
    CASES * std::env::var("GENERATED").map_or(1, |factor| factor.parse::<usize>().unwrap())
}

/// What the oracle says about a range.
enum Verdict {
    Kill,
    /// An error in the definitions may or may not concern the kills.
    Unclaimed,
    NoKill(String),
}

/// The definitions before and after a merge, and what may be killed.
struct Range<'r> {
    target: &'r Definitions,
    merged: &'r Definitions,
    kills: &'r BTreeSet<Pair>,
    flags: &'r [String],
    environments: &'r [String],
    contexts: &'r [(Json, Timestamp)],
}

impl Range<'_> {
    fn verdict(&self) -> Verdict {
        match self.problem() {
            Some(problem) => Verdict::NoKill(problem),
            None if self.merged.errors.iter().any(|error| !error.contains("flags/alone.yaml")) => Verdict::Unclaimed,
            None => Verdict::Kill,
        }
    }

    fn problem(&self) -> Option<String> {
        let allows = |names: &[String], name: &String| names.is_empty() || names.contains(name);
        for (flag, environment) in self.kills {
            if !allows(self.flags, flag) || !allows(self.environments, environment) {
                return Some(format!("{flag} in {environment} may not be killed"));
            }
        }
        if let Some(error) = self.merged.errors.difference(&self.target.errors).next() {
            return Some(format!("a new error: {error}"));
        }
        let new: BTreeSet<&Pair> = self.kills.iter().filter(|pair| !self.target.is_killed(pair)).collect();
        for environment in &self.target.environments {
            let here = |pair: &&&Pair| pair.1 == *environment;
            let killed: BTreeSet<String> = new.iter().filter(here).map(|pair| pair.0.clone()).collect();
            let dependants = self.target.dependants(environment, &killed);
            for flag in &self.target.flags {
                let pair = (flag.clone(), environment.clone());
                if !self.merged.has(&pair) && (new.contains(&pair) || dependants.contains(flag)) {
                    return Some(format!("{flag} in {environment} has an error"));
                }
                let problem = self.moves(&pair, new.contains(&pair), dependants.contains(flag));
                if problem.is_some() {
                    return problem;
                }
            }
        }
        if self.kills.is_empty() && self.flags.is_empty() {
            return Some("nothing is turned off".to_owned());
        }
        self.requested_problem(&new)
    }

    /// Returns a decision of a flag that changes in a way that is not allowed.
    fn moves(&self, pair: &Pair, is_killed: bool, depends: bool) -> Option<String> {
        let off = self.target.off(pair);
        if off != self.merged.off(pair) {
            return Some(format!("the off of {pair:?} changes"));
        }
        self.contexts.iter().find_map(|(context, now)| {
            let served = [self.target, self.merged].map(|side| side.served(pair, context, *now));
            let [Some(before), Some(after)] = served else { return None };
            let off = off.as_ref()?;
            let is_right = if is_killed {
                after == *off
            } else {
                before == after || depends && (before.1 == after.1 || after.1 == off.1)
            };
            (!is_right).then(|| format!("{pair:?}: {before:?} → {after:?} for {context}"))
        })
    }

    /// Returns a flag that must be off, and is not.
    fn requested_problem(&self, new: &BTreeSet<&Pair>) -> Option<String> {
        let all = &self.target.environments;
        for flag in self.flags {
            if !self.merged.flags.contains(flag) {
                return Some(format!("{flag} does not exist"));
            }
            let killed = |name: &&String| self.merged.is_killed(&(flag.clone(), (*name).clone()));
            let with_kill = |name: &&String| new.iter().any(|pair| pair.1 == **name);
            let lists: [Vec<&String>; 4] = [
                self.environments.iter().collect(),
                all.iter().filter(killed).collect(),
                all.iter().filter(with_kill).collect(),
                all.iter().collect(),
            ];
            for environment in lists.into_iter().find(|list| !list.is_empty()).unwrap() {
                let pair = (flag.clone(), environment.clone());
                if !self.merged.has(&pair) {
                    return Some(format!("{flag} cannot be decided in {environment}"));
                }
                // A flag that does not change has no example, so more units are necessary.
                for (context, now) in self.contexts.iter().cloned().chain(contexts(100)) {
                    if self.merged.served(&pair, &context, now) != self.merged.off(&pair) {
                        return Some(format!("{flag} is not off in {environment} for {context}"));
                    }
                }
            }
        }
        None
    }

    /// Checks that exactly the flags that the range turns off are listed.
    fn check_list(&self, proof: &KillProof, shown: &str) {
        let listed = |pair: &Pair| {
            proof.turned_off.iter().find(|off| (&off.flag, &off.environment) == (&pair.0, &pair.1)).map(|off| off.cause)
        };
        for pair in self.kills {
            let cause = match self.target.is_killed(pair) {
                true => TurnOffCause::AlreadyOff,
                false => TurnOffCause::Kill,
            };
            assert_eq!(listed(pair), Some(cause), "{pair:?} {shown}");
        }
        for environment in &self.target.environments {
            for flag in &self.target.flags {
                let pair = (flag.clone(), environment.clone());
                let turns_off = |contexts: &[(Json, Timestamp)]| {
                    contexts.iter().any(|(context, now)| {
                        let served = [self.target, self.merged].map(|side| side.served(&pair, context, *now));
                        let [before, after] = served.map(|served| served.map(|served| served.1));
                        before != after
                    })
                };
                match listed(&pair) {
                    // A region has one example, and its other units may be few.
                    Some(TurnOffCause::Dependency) => {
                        assert!(turns_off(self.contexts) || turns_off(&contexts(300)), "{pair:?} {shown}");
                    }
                    Some(TurnOffCause::Kill | TurnOffCause::AlreadyOff) => {}
                    None => assert!(!turns_off(self.contexts), "{pair:?} {shown}"),
                }
            }
        }
    }
}

fn regions(proof: &KillProof) -> Vec<&Region> {
    let moved = proof.objections.iter().filter_map(|objection| match objection {
        Objection::Effect { problem: EffectProblem::Moves(region), .. } => Some(&**region),
        _ => None,
    });
    moved.chain(proof.turned_off.iter().flat_map(|off| &off.regions)).collect()
}

/// Returns the flags and environments that may be killed: any, the kills of the branch, or others.
fn requested(random: &mut Random, kills: Option<&BTreeSet<Pair>>) -> (Vec<String>, Vec<String>) {
    let named: BTreeSet<String> = kills.into_iter().flatten().map(|pair| pair.0.clone()).collect();
    let flags = match random.below(8) {
        0 | 1 => named.into_iter().collect(),
        2 => named.into_iter().chain([FLAGS[random.below(4)].to_owned()]).collect(),
        3 => random.some(&FLAGS, 1).into_iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let environments = if random.below(4) == 0 { vec!["production".to_owned()] } else { Vec::new() };
    (flags, environments)
}

#[test]
fn a_proven_kill_is_a_kill_and_every_kill_is_proven() {
    let count = generated();
    let repository = repository(count);
    let opened = FlagRepository::find(repository.root(), CacheWrites::Allowed).unwrap();
    let mut random = Random(0x5eed);
    let all = contexts(16);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..count {
        let (main, branch) = (format!("main{number}"), format!("kills{number}"));
        let [target, head] = [&main, &branch].map(|name| revision(&opened, name));
        let definitions = Definitions::read(&target);
        let form = kills_by_form(&repository, &main, &branch, &definitions);
        let (flags, environments) = requested(&mut random, form.as_ref().ok());
        let environments: Vec<String> =
            environments.into_iter().filter(|name| definitions.environments.contains(name)).collect();
        let range = KillRange { target: &target, head: &head, flags: &flags, environments: &environments };
        let proof = verify_kill(&range).unwrap();
        let merge = Merge::new(&repository, &opened, &main, &branch);
        let verdict = match (&form, &merge) {
            (Err(problem), _) => Verdict::NoKill(problem.clone()),
            (Ok(_), Merge::Conflict) => Verdict::NoKill("a conflict".to_owned()),
            (Ok(kills), Merge::Clean(merged) | Merge::KillsMeet(merged)) => {
                let merged = Definitions::read(merged);
                let witnesses = regions(&proof).into_iter().filter_map(|region| region.witness.as_ref());
                let contexts = with_witnesses(&all, witnesses);
                let range = Range {
                    target: &definitions,
                    merged: &merged,
                    kills,
                    flags: &flags,
                    environments: &environments,
                    contexts: &contexts,
                };
                if proof.is_proven() {
                    range.check_list(&proof, &format!("case {number}: {proof:#?}"));
                }
                range.verdict()
            }
        };
        let shown = || format!("case {number} {flags:?} {environments:?}: {form:?} {proof:#?}");
        let kind = match (verdict, proof.is_proven()) {
            (Verdict::Kill, true) if matches!(merge, Merge::KillsMeet(_)) => "proven, and kills meet",
            (Verdict::Kill, true) => "proven",
            (Verdict::Kill, false) => panic!("a kill that is not proven: {}", shown()),
            (Verdict::NoKill(problem), true) => panic!("proven, but {problem}: {}", shown()),
            (Verdict::NoKill(_), false) if form.is_err() => "refused by form",
            (Verdict::NoKill(_), false) => "refused by effect",
            (Verdict::Unclaimed, true) => "proven beside an error",
            (Verdict::Unclaimed, false) => "refused because of an error",
        };
        *seen.entry(kind).or_default() += 1;
    }
    for (kind, most) in
        [("proven", 5), ("refused by form", 5), ("refused by effect", 10), ("proven, and kills meet", 60)]
    {
        assert!(seen.get(kind).is_some_and(|found| found * most >= count), "{kind}: {seen:?} of {count}");
    }
}

/// Returns the class of a decision that becomes another one, by the table in `docs/plans.md`.
fn class(before: &Served, after: &Served, off: &Served) -> Option<ImpactClass> {
    match (before.0 == after.0, before.1 == after.1) {
        (true, true) => None,
        (false, true) => Some(ImpactClass::Relabel),
        (true, false) => Some(ImpactClass::Reassign),
        (false, false) if before.1 == off.1 => Some(ImpactClass::Expand),
        (false, false) if after.1 == off.1 => Some(ImpactClass::Shrink),
        (false, false) => Some(ImpactClass::Reassign),
    }
}

/// Returns the classes of all decisions that differ. A flag that is not defined serves `off`.
fn classes(
    before: &Definitions,
    after: &Definitions,
    pair: &Pair,
    contexts: &[(Json, Timestamp)],
) -> BTreeSet<ImpactClass> {
    let Some(off) = before.off(pair).or(after.off(pair)) else { return BTreeSet::new() };
    let last = after.off(pair).unwrap_or_else(|| off.clone());
    let differing = contexts.iter().filter_map(|(context, now)| {
        let [old, new] = [before, after].map(|side| side.served(pair, context, *now));
        class(&old.unwrap_or_else(|| off.clone()), &new.unwrap_or_else(|| last.clone()), &off)
    });
    differing.collect()
}

/// Returns the effects of a merge on the flags of one of its branches.
fn found(parent: &ParentImpacts) -> BTreeMap<Pair, &Impact> {
    parent.impacts.iter().map(|impact| ((impact.flag.clone(), impact.environment.clone()), impact)).collect()
}

#[test]
fn a_merge_shows_the_flags_that_decide_as_on_neither_branch_with_their_classes() {
    // Few merges have a flag that decides as on neither branch.
    let count = 3 * generated();
    let repository = repository(count);
    let opened = FlagRepository::find(repository.root(), CacheWrites::Allowed).unwrap();
    let all = contexts(16);
    let (mut conflicts, mut shown) = (0, 0);
    for number in 0..count {
        let (main, branch) = (format!("main{number}"), format!("kills{number}"));
        let base = repository.git(&["merge-base", &main, &branch]);
        let [base, theirs, ours] = [&base, &branch, &main].map(|name| revision(&opened, name));
        let answer = merge_impacts(&base, &theirs, &ours, &[], &Budget::default()).unwrap();
        let (merged, answer) = match (Merge::new(&repository, &opened, &main, &branch), answer) {
            (Merge::Conflict | Merge::KillsMeet(_), MergeAnalysis::Conflicts(_)) => {
                conflicts += 1;
                continue;
            }
            (Merge::Clean(merged), MergeAnalysis::Merged(answer)) => (merged, answer),
            (_, answer) => panic!("case {number}: git and flagctl disagree about conflicts: {answer:?}"),
        };
        let merged = Definitions::read(&merged);
        let sides = [theirs, ours].map(|side| Definitions::read(&side));
        let impacts = [found(&answer.theirs), found(&answer.ours)];
        assert_eq!(merged.errors, answer.problems.iter().cloned().collect(), "case {number}");
        for pair in pairs(&[&merged, &sides[0], &sides[1]]) {
            // A flag with an error has no decision. The merge shows the error.
            let is_invalid = [&merged, &sides[0], &sides[1]].iter().any(|side| side.is_invalid(&pair));
            if is_invalid || merged.has_broken_kill(&pair) {
                continue;
            }
            let text = || format!("case {number} {pair:?} {impacts:#?}");
            let differs = |contexts: &[(Json, Timestamp)], side: usize| {
                let witnesses = impacts[side].get(&pair).into_iter().flat_map(|impact| impact.regions());
                let witnesses = witnesses.filter_map(|region| region.witness.as_ref());
                classes(&sides[side], &merged, &pair, &with_witnesses(contexts, witnesses))
            };
            let expected = [0, 1].iter().all(|side| !differs(&all, *side).is_empty());
            for side in [0, 1] {
                let found = impacts[side].get(&pair);
                assert_eq!(found.is_some(), expected, "{}", text());
                let Some(impact) = found else { continue };
                assert!(matches!(impact.verdict, ImpactVerdict::Known(_)), "{}", text());
                let mut classes = impact.classes();
                assert_eq!(classes.remove(&ImpactClass::Removed), impact.event == FlagEvent::Removed, "{}", text());
                // The evaluator shows which units gain or lose a variant. It does not show that another hash, such as that of
                // a slot, now decides.
                classes.remove(&ImpactClass::Reshuffle);
                // A region has one example, and its other units may be few.
                let is_same = classes == differs(&all, side) || classes == differs(&contexts(300), side);
                assert!(is_same, "{:?} {}", differs(&all, side), text());
                shown += 1;
            }
        }
    }
    assert!(conflicts * 4 < count * 3 && shown * 40 > count, "{conflicts} conflicts, {shown} of {count}");
}

/// Returns all flags in all environments of some definitions.
fn pairs(definitions: &[&Definitions]) -> BTreeSet<Pair> {
    let of = |one: &Definitions| -> Vec<Pair> {
        let environments = one.environments.iter();
        environments.flat_map(|name| one.flags.iter().map(|flag| (flag.clone(), name.clone()))).collect()
    };
    definitions.iter().flat_map(|one| of(one)).collect()
}
