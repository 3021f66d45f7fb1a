//! Finds the definitions that an exposure names, and compiles the flag.
//!
//! In an environment with a target, a number is that of an entry in its published log, and the flag is compiled with the
//! kills of the entry. Otherwise, the version is the id of a commit. Each flag is compiled once for each version.

use std::collections::BTreeMap;
use std::error::Error;
use std::rc::Rc;

use jiff::Timestamp;

use crate::bundle::Bundle;
use crate::diff;
use crate::diff::{ComparedDefinitions, FlagStatus};
use crate::exposures::error::ExposureError;
use crate::exposures::inputs::Inputs;
use crate::git::{GitError, RevisionSpec, short_id};
use crate::live::{Live, LiveError};
use crate::publish;
use crate::publish::LogEntry;
use crate::source::{FlagRepository, Source, SourceError};
use crate::stage::PublishedLog;

/// The maximum number of pairs of a flag and a version that are compiled.
const MAX_COMPILED: usize = 10_000;
/// The lengths of the ids of commits, in digits.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 7..=64;
/// The maximum number of digits of a number in a log.
const SEQUENCE_DIGITS: usize = 9;

/// The published logs of a repository, which are opened when an exposure first names a number.
pub trait VersionLogs {
    /// Returns whether a target publishes an environment.
    fn publishes(&self, environment: &str) -> bool;

    /// Opens the logs of an environment.
    ///
    /// # Errors
    /// Returns an error if a target cannot be opened.
    fn open(&self, environment: &str) -> Result<Vec<PublishedLog<'_>>, Box<dyn Error + Send + Sync>>;
}

/// The definitions that exposures name.
pub struct Versions<'v> {
    repository: &'v FlagRepository,
    live: &'v Live,
    environments: Vec<String>,
    /// The full id of the commit for exposures without a version.
    tip: String,
    logs: &'v dyn VersionLogs,
    /// The logs that were opened, by environment.
    opened: BTreeMap<String, Vec<ReadLog<'v>>>,
    /// The definition of each flag, by environment, version and flag.
    compiled: BTreeMap<String, BTreeMap<String, BTreeMap<String, Found>>>,
    /// The number of definitions in `compiled`.
    count: usize,
    /// The different definitions of each flag in each environment, with their phases.
    phases: BTreeMap<(String, String), Vec<(u64, Bundle)>>,
    /// The number of phases.
    phase_count: u64,
}

/// A log, of which the newest entries were read. They are verified by the digests in the entries after them.
struct ReadLog<'v> {
    log: PublishedLog<'v>,
    entries: BTreeMap<u64, LogEntry>,
}

/// The definition of a flag in one version.
pub(super) struct Version {
    pub(super) bundle: Bundle,
    /// What the decisions of the flag depend on.
    pub(super) inputs: Inputs,
    /// The time from which the version exists: of its publication or its commit.
    pub(super) since: Timestamp,
    /// The version in words.
    pub(super) name: String,
    /// A number that all definitions have that decide the flag equally, and no others.
    pub(super) phase: u64,
}

/// The definitions that one version means. Several targets may use one number.
pub(super) type Found = Rc<Result<Vec<Version>, NotFound>>;

/// The reason why a version has no definition of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotFound {
    /// The environment is not declared.
    Environment,
    /// The version is not known.
    Version(String),
    /// The version does not define the flag.
    Flag(String),
}

