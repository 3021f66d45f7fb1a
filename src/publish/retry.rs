//! Waiting for others who publish, and when to stop.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

use crate::publish::PublishError;

const FIRST: Duration = Duration::from_millis(20);
/// The longest wait is the first, doubled so often.
const DOUBLINGS: u32 = 6;
/// As many lost races as a deployment has jobs at most, and then some.
const TRIES: u32 = 100;

/// How often others were faster.
pub(super) struct Race {
    lost: u32,
}

impl Race {
    pub(super) fn new() -> Self {
        Self { lost: 0 }
    }

    /// Sleeps for a random while, longer each time.
    pub(super) fn lost(&mut self, environment: &str) -> Result<(), PublishError> {
        self.lost += 1;
        if self.lost > TRIES {
            return Err(PublishError::Contended { environment: environment.to_owned(), tries: TRIES });
        }
        // Those who collide must not collide again: the hasher's keys are the randomness at hand.
        let random = RandomState::new().hash_one(self.lost);
        let longest = FIRST * (1 << self.lost.min(DOUBLINGS));
        thread::sleep(longest.mul_f64(random as f64 / u64::MAX as f64));
        Ok(())
    }
}
