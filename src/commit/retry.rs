//! Waiting for others, and when to stop.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::commit::CommitError;

/// An attempt is taken to last at least so long.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest sleep is an attempt's duration, doubled so often.
const DOUBLINGS: u32 = 3;

/// Why an attempt came to nothing.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// The branch is no longer where it was.
    Moved,
    /// That file is in the way.
    Locked(PathBuf),
    /// Another flagctl is in the same repository.
    Occupied,
    /// Trying again would not help.
    Failed(CommitError),
}

impl<E: Into<CommitError>> From<E> for AttemptError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// How much waiting is left. Only waiting counts: a slow hook takes nothing from it.
pub(super) struct Patience {
    limit: Duration,
    waited: Duration,
    tries: u32,
    /// When the attempt under way began.
    began: Instant,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, waited: Duration::ZERO, tries: 0, began: Instant::now() }
    }

    /// Sleeps for a random while, longer each time; an error once the limit is reached.
    pub(super) fn wait(&mut self, branch: &str, setback: AttemptError) -> Result<(), CommitError> {
        self.tries += 1;
        if self.waited >= self.limit {
            let waited = self.limit;
            return Err(match setback {
                AttemptError::Failed(error) => error,
                AttemptError::Locked(lock) => CommitError::Locked { lock, waited },
                AttemptError::Occupied => CommitError::Occupied(waited),
                AttemptError::Moved => CommitError::Contended { branch: branch.to_owned(), waited, tries: self.tries },
            });
        }
        // Those who collide must not collide again: the hasher's keys are the randomness at hand. Over a network an
        // attempt takes a thousand times as long as on a disk, and the more it takes the rarer it should be.
        let random = RandomState::new().hash_one(self.tries);
        let longest = self.began.elapsed().max(SHORTEST) * (1 << self.tries.min(DOUBLINGS));
        let sleep = longest.mul_f64(random as f64 / u64::MAX as f64);
        thread::sleep(sleep);
        self.waited += sleep;
        self.began = Instant::now();
        Ok(())
    }
}