impl<'v> Versions<'v> {
    /// Returns the versions of a repository. An exposure without a version is compared with the names at `tip`, the full
    /// id of a commit.
    pub fn new(
        (repository, live): (&'v FlagRepository, &'v Live),
        tip: String,
        environments: Vec<String>,
        logs: &'v dyn VersionLogs,
    ) -> Self {
        let (opened, compiled, phases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { repository, live, environments, tip, logs, opened, compiled, count: 0, phases, phase_count: 0 }
    }

    /// Returns the definition of a flag for exposures without a version.
    ///
    /// # Errors
    /// Returns an error if a commit exists and cannot be read.
    pub(super) fn find_at_tip(&mut self, environment: &str, flag: &str) -> Result<Found, ExposureError> {
        let tip = self.tip.clone();
        self.find(environment, &tip, flag)
    }

    /// Returns the definitions of a flag in a version.
    ///
    /// # Errors
    /// Returns an error if a log or a commit exists and cannot be read.
    pub(super) fn find(&mut self, environment: &str, version: &str, flag: &str) -> Result<Found, ExposureError> {
        let known = self.compiled.get(environment).and_then(|versions| versions.get(version)?.get(flag));
        if let Some(found) = known {
            return Ok(Rc::clone(found));
        }
        if !self.environments.iter().any(|name| name == environment) {
            return Ok(Rc::new(Err(NotFound::Environment)));
        }
        if self.count >= MAX_COMPILED {
            let message =
                format!("the exposures name more than {MAX_COMPILED} versions of flags, so it is not checked");
            return Ok(Rc::new(Err(NotFound::Version(message))));
        }
        let has_log = self.logs.publishes(environment);
        let is_number = version.len() <= SEQUENCE_DIGITS && version.bytes().all(|byte| byte.is_ascii_digit());
        let mut found = match version.parse() {
            Ok(sequence) if has_log && is_number => self.published(environment, sequence, flag)?,
            _ => self.committed(environment, version, flag)?,
        };
        for version in found.iter_mut().flatten() {
            version.phase = self.phase(environment, flag, &version.bundle);
        }
        let found = Rc::new(found);
        let versions = self.compiled.entry(environment.to_owned()).or_default();
        versions.entry(version.to_owned()).or_default().insert(flag.to_owned(), Rc::clone(&found));
        self.count += 1;
        Ok(found)
    }

    /// Finds the entries with a number in the logs of an environment.
    fn published(
        &mut self,
        environment: &str,
        sequence: u64,
        flag: &str,
    ) -> Result<Result<Vec<Version>, NotFound>, ExposureError> {
        let mut found = Vec::new();
        let mut problem = NotFound::Version(format!("`{sequence}` is not a number of the published log"));
        if !self.opened.contains_key(environment) {
            let logs = self.logs.open(environment).map_err(ExposureError::Target)?;
            let logs = logs.into_iter().map(|log| ReadLog { log, entries: BTreeMap::new() }).collect();
            self.opened.insert(environment.to_owned(), logs);
        }
        for read in self.opened.get_mut(environment).into_iter().flatten() {
            let unreadable = |source| ExposureError::Log { environment: environment.to_owned(), source };
            if !read.reach(sequence).map_err(unreadable)? {
                continue;
            }
            let Some(entry) = read.entries.get(&sequence) else { continue };
            let since = read.log.channel.completed_at(sequence).map_err(unreadable)?;
            let name = format!("entry {sequence}");
            match self.live.published_flag(&entry.manifest, flag) {
                Ok(bundle) => match Version::new(bundle, flag, since, name.clone()) {
                    Some(version) => found.push(version),
                    None => problem = NotFound::Flag(name),
                },
                Err(
                    error @ (LiveError::Invalid { .. }
                    | LiveError::UnknownEnvironment { .. }
                    | LiveError::MissingCommit { .. }),
                ) => {
                    problem = NotFound::Version(error.to_string());
                }
                Err(error @ LiveError::Source(_)) => return Err(error.into()),
            }
        }
        Ok(if found.is_empty() { Err(problem) } else { Ok(found) })
    }

    /// Finds a commit by its id.
    fn committed(
        &self,
        environment: &str,
        version: &str,
        flag: &str,
    ) -> Result<Result<Vec<Version>, NotFound>, ExposureError> {
        // Other texts could be names of branches, which change, or searches, which take long.
        let is_id = ID_DIGITS.contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            let message = "is neither the id of a commit nor a number of a published log";
            return Ok(Err(NotFound::Version(format!("`{version}` {message}"))));
        }
        let revision = match self.repository.revision(&RevisionSpec::new(version)) {
            Ok(revision) => revision,
            Err(SourceError::Git(GitError::Unknown { .. })) => {
                return Ok(Err(NotFound::Version(format!("this clone does not have the commit `{version}`"))));
            }
            Err(error) => return Err(error.into()),
        };
        let since = Timestamp::from_second(revision.seconds().map_err(SourceError::from)?).unwrap_or(Timestamp::MAX);
        let name = format!("commit {}", short_id(&revision.commit()));
        let definitions = ComparedDefinitions::read(&Source::Revision(revision), &[flag.to_owned()], &[environment])?;
        Ok(match definitions.status(flag, environment) {
            FlagStatus::Sound | FlagStatus::Absent => {
                let version = Version::new(definitions.bundle(environment).clone(), flag, since, name.clone());
                version.map(|version| vec![version]).ok_or(NotFound::Flag(name))
            }
            FlagStatus::Invalid(error) => Err(NotFound::Version(format!("{name} has errors: {error}"))),
        })
    }

    /// Returns the phase of a definition: that of the definitions that decide the flag equally, or a new one.
    fn phase(&mut self, environment: &str, flag: &str, bundle: &Bundle) -> u64 {
        let known = self.phases.entry((environment.to_owned(), flag.to_owned())).or_default();
        let equal = known.iter().find(|(_, other)| diff::decides_equally([other, bundle], flag));
        if let Some((phase, _)) = equal {
            return *phase;
        }
        self.phase_count += 1;
        known.push((self.phase_count, bundle.clone()));
        self.phase_count
    }
}

impl Version {
    /// Returns a version of a flag, or `None` if the bundle does not have the flag.
    fn new(bundle: Bundle, flag: &str, since: Timestamp, name: String) -> Option<Self> {
        Some(Self { inputs: Inputs::new(&bundle, flag)?, bundle, since, name, phase: 0 })
    }
}

impl ReadLog<'_> {
    /// Reads the log back to a number, and returns whether an entry has it.
    fn reach(&mut self, sequence: u64) -> Result<bool, publish::PublishError> {
        if self.entries.is_empty() {
            let current = publish::current(&self.log.channel, self.log.signers, self.log.target)?.entry;
            self.entries.insert(current.manifest.sequence, current);
        }
        while let Some((oldest, entry)) = self.entries.first_key_value() {
            if *oldest <= sequence {
                break;
            }
            match self.log.channel.before(entry)? {
                Some(before) => self.entries.insert(before.manifest.sequence, before),
                None => break,
            };
        }
        Ok(self.entries.contains_key(&sequence))
    }
}
