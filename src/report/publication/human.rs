//! The results of `publish`, `verify` and `pull` for a terminal.

use std::time::Duration;

use crate::git::short_id;
use crate::publish::EntryKind;
use crate::report::Lines;
use crate::report::publication::{
    OutcomeJson, PublicationJson, PublicationsJson, PullJson, PullOutcomeJson, VerificationJson, VerificationsJson,
};
use crate::report::text::{counted, grouped};

/// The default poll interval of flagd and its clients.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Returns a line for each environment, and the time after which readers have the published bundles.
pub fn publications(publications: &PublicationsJson) -> Lines {
    let verb = if publications.dry_run { "would be" } else { "is" };
    let lines = publications.environments.iter().map(|environment| publication(environment, verb));
    let delay = publications.cache_seconds.map(delay);
    lines.chain(delay).collect()
}

fn publication(PublicationJson { environment, outcome, current }: &PublicationJson, verb: &str) -> String {
    let (number, commit) = (current.sequence, short_id(&current.commit));
    match outcome {
        OutcomeJson::Published => {
            let kind = match current.kind {
                EntryKind::Normal => "",
                EntryKind::Emergency => ", an emergency",
                EntryKind::Rollback => ", a rollback",
            };
            let (flags, size) = (counted(current.bundle.flags, "flag"), grouped(current.bundle.bytes));
            format!("{environment}: number {number} {verb} {commit}{kind}: {flags}, {size} bytes")
        }
        OutcomeJson::Overtaken => {
            format!("{environment}: nothing to do: {commit} is newer, and published as number {number}")
        }
        OutcomeJson::RolledBack => format!(
            "{environment}: nothing to do: number {number} is a rollback, until a commit after {} is published",
            short_id(&current.newest)
        ),
        OutcomeJson::Unchanged => format!("{environment}: nothing to do: {commit} is number {number}"),
    }
}

fn delay(cache: u64) -> String {
    if cache == 0 {
        return "programs that watch the folder have it now".to_owned();
    }
    let poll = POLL_INTERVAL.as_secs();
    let longest = cache.saturating_add(poll);
    format!("clients that poll every {poll} s have it within {longest} s, of which caches may take {cache} s")
}

/// Returns a line for each environment without problems, and a line for each problem of the other environments.
pub fn verifications(verifications: &VerificationsJson) -> Lines {
    verifications.environments.iter().flat_map(verification).collect()
}

fn verification(verified: &VerificationJson) -> Vec<String> {
    let environment = &verified.environment;
    let problems = verified.problems.iter().map(|problem| format!("{environment}: {problem}")).collect();
    let Some(current) = verified.current.as_ref().filter(|_| verified.problems.is_empty()) else { return problems };
    let (number, commit) = (current.sequence, short_id(&current.commit));
    let signer = verified.signer.as_ref().map_or(String::new(), |signer| format!(", signed by {signer}"));
    let bundles = counted(verified.bundles, "bundle");
    let log = if verified.since == 1 {
        "the whole log".to_owned()
    } else {
        format!("the log since number {}", verified.since)
    };
    vec![format!("{environment}: number {number}, {commit}{signer}: {log} and {bundles} are as published")]
}

/// Returns a line about a file that is current. There is none if the pull was refused.
pub fn pull(PullJson { file, environment, outcome, current, .. }: &PullJson) -> Lines {
    let Some(current) = current else { return Lines::default() };
    let verb = if *outcome == PullOutcomeJson::Replaced { "now has" } else { "has already" };
    let (number, commit) = (current.sequence, short_id(&current.commit));
    Lines::from_iter([format!("{file} {verb} number {number} of {environment}, {commit}")])
}
