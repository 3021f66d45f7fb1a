//! Waiting for others, and when to stop.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::CommitError;

/// Why an attempt came to nothing.
#[derive(Debug)]
pub(super) enum Setback {
    /// The branch is no longer where it was.
    Moved,
    /// That file is in the way.
    Locked(PathBuf),
    /// Another flagctl is in the same repository.
    Occupied,
    /// Trying again would not help.
    Failed(CommitError),
}

impl<E: Into<CommitError>> From<E> for Setback {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// How much waiting is left. Only waiting counts: a slow hook takes nothing from it.
pub(super) struct Patience {
    limit: Duration,
    waited: Duration,
    tries: u32,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, waited: Duration::ZERO, tries: 0 }
    }

    /// Sleeps for a random while, longer each time; an error once the limit is reached.
    pub(super) fn wait(&mut self, branch: &str, setback: Setback) -> Result<(), CommitError> {
        self.tries += 1;
        if self.waited >= self.limit {
            let waited = self.limit;
            return Err(match setback {
                Setback::Failed(error) => error,
                Setback::Locked(lock) => CommitError::Locked { lock, waited },
                Setback::Occupied => CommitError::Occupied(waited),
                Setback::Moved => CommitError::Contended { branch: branch.to_owned(), waited, tries: self.tries },
            });
        }
        // Those who collide must not collide again: the hasher's keys are the randomness at hand.
        let random = RandomState::new().hash_one(self.tries);
        let longest = 1u64 << self.tries.min(7);
        let sleep = Duration::from_micros(500 + random % (longest * 1000));
        thread::sleep(sleep);
        self.waited += sleep;
        Ok(())
    }
}
