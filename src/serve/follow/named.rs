//! A source with a name, for a server with several sources.

use std::error::Error;

use crate::serve::follower::{Follower, HistorySource, Reading};
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
}

fn prefixed(name: &str, environment: &str) -> String {
    format!("{name}/{environment}")
}

impl Follower for Named {
    fn environments(&self) -> Vec<String> {
        self.follower.environments().iter().map(|environment| prefixed(&self.name, environment)).collect()
    }

    fn read(&mut self, apply: &mut dyn FnMut(&str, Reading)) {
        let Self { name, follower } = self;
        follower.read(&mut |environment, reading| apply(&prefixed(name, environment), reading));
    }

    fn history(&self) -> Option<HistorySource> {
        self.follower.history()
    }

    fn watch(&mut self, waker: Waker) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.follower.watch(waker)
    }
}
