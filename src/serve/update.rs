//! Makes the bundles of followers current. Each follower has a thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::report::page::LastPlan;
use crate::report::server::ServerEvent;
use crate::serve::application::Application;
use crate::serve::changes::ChangeLog;
use crate::serve::follower::{Follower, Freshness, NewBundle, Reading};
use crate::serve::log::Log;
use crate::serve::served_bundle::{Override, ServedBundle, tag};
use crate::serve::source_state::SourceState;
use crate::serve::wake::Sleep;

/// The time between a notification and the reading, in which a program can replace several files. It also bounds how often a
/// client can make the server read.
const SETTLE: Duration = Duration::from_millis(100);

/// The thread that follows one source.
pub(super) struct Updater {
    application: Arc<Application>,
    overrides: Arc<[Override]>,
    log: Log,
    changes: ChangeLog,
    /// The problem of each environment at the last reading. A problem is logged when it begins, changes and ends.
    problems: BTreeMap<String, String>,
}

impl Updater {
    /// Creates the updater of one source.
    pub(super) fn new(application: Arc<Application>, overrides: Arc<[Override]>, log: &Log) -> Self {
        let changes = ChangeLog::start(log, application.environments.iter().count());
        Self { application, overrides, log: log.clone(), changes, problems: BTreeMap::new() }
    }

    /// Reads the source whenever the thread is woken, and at least once in each interval.
    pub(super) fn run(mut self, mut follower: Box<dyn Follower>, sleep: &Sleep, interval: Duration) {
        loop {
            self.read(follower.as_mut());
            if !sleep.wait(interval) {
                return;
            }
            thread::sleep(SETTLE);
        }
    }

    /// Reads the source once, and makes what is new current.
    pub(super) fn read(&mut self, follower: &mut dyn Follower) {
        follower.read(&mut |environment, reading| self.apply(environment, reading));
    }

    fn apply(&mut self, environment: &str, reading: Reading) {
        let problem = match reading {
            Reading::Unchanged => None,
            Reading::New(new) if new.freshness == Freshness::Cached => {
                // Whether the source can be read is not known yet.
                self.swap(environment, *new);
                return;
            }
            Reading::New(new) => self.swap(environment, *new),
            Reading::Failed(problem) => Some(problem.to_string()),
        };
        match problem {
            None => {
                let now = (self.application.clock)();
                self.application.metrics.checked(environment, now);
                self.update_source(environment, |source| (source.checked, source.problem) = (Some(now), None));
                if self.problems.remove(environment).is_some() {
                    self.log.write(&ServerEvent::SourceRecovered { environment: environment.to_owned() });
                }
            }
            Some(problem) => {
                self.application.metrics.failed(environment);
                self.update_source(environment, |source| source.problem = Some(problem.clone()));
                if self.problems.get(environment) != Some(&problem) {
                    let event =
                        ServerEvent::SourceFailed { environment: environment.to_owned(), problem: problem.clone() };
                    self.log.write(&event);
                    self.problems.insert(environment.to_owned(), problem);
                }
            }
        }
    }

    fn update_source(&self, environment: &str, change: impl FnOnce(&mut SourceState)) {
        if let Some(served) = self.application.environments.find(environment) {
            served.update_source(change);
        }
    }

    /// Makes a bundle current. Returns the problem if it cannot be served.
    fn swap(&mut self, environment: &str, new: NewBundle) -> Option<String> {
        let served = self.application.environments.find(environment)?;
        let current = served.current();
        if current.as_ref().is_some_and(|current| is_older(&new, current)) {
            return None;
        }
        // Owners and descriptions can change although the bundle does not.
        served.update_source(|source| source.definitions = new.definitions);
        // A source is often read although nothing has changed, and preparing a bundle is much more work than its tag.
        let tag = match tag(&new.bundle, &new.origin, &self.overrides) {
            Ok(tag) => tag,
            Err(error) => return Some(error.to_string()),
        };
        if current.is_some_and(|current| current.tag() == tag) {
            return None;
        }
        let metrics = &self.application.metrics;
        let bundle = ServedBundle::new(environment, new.bundle, new.origin, &self.overrides, metrics, tag);
        let bundle = Arc::new(bundle);
        let before = served.swap(Arc::clone(&bundle));
        let now = (self.application.clock)();
        let plan = if before.is_some() { LastPlan::Pending } else { LastPlan::First };
        served.update_source(|source| (source.since, source.plan) = (Some(now), plan));
        let origin = bundle.origin();
        self.application.metrics.swapped(environment, origin.created, origin.sequence);
        if new.freshness == Freshness::Cached {
            self.log.write(&ServerEvent::CacheUsed { environment: environment.to_owned() });
        }
        self.log.write(&ServerEvent::BundleCurrent {
            environment: environment.to_owned(),
            commit: origin.commit.clone(),
            sequence: origin.sequence,
            flags: bundle.bundle().flags().len(),
        });
        for unknown in bundle.unknown_overrides(&self.overrides) {
            self.log.write(&ServerEvent::OverrideIgnored {
                environment: environment.to_owned(),
                flag: unknown.flag.clone(),
                variant: unknown.variant.clone(),
            });
        }
        if let Some(before) = before {
            self.changes.compare(Arc::clone(served), before, bundle);
        }
        None
    }
}

/// Returns whether a bundle from the cache is older than the current one.
fn is_older(new: &NewBundle, current: &ServedBundle) -> bool {
    new.freshness == Freshness::Cached && new.origin.sequence <= current.origin().sequence
}
