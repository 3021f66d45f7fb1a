//! The proof that a range of commits only turns flags off.
//!
//! The proof takes two revisions and the keys of the flags that may be turned off. The changed paths show which flags,
//! kills and segments the range changes. The analysis then compares both revisions in all environments, for all changed
//! flags and for all flags that depend on a change. Every change of a decision to a variant other than `off` becomes an
//! [`Objection`].
//!
//! **Invariant:** an unknown effect is an objection, because the proof must hold for all contexts.

use std::collections::BTreeSet;

use crate::actions::error::ActionError;
use crate::analyze::{Budget, Effect, Region};
use crate::diff;
use crate::diff::{ComparedDefinitions, FlagEvent, Impact, ImpactVerdict};
use crate::git::Revision;
use crate::load;
use crate::model::{FLAGS, KILLS, SEGMENTS};
use crate::snapshot::stem;
use crate::source::Source;

/// The result of the proof for a range of commits.
#[derive(Debug, Clone)]
pub struct KillProof {
    /// The full id of the commit before the range.
    pub base: String,
    /// The full id of the last commit.
    pub head: String,
    /// The keys of the flags that may be turned off.
    pub flags: BTreeSet<String>,
    /// The flags that are turned off.
    pub turned_off: Vec<TurnedOff>,
    /// The other effects of the range. If the list is empty, it is proven that the range is a kill.
    pub objections: Vec<Objection>,
}

impl KillProof {
    /// Returns whether it is proven that the range only turns the flags off.
    pub fn is_proven(&self) -> bool {
        self.objections.is_empty()
    }
}

/// A flag that is turned off in an environment, by a kill or because of a prerequisite.
#[derive(Debug, Clone)]
pub struct TurnedOff {
    /// The key of the flag.
    pub flag: String,
    /// The name of the environment.
    pub environment: String,
    /// The contexts that got another variant before and now get `off`.
    pub regions: Vec<Region>,
}

/// A reason why a range of commits is not a kill.
#[derive(Debug, Clone)]
pub enum Objection {
    /// The range changes a file that does not define a flag, a kill or a segment.
    OtherFile {
        /// The path, from the root of the git repository.
        path: String,
    },
    /// The range changes a flag that may not be turned off.
    OtherFlag {
        /// The key of the flag.
        flag: String,
    },
    /// A flag that may be turned off does not exist at the end of the range.
    UnknownFlag {
        /// The key.
        flag: String,
    },
    /// The definitions at the end of the range have an error.
    InvalidDefinition {
        /// The position and the message of the error.
        problem: String,
    },
    /// A flag has no decision in an environment, because its definition has an error.
    Undecidable {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
        /// The position and the message of the error.
        problem: String,
    },
    /// The analysis of a flag in an environment exceeds its budget.
    Unknown {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
    },
    /// The range adds a flag to an environment.
    Added {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
    },
    /// The range removes a flag from an environment.
    Removed {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
    },
    /// The decision changes to a variant other than `off` for some contexts.
    Moves {
        /// The key of the flag.
        flag: String,
        /// The name of the environment.
        environment: String,
        /// The contexts.
        region: Box<Region>,
    },
}

/// Finds out whether the commits between two revisions only turn flags off.
///
/// `flags` has the keys of the flags that may be turned off. An empty `flags` means the flags whose kills change.
///
/// # Errors
/// Returns an error if a revision cannot be read, or if the analysis and the evaluation disagree.
pub fn verify_kill(base: &Revision, head: &Revision, flags: &[String]) -> Result<KillProof, ActionError> {
    let touched = TouchedFiles::new(&base.all_changed_files(head)?, &head.prefix());
    let flags: BTreeSet<String> =
        if flags.is_empty() { touched.kills.clone() } else { flags.iter().cloned().collect() };
    let mut proof = KillProof {
        base: base.commit(),
        head: head.commit(),
        flags,
        turned_off: Vec::new(),
        objections: touched.other_paths.iter().map(|path| Objection::OtherFile { path: path.clone() }).collect(),
    };
    let other_flags = touched.flags.union(&touched.kills).filter(|flag| !proof.flags.contains(*flag));
    proof.objections.extend(other_flags.map(|flag| Objection::OtherFlag { flag: flag.clone() }));
    compare(base, head, &touched, &mut proof)?;
    Ok(proof)
}

