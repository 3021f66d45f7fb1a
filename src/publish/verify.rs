//! Verification: checks that the files of an environment at a target are complete and unchanged since they were
//! published.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::manifest::BundleFormat;
use crate::publish::pull::PullState;
use crate::publish::signature::AllowedSigners;

/// The optional checks of an environment. Digests and the chain of the log are always checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions<'c> {
    /// One of these signers must have signed the current manifest. The manifest contains the digests of the bundle and
    /// of the previous manifest, so the signature also protects all other files.
    pub signers: Option<&'c AllowedSigners>,
    /// The current entry must not be older than the entry of this state.
    pub state: Option<&'c PullState>,
    /// The maximum age of the current commit, and the time at which the age is measured.
    pub max_age: Option<(Duration, Timestamp)>,
}

/// The result of the verification of an environment.
#[derive(Debug, Default)]
pub struct Verification {
    /// The current entry, or `None` if it cannot be read.
    pub current: Option<LogEntry>,
    /// The signer of the current manifest, or `None` if signatures are not checked or the signature is not valid.
    pub signer: Option<String>,
    /// The number of manifests that were read from the log.
    pub entries: u64,
    /// The number of different bundles that were read.
    pub bundles: usize,
    /// All problems. The list is empty if the environment has no problem.
    pub problems: Vec<String>,
}

/// Reads and checks all files of an environment.
///
/// # Errors
/// Returns [`PublishError`] if the target cannot be read. Problems with its files are in [`Verification::problems`].
pub fn verify(channel: &Channel<'_>, options: &VerifyOptions<'_>) -> Result<Verification, PublishError> {
    let mut found = Verification::default();
    let current = match answer(channel.current(), &mut found)? {
        Some(Some(current)) => current,
        Some(None) => {
            found.problems.push(PublishError::NothingPublished(channel.environment().to_owned()).to_string());
            return Ok(found);
        }
        None => return Ok(found),
    };
    if let Some(signers) = options.signers {
        found.signer = answer(signers.check(channel, &current), &mut found)?;
    }
    if let Some(state) = options.state {
        answer(state.check(&current), &mut found)?;
    }
    if let Some((max_age, now)) = options.max_age {
        found.problems.extend(too_old(&current, max_age, now));
    }
    verify_log(channel, &current, &mut found)?;
    if current.manifest.bundle.format == BundleFormat::Flagd {
        let flags = channel.flags()?.map(|bytes| Digest::sha256(&bytes));
        if flags.as_ref() != Some(&current.manifest.bundle.sha256) {
            let problem = format!("`{}/flags.json` is not the current bundle", channel.environment());
            found.problems.push(problem);
        }
    }
    found.current = Some(current);
    Ok(found)
}

/// Checks the log from the first entry to the current one, and the bundle of each entry.
fn verify_log(channel: &Channel<'_>, current: &LogEntry, found: &mut Verification) -> Result<(), PublishError> {
    let mut bundles = BTreeSet::new();
    let mut before: Option<Digest> = None;
    for sequence in 1..=current.manifest.sequence {
        let entry = match answer(channel.entry(sequence), found)? {
            Some(Some(entry)) => entry,
            Some(None) => {
                found.problems.push(format!("the log of `{}` has no number {sequence}", channel.environment()));
                before = None;
                continue;
            }
            None => {
                before = None;
                continue;
            }
        };
        found.entries += 1;
        let follows = if sequence == 1 { entry.manifest.previous.is_none() } else { entry.manifest.previous == before };
        // If the previous entry is missing or damaged, its digest is unknown, so the comparison is skipped. The entry
        // itself is reported.
        if !follows && (before.is_some() || sequence == 1) {
            let environment = channel.environment();
            found.problems.push(format!("number {sequence} of `{environment}` does not follow the entry before it"));
        }
        if bundles.insert(entry.manifest.bundle.sha256.clone()) {
            answer(channel.bundle(&entry.manifest.bundle), found)?;
        }
        if sequence == current.manifest.sequence && entry.bytes != current.bytes {
            let environment = channel.environment();
            found.problems.push(format!("`{environment}/manifest.json` is not number {sequence} of its log"));
        }
        before = Some(entry.digest);
    }
    found.bundles = bundles.len();
    Ok(())
}

/// Returns a problem if the current commit is older than `max_age`.
fn too_old(current: &LogEntry, max_age: Duration, now: Timestamp) -> Option<String> {
    let created = &current.manifest.created;
    let Ok(time) = created.parse::<Timestamp>() else {
        return Some(format!("expected a timestamp as the time of the commit, found `{created}`"));
    };
    let age = now.as_second().saturating_sub(time.as_second());
    let old = age > i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    let commit = &current.manifest.commit;
    old.then(|| format!("the current commit is too old: {commit} was made at {created}"))
}

/// Adds an error to the problems if it describes a problem with the published files, and returns any other error.
fn answer<T>(result: Result<T, PublishError>, found: &mut Verification) -> Result<Option<T>, PublishError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_answer() => {
            found.problems.push(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
