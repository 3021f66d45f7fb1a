//! The proof of a kill: its structure and the sentences of its objections.

use crate::actions::{KillProof, Objection, TurnedOff};
use crate::report::actions::json::{KillProofJson, TurnedOffJson};
use crate::report::diff::region;

impl KillProofJson {
    /// Describes the result of a proof.
    pub fn new(proof: &KillProof) -> Self {
        let turned_off = |turned_off: &TurnedOff| TurnedOffJson {
            flag: turned_off.flag.clone(),
            environment: turned_off.environment.clone(),
            moves: turned_off.regions.iter().map(region).collect(),
        };
        Self {
            version: 1,
            base: proof.base.clone(),
            head: proof.head.clone(),
            flags: proof.flags.iter().cloned().collect(),
            turned_off: proof.turned_off.iter().map(turned_off).collect(),
            objections: proof.objections.iter().map(objection).collect(),
        }
    }
}

fn objection(objection: &Objection) -> String {
    match objection {
        Objection::OtherFile { path } => format!("`{path}` changes, which does not define a flag"),
        Objection::OtherFlag { flag } => format!("`{flag}` changes, which is not one of the flags to turn off"),
        Objection::UnknownFlag { flag } => format!("`{flag}` is not a flag"),
        Objection::InvalidDefinition { problem } => problem.clone(),
        Objection::Undecidable { flag, environment, problem } => format!("`{flag}` in {environment}: {problem}"),
        Objection::Unknown { flag, environment } => {
            format!("`{flag}` in {environment}: which contexts move is unknown: the analysis would take too long")
        }
        Objection::Added { flag, environment } => format!("`{flag}` in {environment}: is added"),
        Objection::Removed { flag, environment } => format!("`{flag}` in {environment}: is removed"),
        Objection::Moves { flag, environment, region: moved } => {
            format!("`{flag}` in {environment}: {}", region(moved))
        }
    }
}
