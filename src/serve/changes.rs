//! Finds out what a new bundle changed, after it became current. The log and the page show the result.
//!
//! A bundle never waits for this analysis, because it may have a kill. One thread compares the bundles of one source, one
//! pair at a time. A pair that arrives in the meantime waits. If a pair for each environment waits, further ones are skipped,
//! which the log says.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use crate::analyze::Budget;
use crate::diff::{DiffInput, DiffInputs, Endpoint, Impact, impacts};
use crate::git::short_id;
use crate::report;
use crate::report::diff::{EvalSources, FlagDiffJson};
use crate::report::page::{BundlePlan, LastPlan};
use crate::report::server::{ChangedFlag, ServerEvent};
use crate::serve::environments::ServedEnvironment;
use crate::serve::log::Log;
use crate::serve::served_bundle::ServedBundle;
use crate::serve::threads;

/// The maximum time of a comparison.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The maximum number of flags in the log of one comparison.
const MAX_CHANGES: usize = 100;

/// A bundle that became current, and the bundle before it.
struct Swap {
    environment: Arc<ServedEnvironment>,
    before: Arc<ServedBundle>,
    after: Arc<ServedBundle>,
}

/// Compares bundles in a thread of its own.
pub(super) struct ChangeLog {
    swaps: SyncSender<Swap>,
    log: Log,
}

impl ChangeLog {
    /// Starts the thread. `waiting` is the number of pairs that can wait for it.
    pub(super) fn start(log: &Log, waiting: usize) -> Self {
        let (swaps, received) = sync_channel::<Swap>(waiting);
        let thread_log = log.clone();
        // Without the thread, every comparison is skipped, which the log says.
        let _ = threads::spawn(move || {
            for swap in received {
                let (environment, after) = (Arc::clone(&swap.environment), Arc::clone(&swap.after));
                let (event, plan) = swap.compare();
                // A newer bundle has a plan of its own.
                if environment.current().is_some_and(|current| Arc::ptr_eq(&current, &after)) {
                    environment.update_source(|source| source.plan = plan);
                }
                thread_log.write(&event);
            }
        });
        Self { swaps, log: log.clone() }
    }

    /// Compares two bundles when the thread is free.
    pub(super) fn compare(
        &self,
        environment: Arc<ServedEnvironment>,
        before: Arc<ServedBundle>,
        after: Arc<ServedBundle>,
    ) {
        let swap = Swap { environment: Arc::clone(&environment), before, after };
        if self.swaps.try_send(swap).is_err() {
            let problem = "the comparison of earlier bundles is not finished".to_owned();
            environment.update_source(|source| source.plan = LastPlan::Unknown(problem.clone()));
            self.log.write(&ServerEvent::ChangesUnknown { environment: environment.name().to_owned(), problem });
        }
    }
}

impl Swap {
    /// Returns the event with the changes, and the plan for the page. After [`TIME_LIMIT`], the thread of the comparison is
    /// left to itself; the budget of the analysis bounds its work.
    fn compare(self) -> (ServerEvent, LastPlan) {
        let environment = self.environment.name().to_owned();
        let (sender, receiver) = sync_channel(1);
        let spawned = threads::spawn(move || {
            // The receiver is gone after the time limit.
            let _ = sender.send(changes(&self.before, &self.after));
        });
        if let Err(error) = spawned {
            let problem = error.to_string();
            return (ServerEvent::ChangesUnknown { environment, problem: problem.clone() }, LastPlan::Unknown(problem));
        }
        let plan = match receiver.recv_timeout(TIME_LIMIT) {
            Ok(plan) => plan,
            Err(_) => Err(format!("the comparison needs more than {} s", TIME_LIMIT.as_secs())),
        };
        match plan {
            Ok(plan) => {
                let changes = plan.flags.iter().map(summary).collect();
                (ServerEvent::BundleChanges { environment, changes }, LastPlan::Known(Arc::new(plan)))
            }
            Err(problem) => {
                (ServerEvent::ChangesUnknown { environment, problem: problem.clone() }, LastPlan::Unknown(problem))
            }
        }
    }
}

/// Returns the flags that decide differently.
fn changes(before: &ServedBundle, after: &ServedBundle) -> Result<BundlePlan, String> {
    let environment = after.bundle().environment().to_owned();
    let names = [before, after].map(name);
    let inputs = [before, after].map(|served| DiffInput::from_bundle(served.bundle().clone(), Path::new("")));
    let [endpoint_before, endpoint_after] = [before, after].map(endpoint);
    let [before, after] = inputs;
    let inputs = DiffInputs::from_inputs(before, after, &environment);
    let keys: BTreeSet<String> = inputs.keys.iter().take(MAX_CHANGES).cloned().collect();
    let definitions = [&inputs.before.definitions, &inputs.after.definitions];
    let [before, after] = definitions;
    let found =
        impacts(before, after, &keys, &[&environment], &Budget::default()).map_err(|error| error.to_string())?;
    let shown: Vec<&Impact> = found.iter().filter(|impact| impact.matters()).collect();
    let sources = EvalSources { folder: None, before: endpoint_before.as_ref(), after: endpoint_after.as_ref() };
    let flags = report::diff::flag_diffs(&shown, None, definitions, sources);
    Ok(BundlePlan { flags, names, left_out: inputs.keys.len() - keys.len() })
}

fn summary(flag: &FlagDiffJson) -> ChangedFlag {
    ChangedFlag { flag: flag.flag.clone(), summary: report::diff::headlines(flag).join("; ") }
}

/// Returns the name of a bundle for people.
fn name(served: &ServedBundle) -> String {
    let origin = served.origin();
    match (origin.sequence, &origin.commit) {
        (Some(number), _) => format!("number {number}"),
        (None, Some(commit)) => short_id(commit).to_owned(),
        (None, None) => format!("files of {}", origin.created.strftime("%Y-%m-%d %H:%M:%S UTC")),
    }
}

/// Returns the revision that has the definitions of a bundle. A published bundle can have the kills of another commit.
fn endpoint(served: &ServedBundle) -> Option<Endpoint> {
    let origin = served.origin();
    let commit = origin.commit.as_ref().filter(|_| origin.sequence.is_none())?;
    Some(Endpoint::Revision(short_id(commit).to_owned()))
}
