//! Wakes the threads that follow sources, so that they look for new bundles at once.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Wakes the threads of all sources.
#[derive(Debug, Clone, Default)]
pub(super) struct Wake(Vec<Waker>);

/// Wakes the thread of one source.
#[derive(Debug, Clone)]
pub struct Waker(SyncSender<()>);

/// The sleep of the thread of one source.
#[derive(Debug)]
pub(super) struct Sleep(Receiver<()>);

impl Waker {
    /// Wakes the thread. Does nothing if it is awake, or about to be.
    pub fn wake(&self) {
        // The channel has one element, so many calls have the effect of one.
        let _ = self.0.try_send(());
    }
}

impl Wake {
    /// Adds a source, and returns the sleep of its thread.
    pub(super) fn add(&mut self) -> (Waker, Sleep) {
        let (sender, receiver) = sync_channel(1);
        let waker = Waker(sender);
        self.0.push(waker.clone());
        (waker, Sleep(receiver))
    }

    /// Wakes the threads of all sources.
    pub(super) fn all(&self) {
        self.0.iter().for_each(Waker::wake);
    }
}

impl Sleep {
    /// Waits for a time, or until the thread is woken. Returns false if no waker exists any more.
    pub(super) fn wait(&self, time: Duration) -> bool {
        self.0.recv_timeout(time) != Err(RecvTimeoutError::Disconnected)
    }
}
