//! A source with a name, for a server with several sources.

use std::error::Error;

use crate::serve::follower::{Follower, Reading};
use crate::serve::wake::Waker;

/// Puts the name of a source before the names of its environments, as in `shop/production`.
pub struct Named {
    name: String,
    follower: Box<dyn Follower>,
}

impl Named {
    /// Gives a source a name.
    pub fn new(name: String, follower: Box<dyn Follower>) -> Self {
        Self { name, follower }
    }

    fn prefixed(&self, environment: &str) -> String {
        format!("{}/{environment}", self.name)
    }
}

impl Follower for Named {
    fn environments(&self) -> Vec<String> {
        self.follower.environments().iter().map(|environment| self.prefixed(environment)).collect()
    }

    fn read(&mut self) -> Vec<(String, Reading)> {
        let readings = self.follower.read();
        readings.into_iter().map(|(environment, reading)| (self.prefixed(&environment), reading)).collect()
    }

    fn watch(&mut self, waker: Waker) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.follower.watch(waker)
    }
}
