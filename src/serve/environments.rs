//! The environments of a server, and the bundle that each of them serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::serve::served_bundle::ServedBundle;
use crate::serve::source_state::SourceState;

/// One environment of a server.
///
/// **Invariant:** a bundle replaces another as a whole. A request takes the current bundle once, and reads no other.
#[derive(Debug)]
pub(super) struct ServedEnvironment {
    name: String,
    current: watch::Sender<Option<Arc<ServedBundle>>>,
    source: watch::Sender<SourceState>,
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

    /// Returns what is known about the source.
    pub(super) fn source(&self) -> SourceState {
        self.source.borrow().clone()
    }

    /// Changes what is known about the source.
    pub(super) fn update_source(&self, change: impl FnOnce(&mut SourceState)) {
        self.source.send_modify(change);
    }

    /// Returns a receiver that is notified of every new bundle.
    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Arc<ServedBundle>>> {
        self.current.subscribe()
    }
}

/// All environments of a server, by their names. The set never changes while the server runs.
#[derive(Debug)]
pub(super) struct Environments {
    by_name: BTreeMap<String, Arc<ServedEnvironment>>,
    /// The same environments, in the order of the sources.
    in_order: Vec<Arc<ServedEnvironment>>,
}

impl Environments {
    /// Creates environments without bundles.
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let environment = |name: String| {
            let ((current, _), (source, _)) = (watch::channel(None), watch::channel(SourceState::default()));
            Arc::new(ServedEnvironment { name, current, source })
        };
        let in_order: Vec<_> = names.into_iter().map(environment).collect();
        let by_name = in_order.iter().map(|environment| (environment.name.clone(), Arc::clone(environment)));
        Self { by_name: by_name.collect(), in_order }
    }

    /// Finds an environment by its name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<ServedEnvironment>> {
        self.by_name.get(name)
    }

    /// Iterates over the environments, in the order of their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<ServedEnvironment>> {
        self.by_name.values()
    }

    /// Iterates over the environments, in the order of the sources: usually that of promotion.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Arc<ServedEnvironment>> {
        self.in_order.iter()
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
