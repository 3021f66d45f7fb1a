//! The environments of a server, and the bundle that each of them serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::serve::served_bundle::ServedBundle;

/// One environment of a server.
///
/// **Invariant:** a bundle replaces another as a whole. A request takes the current bundle once, and reads no other.
#[derive(Debug)]
pub(super) struct ServedEnvironment {
    name: String,
    current: watch::Sender<Option<Arc<ServedBundle>>>,
}

impl ServedEnvironment {
    /// Returns the name of the environment.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the current bundle, or `None` if none was loaded yet.
    pub(super) fn current(&self) -> Option<Arc<ServedBundle>> {
        self.current.borrow().clone()
    }

    /// Makes a bundle current, and returns the bundle that was current before.
    pub(super) fn swap(&self, bundle: Arc<ServedBundle>) -> Option<Arc<ServedBundle>> {
        self.current.send_replace(Some(bundle))
    }

    /// Returns a receiver that is notified of every new bundle.
    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Arc<ServedBundle>>> {
        self.current.subscribe()
    }
}

/// All environments of a server, by their names. The set never changes while the server runs.
#[derive(Debug)]
pub(super) struct Environments(BTreeMap<String, Arc<ServedEnvironment>>);

impl Environments {
    /// Creates environments without bundles.
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let environment = |name: String| {
            let (current, _) = watch::channel(None);
            (name.clone(), Arc::new(ServedEnvironment { name, current }))
        };
        Self(names.into_iter().map(environment).collect())
    }

    /// Finds an environment by its name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<ServedEnvironment>> {
        self.0.get(name)
    }

    /// Iterates over the environments, in the order of their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<ServedEnvironment>> {
        self.0.values()
    }

    /// Returns the environment if there is exactly one.
    pub(super) fn only(&self) -> Option<&Arc<ServedEnvironment>> {
        let mut all = self.iter();
        all.next().filter(|_| all.next().is_none())
    }

    /// Returns whether every environment has a bundle.
    pub(super) fn are_ready(&self) -> bool {
        self.iter().all(|environment| environment.current.borrow().is_some())
    }
}
