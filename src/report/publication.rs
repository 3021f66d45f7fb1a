//! What became of publishing, verifying and pulling.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::publish::{BundleRef, Digest, Entry, Format, Kind, Manifest, Outcome, Pulled, Verified};
use crate::report::text::{counted, grouped};

/// flagd and its clients ask so often, unless they are told otherwise.
const POLL: Duration = Duration::from_secs(5);

/// What became of publishing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicationsJson {
    /// Of this structure.
    pub version: u32,
    /// Where to.
    pub target: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// In the order in which they were published.
    pub environments: Vec<PublicationJson>,
    /// So long may caches keep what was there before; none if nothing was published.
    pub cache_seconds: Option<u64>,
    /// Why the next environment, and all after it, were not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One environment's outcome.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicationJson {
    /// Its name.
    pub environment: String,
    /// What became of it.
    pub outcome: OutcomeJson,
    /// What is current; of a published one, or what would be.
    pub current: EntryJson,
}

/// What publishing did to an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeJson {
    /// It has a new number.
    Published,
    /// It had the commit already.
    Unchanged,
    /// It has a newer commit.
    Overtaken,
    /// It stays with a rollback until a newer commit is published.
    RolledBack,
}

/// What is current in an environment from one number to the next.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryJson {
    /// From one, without gaps.
    pub sequence: u64,
    /// Of the manifest, 64 hexadecimal digits.
    pub sha256: Digest,
    /// `normal`, `emergency` or `rollback`.
    pub kind: Kind,
    /// The full id of the commit that the bundle is from.
    pub commit: String,
    /// The newest commit that was ever published.
    pub newest: String,
    /// When `commit` was made.
    pub created: String,
    /// What is read.
    pub bundle: BundleJson,
}

/// A published bundle.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleJson {
    /// Of its bytes, 64 hexadecimal digits.
    pub sha256: Digest,
    /// How many these are.
    pub bytes: u64,
    /// From the environment's folder.
    pub path: String,
    /// `flagctl` or `flagd`.
    pub format: Format,
    /// How many it defines.
    pub flags: usize,
}

/// What was found of a target.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationsJson {
    /// Of this structure.
    pub version: u32,
    /// Where.
    pub target: String,
    /// Whether it was asked who has signed.
    pub signatures_checked: bool,
    /// In the order in which they were verified.
    pub environments: Vec<VerificationJson>,
}

/// What was found of an environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationJson {
    /// Its name.
    pub environment: String,
    /// None if that cannot be told.
    pub current: Option<EntryJson>,
    /// Who has signed it; none if that was not asked, or nobody has.
    pub signer: Option<String>,
    /// How many manifests of the log were read.
    pub manifests: u64,
    /// How many bundles.
    pub bundles: usize,
    /// What is wrong; nothing, if all is well.
    pub problems: Vec<String>,
}

/// What became of a local file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PullJson {
    /// Of this structure.
    pub version: u32,
    /// Its path, as it was given.
    pub file: String,
    /// The environment.
    pub environment: String,
    /// What became of it.
    pub outcome: PulledJson,
    /// What it has now; none if that was refused.
    pub current: Option<EntryJson>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What pulling did to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PulledJson {
    /// It has another content.
    Replaced,
    /// It had what is current.
    Unchanged,
    /// It stays as it is.
    Refused,
}

impl EntryJson {
    fn new(entry: &Entry) -> Self {
        let Manifest { sequence, kind, commit, newest, created, bundle, .. } = entry.manifest.clone();
        let BundleRef { sha256, size: bytes, path, format, flags } = bundle;
        let bundle = BundleJson { sha256, bytes, path, format, flags };
        Self { sequence, sha256: entry.digest.clone(), kind, commit, newest, created, bundle }
    }
}

impl PublicationJson {
    /// What became of an environment.
    pub fn new(environment: &str, outcome: &Outcome) -> Self {
        let (outcome, entry) = match outcome {
            Outcome::Published(entry) => (OutcomeJson::Published, entry),
            Outcome::Unchanged(entry) => (OutcomeJson::Unchanged, entry),
            Outcome::Overtaken(entry) => (OutcomeJson::Overtaken, entry),
            Outcome::RolledBack(entry) => (OutcomeJson::RolledBack, entry),
        };
        Self { environment: environment.to_owned(), outcome, current: EntryJson::new(entry) }
    }
}

