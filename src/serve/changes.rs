//! Finds out what a new bundle changed, after it became current.
//!
//! A bundle never waits for this analysis, because it may have a kill. One thread compares the bundles of one source, one
//! pair at a time. A pair that arrives in the meantime waits, and one more is skipped, which the log says.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::analyze::Budget;
use crate::bundle::Bundle;
use crate::diff::{DiffInput, DiffInputs, Impact, impacts};
use crate::report;
use crate::report::diff::EvalSources;
use crate::report::server::{ChangedFlag, ServerEvent};
use crate::serve::log::Log;
use crate::serve::served_bundle::ServedBundle;

/// The maximum time of a comparison.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The maximum number of flags in the log of one comparison.
const MAX_CHANGES: usize = 100;

/// A bundle that became current, and the bundle before it.
struct Swap {
    /// The name of the environment on this server.
    environment: String,
    before: Arc<ServedBundle>,
    after: Arc<ServedBundle>,
}

/// Compares bundles in a thread of its own.
pub(super) struct ChangeLog {
    swaps: SyncSender<Swap>,
    log: Log,
}

impl ChangeLog {
    /// Starts the thread.
    pub(super) fn start(log: &Log) -> Self {
        let (swaps, received) = sync_channel::<Swap>(1);
        let thread_log = log.clone();
        thread::spawn(move || {
            for swap in received {
                thread_log.write(&swap.compare());
            }
        });
        Self { swaps, log: log.clone() }
    }

    /// Compares two bundles when the thread is free.
    pub(super) fn compare(&self, environment: &str, before: Arc<ServedBundle>, after: Arc<ServedBundle>) {
        let environment = environment.to_owned();
        if self.swaps.try_send(Swap { environment: environment.clone(), before, after }).is_err() {
            let problem = "the comparison of earlier bundles is not finished".to_owned();
            self.log.write(&ServerEvent::ChangesUnknown { environment, problem });
        }
    }
}

impl Swap {
    /// Returns the event with the changes. After [`TIME_LIMIT`], the thread of the comparison is left to itself; the
    /// budget of the analysis bounds its work.
    fn compare(self) -> ServerEvent {
        let environment = self.environment;
        let (before, after) = (self.before, self.after);
        let (sender, receiver) = sync_channel(1);
        thread::spawn(move || {
            let compared = changes(before.bundle().clone(), after.bundle().clone());
            // The receiver is gone after the time limit.
            let _ = sender.send(compared);
        });
        match receiver.recv_timeout(TIME_LIMIT) {
            Ok(Ok(changes)) => ServerEvent::BundleChanges { environment, changes },
            Ok(Err(problem)) => ServerEvent::ChangesUnknown { environment, problem },
            Err(_) => {
                let problem = format!("the comparison needs more than {} s", TIME_LIMIT.as_secs());
                ServerEvent::ChangesUnknown { environment, problem }
            }
        }
    }
}

/// Returns the flags that decide differently.
fn changes(before: Bundle, after: Bundle) -> Result<Vec<ChangedFlag>, String> {
    let environment = after.environment().to_owned();
    let [before, after] = [before, after].map(|bundle| DiffInput::from_bundle(bundle, Path::new("")));
    let inputs = DiffInputs::from_inputs(before, after, &environment);
    let keys: BTreeSet<String> = inputs.keys.iter().take(MAX_CHANGES).cloned().collect();
    let definitions = [&inputs.before.definitions, &inputs.after.definitions];
    let [before, after] = definitions;
    let found =
        impacts(before, after, &keys, &[&environment], &Budget::default()).map_err(|error| error.to_string())?;
    let shown: Vec<&Impact> = found.iter().filter(|impact| impact.matters()).collect();
    let sources = EvalSources { folder: None, before: &inputs.before.endpoint, after: None };
    let flags = report::diff::flag_diffs(&shown, None, definitions, sources);
    let summary = |flag: &report::diff::FlagDiffJson| ChangedFlag {
        flag: flag.flag.clone(),
        summary: report::diff::headlines(flag).join("; "),
    };
    Ok(flags.iter().map(summary).collect())
}
