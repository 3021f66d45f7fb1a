//! What became of publishing, verifying and pulling.

use std::path::Path;
use std::time::Duration;

use super::{counted, grouped};
use crate::publish::{Entry, Kind, Mode, Outcome, Pulled, Verified};

/// flagd and its clients ask so often, unless they are told otherwise.
const POLL: Duration = Duration::from_secs(5);

/// One environment's outcome.
pub fn publication(environment: &str, outcome: &Outcome, mode: Mode) -> String {
    match outcome {
        Outcome::Published(entry) => {
            let verb = if mode == Mode::Write { "is" } else { "would be" };
            let bundle = &entry.manifest.bundle;
            let kind = match entry.manifest.kind {
                Kind::Normal => "",
                Kind::Emergency => ", an emergency",
                Kind::Rollback => ", a rollback",
            };
            let (number, commit) = (entry.manifest.sequence, short(&entry.manifest.commit));
            let (flags, size) = (counted(bundle.flags, "flag"), grouped(bundle.size));
            format!("{environment}: number {number} {verb} {commit}{kind}: {flags}, {size} bytes\n")
        }
        Outcome::Unchanged(entry) => {
            format!("{environment}: nothing to do: {} is number {}\n", commit(entry), entry.manifest.sequence)
        }
        Outcome::Overtaken(entry) => {
            let number = entry.manifest.sequence;
            format!("{environment}: nothing to do: {} is newer, and published as number {number}\n", commit(entry))
        }
        Outcome::RolledBack(entry) => format!(
            "{environment}: nothing to do: number {} is a rollback, until a commit after {} is published\n",
            entry.manifest.sequence,
            short(&entry.manifest.newest)
        ),
    }
}

/// When readers have what was published.
pub fn arrival(delay: Duration) -> String {
    if delay.is_zero() {
        return "programs that watch the folder have it now\n".to_owned();
    }
    let (delay, poll) = (delay.as_secs(), POLL.as_secs());
    let both = delay + poll;
    format!("clients that ask every {poll} s have it within {both} s, of which caches may take {delay} s\n")
}

/// One environment's state, and everything that is wrong with it.
pub fn verified(environment: &str, verified: &Verified) -> String {
    let mut text = String::new();
    for problem in &verified.problems {
        text += &format!("{environment}: {problem}\n");
    }
    let Some(current) = verified.current.as_ref().filter(|_| verified.problems.is_empty()) else { return text };
    let (number, commit) = (current.manifest.sequence, commit(current));
    let signer = verified.signer.as_ref().map_or(String::new(), |who| format!(", signed by {who}"));
    let bundles = counted(verified.bundles, "bundle");
    format!("{environment}: number {number}, {commit}{signer}: the whole log and {bundles} are as published\n")
}

/// What a local file has.
pub fn pulled(file: &Path, pulled: &Pulled) -> String {
    let (entry, verb) = match pulled {
        Pulled::Replaced(entry) => (entry, "now has"),
        Pulled::Unchanged(entry) => (entry, "has already"),
    };
    let Entry { manifest, .. } = entry;
    let (number, environment, commit) = (manifest.sequence, &manifest.environment, commit(entry));
    format!("{} {verb} number {number} of {environment}, {commit}\n", file.display())
}

fn commit(entry: &Entry) -> &str {
    short(&entry.manifest.commit)
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