impl VerificationJson {
    /// What was found of an environment.
    pub fn new(environment: &str, verified: Verified) -> Self {
        Self {
            environment: environment.to_owned(),
            current: verified.current.as_ref().map(EntryJson::new),
            signer: verified.signer,
            manifests: verified.entries,
            bundles: verified.bundles,
            problems: verified.problems,
        }
    }
}

impl PullJson {
    /// What became of a file; or why it stays as it is.
    pub fn new(file: &Path, environment: &str, pulled: Result<&Pulled, String>) -> Self {
        let (outcome, entry) = match &pulled {
            Ok(Pulled::Replaced(entry)) => (PulledJson::Replaced, Some(entry)),
            Ok(Pulled::Unchanged(entry)) => (PulledJson::Unchanged, Some(entry)),
            Err(_) => (PulledJson::Refused, None),
        };
        Self {
            version: 1,
            file: file.display().to_string(),
            environment: environment.to_owned(),
            outcome,
            current: entry.map(EntryJson::new),
            problem: pulled.err(),
        }
    }
}

/// A line for each environment, and when readers have what was published.
pub fn publications(publications: &PublicationsJson) -> String {
    let each = publications.environments.iter().map(|one| publication(one, publications.dry_run));
    let arrival = publications.cache_seconds.map(arrival);
    each.chain(arrival).collect()
}

fn publication(PublicationJson { environment, outcome, current }: &PublicationJson, dry_run: bool) -> String {
    let (number, commit) = (current.sequence, short(&current.commit));
    match outcome {
        OutcomeJson::Published => {
            let verb = if dry_run { "would be" } else { "is" };
            let kind = match current.kind {
                Kind::Normal => "",
                Kind::Emergency => ", an emergency",
                Kind::Rollback => ", a rollback",
            };
            let (flags, size) = (counted(current.bundle.flags, "flag"), grouped(current.bundle.bytes));
            format!("{environment}: number {number} {verb} {commit}{kind}: {flags}, {size} bytes\n")
        }
        OutcomeJson::Overtaken => {
            format!("{environment}: nothing to do: {commit} is newer, and published as number {number}\n")
        }
        OutcomeJson::RolledBack => format!(
            "{environment}: nothing to do: number {number} is a rollback, until a commit after {} is published\n",
            short(&current.newest)
        ),
        OutcomeJson::Unchanged => format!("{environment}: nothing to do: {commit} is number {number}\n"),
    }
}

fn arrival(cache: u64) -> String {
    if cache == 0 {
        return "programs that watch the folder have it now\n".to_owned();
    }
    let poll = POLL.as_secs();
    let both = cache + poll;
    format!("clients that ask every {poll} s have it within {both} s, of which caches may take {cache} s\n")
}

/// Each environment's state, and everything that is wrong with it.
pub fn verifications(verifications: &VerificationsJson) -> String {
    verifications.environments.iter().map(verification).collect()
}

fn verification(verified: &VerificationJson) -> String {
    let environment = &verified.environment;
    let mut text = String::new();
    for problem in &verified.problems {
        text += &format!("{environment}: {problem}\n");
    }
    let Some(current) = verified.current.as_ref().filter(|_| verified.problems.is_empty()) else { return text };
    let (number, commit) = (current.sequence, short(&current.commit));
    let signer = verified.signer.as_ref().map_or(String::new(), |who| format!(", signed by {who}"));
    let bundles = counted(verified.bundles, "bundle");
    format!("{environment}: number {number}, {commit}{signer}: the whole log and {bundles} are as published\n")
}

/// What a local file has; nothing of one that stays as it is.
pub fn pull(PullJson { file, environment, outcome, current, .. }: &PullJson) -> String {
    let Some(current) = current else { return String::new() };
    let verb = if *outcome == PulledJson::Replaced { "now has" } else { "has already" };
    format!("{file} {verb} number {} of {environment}, {}\n", current.sequence, short(&current.commit))
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
