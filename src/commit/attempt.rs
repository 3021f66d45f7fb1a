//! The retries of a commit: an attempt that fails because of another process is repeated, and any other failure is
//! final.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::commit::error::CommitError;
use crate::retry::{Backoff, RetryLimit};

/// The minimum duration of an attempt for the calculation of a pause.
const MIN_ATTEMPT: Duration = Duration::from_millis(1);
/// The maximum number of doublings of the duration of an attempt. The result is the longest pause.
const MAX_DOUBLINGS: u32 = 3;

/// The reason why an attempt failed.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// Another process moved the branch.
    Moved,
    /// Another process holds git's lock at this path.
    Locked(PathBuf),
    /// Another flagctl writes to the repository.
    Occupied,
    /// A retry would not help.
    Failed(CommitError),
}

impl<E: Into<CommitError>> From<E> for AttemptError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Calls `attempt` until it succeeds, until it fails for good, or until the pauses between the attempts add up to
/// `max_wait`.
///
/// The pauses grow with the duration of an attempt: an attempt over a network takes a thousand times as long as an
/// attempt on a disk, and slow attempts should be rare.
///
/// # Errors
/// Returns the error of the last attempt.
pub(super) fn retry<T>(
    branch: &str,
    max_wait: Duration,
    mut attempt: impl FnMut() -> Result<T, AttemptError>,
) -> Result<T, CommitError> {
    let mut backoff = Backoff::new(RetryLimit::Waiting(max_wait), MAX_DOUBLINGS);
    loop {
        let start = Instant::now();
        let error = match attempt() {
            Ok(result) => return Ok(result),
            Err(AttemptError::Failed(error)) => return Err(error),
            Err(error) => error,
        };
        if let Err(exhausted) = backoff.pause(start.elapsed().max(MIN_ATTEMPT)) {
            return Err(match error {
                AttemptError::Failed(error) => error,
                AttemptError::Locked(lock) => CommitError::Locked { lock, waited: max_wait },
                AttemptError::Occupied => CommitError::Occupied(max_wait),
                AttemptError::Moved => {
                    CommitError::Contended { branch: branch.to_owned(), waited: max_wait, attempts: exhausted.attempts }
                }
            });
        }
    }
}
