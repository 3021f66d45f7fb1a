//! The results of `publish`, `verify` and `pull` for a terminal.

use std::time::Duration;

use crate::git::short_id;
use crate::publish::EntryKind;
use crate::report::publication::{
    KillsJson, LogEntryJson, OutcomeJson, PublicationJson, PublicationScope, PublicationsJson, PullJson,
    PullOutcomeJson, VerificationJson, VerificationsJson,
};
use crate::report::text::{counted, grouped};
use crate::report::{Lines, Role, StyledText};

/// The default poll interval of flagd and its clients.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Returns lines for each environment, and the time after which readers have the published bundles.
pub fn publications(publications: &PublicationsJson) -> Lines {
    let verb = if publications.dry_run { "would be" } else { "is" };
    let lines = publications.environments.iter().flat_map(|environment| {
        std::iter::once(publication(environment, publications.scope, verb)).chain(kills(environment))
    });
    let delay = publications.cache_seconds.map(|seconds| StyledText::new(Role::Minor, delay(seconds)));
    lines.chain(delay).collect()
}

fn publication(publication: &PublicationJson, scope: PublicationScope, verb: &str) -> StyledText {
    let PublicationJson { environment, outcome, current, .. } = publication;
    let environment = StyledText::new(Role::Name, environment).plain(": ");
    let nothing = |what: &str, why: String| environment.clone().with(Role::Minor, what).plain(why);
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
            let role = if current.kind == EntryKind::Normal { Role::Good } else { Role::Caution };
            let published = environment.clone().with(role, format!("number {number} {verb} {content}{kind}"));
            published.plain(format!(": {flags}, {size} bytes"))
        }
        OutcomeJson::Overtaken => {
            let newest = short_id(&current.kills);
            nothing("nothing to do", format!(": {newest} is newer, and published as number {number}"))
        }
        OutcomeJson::RolledBack => {
            let newest = short_id(&current.newest);
            let why = format!(": number {number} is a rollback, until a commit after {newest} is published");
            nothing("nothing to do", why)
        }
        OutcomeJson::Unchanged if scope == PublicationScope::Kills => {
            nothing("no kill is new", format!(": number {number} stays {}", content(current)))
        }
        OutcomeJson::Unchanged => nothing("nothing to do", format!(": {commit} is number {number}")),
    }
}

/// Names the commit of an entry, and that of its kills if it is another one.
fn content(entry: &LogEntryJson) -> String {
    let (commit, kills) = (short_id(&entry.commit), short_id(&entry.kills));
    if commit == kills { commit.to_owned() } else { format!("{commit} with the kills of {kills}") }
}

/// Returns a line for each group of kills.
fn kills(publication: &PublicationJson) -> impl Iterator<Item = StyledText> {
    let KillsJson { new, ineffective, waiting } = &publication.kills;
    let groups = [
        (new, Role::Bad, "turned off"),
        (waiting, Role::Caution, "stays off until a commit is published as a whole, although it was revived"),
        (ineffective, Role::Minor, "is not live, so its kill does nothing"),
    ];
    groups.into_iter().flat_map(|(flags, role, what)| flags.iter().map(move |flag| kill(flag, role, what)))
}

/// Returns a line about the kill of a flag.
pub(super) fn kill(flag: &str, role: Role, what: &str) -> StyledText {
    StyledText::from(format!("  {flag}: ")).with(role, what)
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

fn verification(verified: &VerificationJson) -> Vec<StyledText> {
    let environment = StyledText::new(Role::Name, &verified.environment).plain(": ");
    let problems = verified.problems.iter().map(|problem| environment.clone().with(Role::Bad, problem)).collect();
    let Some(current) = verified.current.as_ref().filter(|_| verified.problems.is_empty()) else { return problems };
    let (number, commit) = (current.sequence, content(current));
    let signer = verified.signer.as_ref().map_or(String::new(), |signer| format!(", signed by {signer}"));
    let bundles = counted(verified.bundles, "bundle");
    let log = if verified.since == 1 {
        "the whole log".to_owned()
    } else {
        format!("the log since number {}", verified.since)
    };
    let entry = environment.plain(format!("number {number}, {commit}{signer}: {log} and {bundles} "));
    vec![entry.with(Role::Good, "are as published")]
}

/// Returns a line about a file that is current. There is none if the pull was refused.
pub fn pull(PullJson { file, environment, outcome, current, .. }: &PullJson) -> Lines {
    let Some(current) = current else { return Lines::default() };
    let verb = match outcome {
        PullOutcomeJson::Replaced => StyledText::new(Role::Good, "now has"),
        PullOutcomeJson::Unchanged | PullOutcomeJson::Refused => StyledText::new(Role::Minor, "has already"),
    };
    let (number, commit) = (current.sequence, content(current));
    let file = StyledText::new(Role::Name, file).plain(" ").then(&verb);
    Lines::from_iter([file.plain(format!(" number {number} of {environment}, {commit}"))])
}
