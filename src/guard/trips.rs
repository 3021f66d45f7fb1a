//! The trips of a guard, counted in the first-parent history of a branch.
//!
//! A trip is a commit that adds a guard's kill file, that removes `admit` from it, or that steps the rollout back. The count
//! begins after the last commit by a person that revived the flag, killed it or changed its file.

use crate::git::{CloneDepth, GitError, Revision};
use crate::guard::error::GuardError;
use crate::guard::kill_record::kill_state;
use crate::guard::state::KillState;
use crate::model::{FLAGS, flag_file_name, kill_path};

/// The trailer with the digest of a guard's decision.
pub const DECISION_TRAILER: &str = "Guard-Decision";
/// The trailer with the state after a guard's decision.
pub const STATE_TRAILER: &str = "Guard-State";
/// The reason of a step of `flagctl rollout advance`, which is not by a person.
pub const ADVANCE_REASON: &str = "policy and soak allow the next step";
/// The value of [`STATE_TRAILER`] of a step back.
const STEPPED_BACK: &str = "stepped-back";

/// The files of a flag at a commit.
#[derive(PartialEq, Eq)]
struct Blobs {
    flag: Option<String>,
    kill: Option<String>,
}

/// Counts the trips of a flag in an environment until a commit. Stops at `limit`, because more make no difference.
///
/// # Errors
/// Returns [`GuardError`] if a commit cannot be read, or if the clone ends before the count does.
pub(super) fn trips(tip: &Revision, flag: &str, environment: &str, limit: u32) -> Result<u32, GuardError> {
    let path = flag_file_name(flag).map(|name| tip.search(FLAGS, &name)).transpose()?.flatten();
    let blobs = |revision: &Revision| -> Result<Blobs, GitError> {
        Ok(Blobs {
            flag: path.as_deref().map(|path| revision.blob_id(path)).transpose()?.flatten(),
            kill: revision.blob_id(&kill_path(flag, environment))?,
        })
    };
    let mut revision = tip.clone();
    let mut after = blobs(&revision)?;
    let mut count = 0;
    while count < limit {
        let Some(parent) = revision.parent()? else {
            return match revision.depth()? {
                CloneDepth::Shallow => Err(GuardError::EndOfClone(flag.to_owned())),
                _ => Ok(count),
            };
        };
        if revision.has_same_files(&parent) {
            revision = parent;
            continue;
        }
        let before = blobs(&parent)?;
        if before != after {
            match change(&parent, &revision, (&before, &after), (flag, environment))? {
                Change::Trip => count += 1,
                Change::ByProgram => {}
                Change::ByPerson => return Ok(count),
            }
        }
        (revision, after) = (parent, before);
    }
    Ok(count)
}

/// What a commit did to the files of a flag.
enum Change {
    Trip,
    ByProgram,
    ByPerson,
}

fn change(
    before: &Revision,
    after: &Revision,
    (old, new): (&Blobs, &Blobs),
    (flag, environment): (&str, &str),
) -> Result<Change, GuardError> {
    let details = after.details()?;
    let has = |name: &str| details.trailers(name).next().is_some();
    let is_program = has(DECISION_TRAILER) || details.trailers("Reason").any(|reason| reason == ADVANCE_REASON);
    if old.flag != new.flag && !is_program {
        return Ok(Change::ByPerson);
    }
    if old.kill == new.kill {
        let is_step_back = has(DECISION_TRAILER) && details.trailers(STATE_TRAILER).any(|state| state == STEPPED_BACK);
        return Ok(if is_step_back { Change::Trip } else { Change::ByProgram });
    }
    // The files count and not the trailers, because a squash merge of a proposal loses them.
    Ok(match (kill_state(before, flag, environment)?, kill_state(after, flag, environment)?) {
        (KillState::None, KillState::ByGuard { admit: None, .. })
        | (KillState::ByGuard { admit: Some(_), .. }, KillState::ByGuard { admit: None, .. }) => Change::Trip,
        (KillState::ByGuard { .. }, KillState::ByGuard { .. }) => Change::ByProgram,
        (KillState::ByGuard { .. }, KillState::None) if is_program => Change::ByProgram,
        _ => Change::ByPerson,
    })
}
