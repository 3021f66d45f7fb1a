//! Random pauses between the attempts of an operation that several processes may repeat at the same time.
//!
//! Commits and publications are optimistic: an attempt uses the newest state, and fails if another process was faster.
//! To avoid another collision, each process sleeps for a random time before its next attempt. The longest possible
//! pause doubles with each failure, up to a bound ("exponential backoff with full jitter").
//!
//! Only pauses count towards [`RetryLimit::Waiting`]: the duration of an attempt, for example with a slow hook, does
//! not count.

use std::thread;
use std::time::Duration;

/// The limit of the retries of an operation.
#[derive(Debug, Clone, Copy)]
pub enum RetryLimit {
    /// The operation fails after this number of retries.
    Retries(u32),
    /// The operation fails at the first failed attempt after pauses of this total duration.
    Waiting(Duration),
}

/// The state of the pauses of one operation.
#[derive(Debug)]
pub struct Backoff {
    limit: RetryLimit,
    max_doublings: u32,
    failures: u32,
    waited: Duration,
}

/// The error of an operation that has reached its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetriesExhausted {
    /// The number of failed attempts.
    pub attempts: u32,
}

impl Backoff {
    /// Creates a backoff before the first attempt. The longest pause doubles `max_doublings` times at most.
    pub fn new(limit: RetryLimit, max_doublings: u32) -> Self {
        Self { limit, max_doublings, failures: 0, waited: Duration::ZERO }
    }

    /// Counts a failed attempt, and sleeps for a random time below `unit`, doubled once for each failure so far.
    ///
    /// # Errors
    /// Returns [`RetriesExhausted`] if the limit is reached. In this case, the function does not sleep.
    pub fn pause(&mut self, unit: Duration) -> Result<(), RetriesExhausted> {
        self.failures += 1;
        let is_exhausted = match self.limit {
            RetryLimit::Retries(retries) => self.failures > retries,
            RetryLimit::Waiting(limit) => self.waited >= limit,
        };
        if is_exhausted {
            return Err(RetriesExhausted { attempts: self.failures });
        }
        let longest = unit * (1 << self.failures.min(self.max_doublings));
        let pause = longest.mul_f64(fastrand::f64());
        thread::sleep(pause);
        self.waited += pause;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, RetriesExhausted, RetryLimit};

    #[test]
    fn the_limit_is_a_number_of_retries_or_the_total_of_the_pauses() {
        let mut backoff = Backoff::new(RetryLimit::Retries(2), 3);
        assert_eq!(backoff.pause(Duration::ZERO), Ok(()));
        assert_eq!(backoff.pause(Duration::ZERO), Ok(()));
        assert_eq!(backoff.pause(Duration::ZERO), Err(RetriesExhausted { attempts: 3 }));
        let mut backoff = Backoff::new(RetryLimit::Waiting(Duration::from_micros(1)), 3);
        let pauses = (0..1000).take_while(|_| backoff.pause(Duration::from_micros(10)).is_ok()).count();
        assert!((1..1000).contains(&pauses), "{pauses}");
    }
}
