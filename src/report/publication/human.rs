//! The results of `publish`, `verify` and `pull` for a terminal.

use std::time::Duration;

use crate::git::short_id;
use crate::publish::EntryKind;
use crate::report::Lines;
use crate::report::publication::{
    KillsJson, LogEntryJson, OutcomeJson, PublicationJson, PublicationScope, PublicationsJson, PullJson,
    PullOutcomeJson, VerificationJson, VerificationsJson,
};
use crate::report::text::{counted, grouped};

/// The default poll interval of flagd and its clients.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Returns lines for each environment, and the time after which readers have the published bundles.
pub fn publications(publications: &PublicationsJson) -> Lines {
    let verb = if publications.dry_run { "would be" } else { "is" };
    let lines = publications.environments.iter().flat_map(|environment| {
        std::iter::once(publication(environment, publications.scope, verb)).chain(kills(environment))
    });
    let delay = publications.cache_seconds.map(delay);
    lines.chain(delay).collect()
}

fn publication(publication: &PublicationJson, scope: PublicationScope, verb: &str) -> String {
    let PublicationJson { environment, outcome, current, .. } = publication;
    let (number, commit) = (current.sequence, short_id(&current.commit));
    match outcome {
        OutcomeJson::Published => {
            let kind = match current.kind {
                EntryKind::Normal => "",
                EntryKind::Emergency => ", an emergency",
                EntryKind::Rollback => ", a rollback",
            };
            let (flags, size) = (counted(current.bundle.flags, "flag"), grouped(current.bundle.bytes));
            let content = content(current);
            format!("{environment}: number {number} {verb} {content}{kind}: {flags}, {size} bytes")
        }
        OutcomeJson::Overtaken => {
            let newest = short_id(&current.kills);
            format!("{environment}: nothing to do: {newest} is newer, and published as number {number}")
        }
        OutcomeJson::RolledBack => format!(
            "{environment}: nothing to do: number {number} is a rollback, until a commit after {} is published",
            short_id(&current.newest)
        ),
        OutcomeJson::Unchanged if scope == PublicationScope::Kills => {
            format!("{environment}: no kill is new: number {number} stays {}", content(current))
        }
        OutcomeJson::Unchanged => format!("{environment}: nothing to do: {commit} is number {number}"),
    }
}

/// Names the commit of an entry, and that of its kills if it is another one.
fn content(entry: &LogEntryJson) -> String {
    let (commit, kills) = (short_id(&entry.commit), short_id(&entry.kills));
    if commit == kills { commit.to_owned() } else { format!("{commit} with the kills of {kills}") }
}

/// Returns a line for each group of kills.
fn kills(publication: &PublicationJson) -> impl Iterator<Item = String> {
    let KillsJson { new, ineffective, waiting } = &publication.kills;
    let groups = [
        (new, "turned off"),
        (waiting, "stays off until a commit is published as a whole, although it was revived"),
        (ineffective, "is not live, so its kill does nothing"),
    ];
    groups.into_iter().flat_map(|(flags, what)| flags.iter().map(move |flag| format!("  {flag}: {what}")))
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
    let (number, commit) = (current.sequence, content(current));
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
    let (number, commit) = (current.sequence, content(current));
    Lines::from_iter([format!("{file} {verb} number {number} of {environment}, {commit}")])
}
