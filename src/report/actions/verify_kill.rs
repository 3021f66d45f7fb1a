//! The proof of a kill: its structure and the sentences of its objections.

use crate::actions::{EffectProblem, FormProblem, KillProof, MergeProblem, Objection, TurnOffCause, TurnedOff};
use crate::bundle::ListText;
use crate::git::{EntryMode, short_id};
use crate::report::actions::json::{KillProofJson, TurnedOffJson};
use crate::report::diff::region;

impl KillProofJson {
    /// Describes the result of a proof.
    pub fn new(proof: &KillProof) -> Self {
        let turned_off = |turned_off: &TurnedOff| TurnedOffJson {
            flag: turned_off.flag.clone(),
            environment: turned_off.environment.clone(),
            cause: match turned_off.cause {
                TurnOffCause::Kill => "kill",
                TurnOffCause::AlreadyOff => "already-off",
                TurnOffCause::Dependency => "dependency",
            },
            moves: turned_off.regions.iter().map(|moved| region(moved, ListText::Whole)).collect(),
        };
        Self {
            version: 1,
            target: proof.target.clone(),
            head: proof.head.clone(),
            flags: proof.flags.iter().cloned().collect(),
            turned_off: proof.turned_off.iter().map(turned_off).collect(),
            objections: proof.objections.iter().map(objection).collect(),
        }
    }
}

fn objection(objection: &Objection) -> String {
    match objection {
        Objection::Form { commit, path, problem } => form(short_id(commit), path.as_deref(), problem),
        Objection::Merge { path, problem: MergeProblem::Conflict } => {
            format!("git cannot merge `{path}` without a conflict")
        }
        Objection::Merge { path, problem: MergeProblem::Differs } => {
            format!("the merge is more than the target and the files of the kills: `{path}` differs")
        }
        Objection::UnknownFlag { flag } => format!("`{flag}` is not a flag of the target"),
        Objection::InvalidDefinition { problem } => problem.clone(),
        Objection::Effect { flag, environment, problem } => {
            let problem = match problem {
                EffectProblem::Moves(moved) => region(moved, ListText::Shortened),
                EffectProblem::NotReached => "changes, and does not depend on a flag that is killed".to_owned(),
                EffectProblem::NotOff => "does not serve `off` to everyone after the merge".to_owned(),
                EffectProblem::OffChanges => "serves something else than before when it is off".to_owned(),
                EffectProblem::Unknown => "which contexts move is unknown: the analysis would take too long".to_owned(),
                EffectProblem::Undecidable(problem) => problem.clone(),
            };
            format!("`{flag}` in {environment}: {problem}")
        }
        Objection::NothingTurnedOff => "no flag is turned off".to_owned(),
    }
}

/// Describes how a commit is more than a kill.
fn form(commit: &str, path: Option<&str>, problem: &FormProblem) -> String {
    let path = path.map_or(String::new(), |path| format!("`{path}`"));
    match problem {
        FormProblem::OtherFile => format!("{commit} changes {path}, which is not the file of a kill"),
        FormProblem::NotAdded => format!("{commit} changes or removes {path}; a kill only adds files"),
        FormProblem::NotRegular(mode) => {
            let found = match mode {
                EntryMode::File => "a file",
                EntryMode::Executable => "an executable file",
                EntryMode::Link => "a symbolic link",
                EntryMode::Submodule => "a submodule",
            };
            format!("{commit} adds {path}: expected a regular file (mode 100644), found {found}")
        }
        FormProblem::EditedMerge => format!("{commit} is a merge, and its {path} is not what git makes of its parents"),
        FormProblem::Conflict => {
            format!("{commit} is a merge with a conflict in {path}; rebase the kill on the target branch instead")
        }
        FormProblem::ManyParents => format!("{commit} merges more than two parents"),
        FormProblem::Invalid(problem) => format!("{commit} adds {path}, which has an error: {problem}"),
        FormProblem::Admits(share) => {
            format!("{commit} adds {path} with `admit: {share}`; the kill of this lane turns a flag off for everyone")
        }
        FormProblem::UnknownEnvironment(name) => {
            format!("{commit} adds {path}: `{name}` is not an environment of the target")
        }
        FormProblem::UnknownFlag(name) => format!("{commit} adds {path}: `{name}` is not a flag of the target"),
        FormProblem::NeedsReview(name) => {
            format!("{commit} adds {path}: `{name}` has `kills: review` at the target, so its kill needs a review")
        }
        FormProblem::NotRequested => {
            format!("{commit} adds {path}, which is not one of the flags and environments to kill")
        }
    }
}
