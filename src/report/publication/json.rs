//! The results of `publish`, `verify` and `pull` as flagctl's own JSON. The texts for people are made from these
//! structures.

use std::path::Path;

use serde::Serialize;

use crate::publish::{
    BundleFormat, BundleRef, Digest, EntryKind, LogEntry, Manifest, PublishOutcome, PullOutcome, Pulled, Verification,
};

/// The result of `flagctl publish`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicationsJson {
    /// The version of this structure.
    pub version: u32,
    /// The target.
    pub target: String,
    /// Whether this was a dry run, which writes nothing.
    pub dry_run: bool,
    /// What was to be published.
    pub scope: PublicationScope,
    /// The environments, in the order in which they were published.
    pub environments: Vec<PublicationJson>,
    /// The maximum number of seconds for which a cache may return the old bundle, or `None` if nothing was published.
    pub cache_seconds: Option<u64>,
    /// The reason why the next environment and all later environments were not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The result of `publish` for one environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicationJson {
    /// The environment's name.
    pub environment: String,
    /// The outcome of the publication.
    pub outcome: OutcomeJson,
    /// The current entry. For a dry run, this is the entry that would become current.
    pub current: LogEntryJson,
    /// The kills of a publication of kills, or of a rollback.
    #[serde(skip_serializing_if = "KillsJson::is_empty")]
    pub kills: KillsJson,
}

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicationScope {
    /// A commit as a whole.
    Whole,
    /// The kills of a commit that cannot be published as a whole.
    Kills,
    /// The definitions of an earlier entry.
    Rollback,
}

/// The kills of an environment in a publication that keeps definitions or goes back to earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KillsJson {
    /// The keys of the flags that the publication turns off.
    pub new: Vec<String>,
    /// The keys of killed flags that are not live, so that their kills do nothing.
    pub ineffective: Vec<String>,
    /// The keys of flags that stay killed until a commit is published as a whole, although they were revived.
    pub waiting: Vec<String>,
}

impl KillsJson {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The outcome of the publication of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeJson {
    /// The bundle was published under a new number.
    Published,
    /// The commit already was current.
    Unchanged,
    /// A newer commit is current.
    Overtaken,
    /// A rollback is current. It stays current until a newer commit is published.
    RolledBack,
}

/// An entry of an environment's log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntryJson {
    /// The number of the entry. Numbers start at one and have no gaps.
    pub sequence: u64,
    /// The name of the target in `flagctl.yaml`, or `None` for a location.
    pub target: Option<String>,
    /// The digest of the manifest, 64 hexadecimal digits.
    pub sha256: Digest,
    /// The reason for publishing: `normal`, `emergency` or `rollback`.
    pub kind: EntryKind,
    /// The full id of the commit whose definitions are in the bundle.
    pub commit: String,
    /// The full id of the newest commit whose kills are in the bundle.
    pub kills: String,
    /// The full ids of older commits whose kills are in the bundle, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// The full id of the newest commit that was ever published.
    pub newest: String,
    /// The time of `kills`, or of `commit` after a rollback.
    pub created: String,
    /// The current bundle.
    pub bundle: BundleJson,
}

/// A published bundle.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleJson {
    /// The digest of its bytes, 64 hexadecimal digits.
    pub sha256: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its path, relative to the environment's folder.
    pub path: String,
    /// Its format: `flagctl` or `flagd`.
    pub format: BundleFormat,
    /// The number of its flags.
    pub flags: usize,
}

/// The result of `flagctl verify`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationsJson {
    /// The version of this structure.
    pub version: u32,
    /// The target.
    pub target: String,
    /// Whether signatures were checked.
    pub signatures_checked: bool,
    /// The environments, in the order in which they were verified.
    pub environments: Vec<VerificationJson>,
}

/// The result of `verify` for one environment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationJson {
    /// The environment's name.
    pub environment: String,
    /// The current entry, or `None` if it is unknown.
    pub current: Option<LogEntryJson>,
    /// The signer of the current manifest, or `None` without a signature, or if signatures were not checked.
    pub signer: Option<String>,
    /// The number of the first entry that was read.
    pub since: u64,
    /// The number of manifests that were read from the log.
    pub manifests: u64,
    /// The number of entries that were begun and never became current.
    pub void: u64,
    /// The number of bundles that were read.
    pub bundles: usize,
    /// All problems. The list is empty if the environment has no problem.
    pub problems: Vec<String>,
}

/// The result of `flagctl pull`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PullJson {
    /// The version of this structure.
    pub version: u32,
    /// The path of the local file, as on the command line.
    pub file: String,
    /// The environment's name.
    pub environment: String,
    /// The outcome of the pull.
    pub outcome: PullOutcomeJson,
    /// The entry whose bundle the file contains, or `None` if the pull was refused.
    pub current: Option<LogEntryJson>,
    /// The signer of the current manifest, or `None` if signatures were not checked, or if the pull was refused.
    pub signer: Option<String>,
    /// The reason for the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The outcome of a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullOutcomeJson {
    /// The file was replaced.
    Replaced,
    /// The file already was current.
    Unchanged,
    /// The file does not change, because the published files failed a check.
    Refused,
}

impl LogEntryJson {
    pub(super) fn new(entry: &LogEntry) -> Self {
        let Manifest { sequence, target, kind, commit, kills, kept, newest, created, bundle, .. } =
            entry.manifest.clone();
        let BundleRef { sha256, size: bytes, path, format, flags } = bundle;
        let bundle = BundleJson { sha256, bytes, path, format, flags };
        Self { sequence, target, sha256: entry.digest.clone(), kind, commit, kills, kept, newest, created, bundle }
    }
}

impl PublicationJson {
    /// Describes the result of `publish` for an environment.
    pub fn new(environment: &str, outcome: &PublishOutcome, kills: KillsJson) -> Self {
        let (outcome, entry) = match outcome {
            PublishOutcome::Published(entry) => (OutcomeJson::Published, entry),
            PublishOutcome::Unchanged(entry) => (OutcomeJson::Unchanged, entry),
            PublishOutcome::Overtaken(entry) => (OutcomeJson::Overtaken, entry),
            PublishOutcome::RolledBack(entry) => (OutcomeJson::RolledBack, entry),
        };
        Self { environment: environment.to_owned(), outcome, current: LogEntryJson::new(entry), kills }
    }
}

impl VerificationJson {
    /// Describes the result of `verify` for an environment.
    pub fn new(environment: &str, verified: Verification) -> Self {
        Self {
            environment: environment.to_owned(),
            current: verified.current.as_ref().map(LogEntryJson::new),
            signer: verified.signer,
            since: verified.since,
            manifests: verified.entries,
            void: verified.void,
            bundles: verified.bundles,
            problems: verified.problems,
        }
    }
}

impl PullJson {
    /// Describes the result of `pull`, or the reason why the file does not change.
    pub fn new(file: &Path, environment: &str, pulled: Result<&Pulled, String>) -> Self {
        let outcome = match pulled.as_ref().map(|pulled| pulled.outcome) {
            Ok(PullOutcome::Replaced) => PullOutcomeJson::Replaced,
            Ok(PullOutcome::Unchanged) => PullOutcomeJson::Unchanged,
            Err(_) => PullOutcomeJson::Refused,
        };
        Self {
            version: 1,
            file: file.display().to_string(),
            environment: environment.to_owned(),
            outcome,
            current: pulled.as_ref().ok().map(|pulled| LogEntryJson::new(&pulled.current)),
            signer: pulled.as_ref().ok().and_then(|pulled| pulled.signer.clone()),
            problem: pulled.err(),
        }
    }
}
