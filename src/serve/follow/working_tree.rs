//! The files of a flag repository in a working tree, as they are on disk.

use std::error::Error;
use std::path::Path;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::git::RevisionSpec;
use crate::serve::clock::Clock;
use crate::serve::follow::definitions::compile_all;
use crate::serve::follower::{Follower, HistorySource, Reading};
use crate::serve::wake::Waker;
use crate::source::{Folder, Source};

/// Follows the files in a folder. It is for development: what is not committed is served, too.
pub struct WorkingTree {
    folder: Folder,
    environments: Vec<String>,
    clock: Clock,
    watcher: Option<RecommendedWatcher>,
}

impl WorkingTree {
    /// Creates a follower of the flag repository in a folder.
    pub fn new(folder: Folder, environments: Vec<String>, clock: Clock) -> Self {
        Self { folder, environments, clock, watcher: None }
    }
}

impl Follower for WorkingTree {
    fn environments(&self) -> Vec<String> {
        self.environments.clone()
    }

    fn history(&self) -> Option<HistorySource> {
        Some(HistorySource { folder: self.folder.root().to_owned(), newest: RevisionSpec::new("HEAD") })
    }

    fn read(&mut self, apply: &mut dyn FnMut(&str, Reading)) {
        let readings = compile_all(&Source::Folder(self.folder.clone()), &self.environments, (self.clock)());
        self.environments.iter().zip(readings).for_each(|(environment, reading)| apply(environment, reading));
    }

    fn watch(&mut self, waker: Waker) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error means that events were lost, so the files are read in that case, too.
            if event.map_or(true, |event| is_relevant(&event)) {
                waker.wake();
            }
        })?;
        watcher.watch(self.folder.root(), RecursiveMode::Recursive)?;
        self.watcher = Some(watcher);
        Ok(())
    }
}

/// Returns whether an event may be about a definition. Reading files is an event, too.
fn is_relevant(event: &Event) -> bool {
    let is_in_git = |path: &Path| path.components().any(|part| part.as_os_str() == ".git");
    !matches!(event.kind, EventKind::Access(_)) && !event.paths.iter().all(|path| is_in_git(path))
}