/// The definitions in the changed files.
#[derive(Debug, Default)]
struct TouchedFiles {
    /// Keys of flags.
    flags: BTreeSet<String>,
    /// Keys of flags that are killed or revived.
    kills: BTreeSet<String>,
    /// Names of segments.
    segments: BTreeSet<String>,
    /// Paths of all other files.
    other_paths: Vec<String>,
}

impl TouchedFiles {
    /// Classifies the changed paths. `prefix` is the path of the flag repository in the git repository.
    fn new(paths: &[String], prefix: &str) -> Self {
        let mut touched = Self::default();
        for path in paths {
            let parts: Vec<&str> = path.strip_prefix(prefix).map_or(Vec::new(), |path| path.split('/').collect());
            let names = match parts.as_slice() {
                [KILLS, _, _] => Some(&mut touched.kills),
                [FLAGS, _, ..] => Some(&mut touched.flags),
                [SEGMENTS, _, ..] => Some(&mut touched.segments),
                _ => None,
            };
            if let (Some(names), Some(name)) = (names, stem(path)) {
                names.insert(name.to_owned());
            } else {
                touched.other_paths.push(path.clone());
            }
        }
        touched
    }
}

/// Compares both revisions for the changed flags and for all flags that depend on a change.
fn compare(base: &Revision, head: &Revision, touched: &TouchedFiles, proof: &mut KillProof) -> Result<(), ActionError> {
    let (old, new) = (Source::Revision(base.clone()), Source::Revision(head.clone()));
    let mut keys = proof.flags.clone();
    keys.extend(touched.flags.iter().chain(&touched.kills).cloned());
    let touched_keys: Vec<String> = keys.iter().cloned().collect();
    let segments: Vec<String> = touched.segments.iter().cloned().collect();
    for source in [&old, &new] {
        keys.extend(load::dependants(source, &touched_keys, &segments)?);
    }
    let all_keys: Vec<String> = keys.iter().cloned().collect();
    let (before, after) =
        (ComparedDefinitions::read(&old, &all_keys, None)?, ComparedDefinitions::read(&new, &all_keys, None)?);
    let defined: BTreeSet<&str> = after.loaded.project.flags.iter().map(|flag| flag.key.as_str()).collect();
    let unknown = proof.flags.iter().filter(|key| !defined.contains(key.as_str()));
    proof.objections.extend(unknown.map(|key| Objection::UnknownFlag { flag: key.clone() }));
    let problems = after.errors().into_iter();
    proof.objections.extend(problems.map(|problem| Objection::InvalidDefinition { problem }));
    for impact in diff::impacts(&before, &after, &keys, None, &Budget::default())? {
        judge(impact, proof);
    }
    Ok(())
}

/// Adds the impact on a flag to the flags that are turned off, or to the objections.
fn judge(impact: Impact, proof: &mut KillProof) {
    let Impact { flag, environment, event, verdict, .. } = impact;
    let regions = match verdict {
        ImpactVerdict::Known(regions) => regions,
        ImpactVerdict::Unknown => {
            proof.objections.push(Objection::Unknown { flag, environment });
            return;
        }
        ImpactVerdict::Invalid(_, problem) => {
            proof.objections.push(Objection::Undecidable { flag, environment, problem });
            return;
        }
    };
    let names = || (flag.clone(), environment.clone());
    match event {
        FlagEvent::Added => {
            let (flag, environment) = names();
            proof.objections.push(Objection::Added { flag, environment });
        }
        FlagEvent::Removed => {
            let (flag, environment) = names();
            proof.objections.push(Objection::Removed { flag, environment });
        }
        FlagEvent::Killed | FlagEvent::Revived | FlagEvent::Changed | FlagEvent::Affected => {}
    }
    let (off, others): (Vec<Region>, Vec<Region>) =
        regions.into_iter().partition(|region| region.effects.iter().all(|effect| *effect == Effect::Shrink));
    for region in others {
        let (flag, environment) = names();
        proof.objections.push(Objection::Moves { flag, environment, region: Box::new(region) });
    }
    if !off.is_empty() {
        proof.turned_off.push(TurnedOff { flag, environment, regions: off });
    }
}
