//! Verification: checks that the files of an environment at a target are complete and unchanged since they were
//! published.
//!
//! The log is read from the current entry backwards, along the digests of the manifests. So a store cannot make a
//! reader do more work than there are entries, and nothing is believed that the current manifest does not confirm.

use std::collections::BTreeSet;

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::freshness::MaxAge;
use crate::publish::manifest::{BundleFormat, VoidEntry};
use crate::publish::seal::Seal;
use crate::publish::signature::AllowedSigners;
use crate::publish::state::{PullState, check_target};

/// The optional checks of an environment. Digests and the chain of the log are always checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions<'c> {
    /// One of these signers must have signed the current manifest. The manifest contains the digests of the bundle and
    /// of the previous manifest, so the signature also protects all other files.
    pub signers: Option<&'c AllowedSigners>,
    /// The manifest must have the name of this target.
    pub target: Option<&'c str>,
    /// The current entry must not be older than the entry of this state, and must follow it.
    pub state: Option<&'c PullState>,
    /// The maximum age of the current commit.
    pub max_age: Option<MaxAge>,
    /// The number of the first entry to read. With signers, its manifest must be signed, too.
    pub since: Option<u64>,
}

/// The result of the verification of an environment.
#[derive(Debug, Default)]
pub struct Verification {
    /// The current entry, or `None` if it cannot be read.
    pub current: Option<LogEntry>,
    /// The signer of the current manifest, or `None` if signatures are not checked or the signature is not valid.
    pub signer: Option<String>,
    /// The number of the first entry that was read.
    pub since: u64,
    /// The number of manifests that were read from the log.
    pub entries: u64,
    /// The number of entries that were begun and never became current.
    pub void: u64,
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
    answer(check_target(&current, options.target), &mut found)?;
    if let Some(state) = options.state {
        answer(state.check(channel, &current), &mut found)?;
    }
    found.problems.extend(options.max_age.and_then(|max_age| max_age.problem(&current)));
    verify_log(channel, options, &current, &mut found)?;
    if current.manifest.bundle.format == BundleFormat::Flagd {
        let flags = answer(channel.flags(), &mut found)?.flatten().map(|bytes| Digest::sha256(&bytes));
        if flags.as_ref() != Some(&current.manifest.bundle.sha256) {
            let problem = format!("`{}/flags.json` is not the current bundle", channel.environment());
            found.problems.push(problem);
        }
    }
    found.current = Some(current);
    Ok(found)
}

/// Checks the log from the current entry back to the first one, and the bundle of each entry. The first entry that is
/// missing or changed ends this, because nothing confirms the entries before it.
fn verify_log(
    channel: &Channel<'_>,
    options: &VerifyOptions<'_>,
    current: &LogEntry,
    found: &mut Verification,
) -> Result<(), PublishError> {
    let environment = channel.environment();
    let number = current.manifest.sequence;
    let newest = answer(channel.entry_bytes(number), found)?;
    if newest.is_some_and(|bytes| bytes.as_ref() != Some(&current.bytes)) {
        found.problems.push(format!("`{environment}/manifest.json` is not number {number} of its log"));
    }
    if matches!(answer(channel.seal(number), found)?, Some(None | Some(Seal::Void))) {
        found.problems.push(format!("number {number} of `{environment}` is current, and was never completed"));
    }
    let since = options.since.unwrap_or(1);
    let mut bundles = BTreeSet::new();
    let mut entry = current.clone();
    loop {
        let manifest = &entry.manifest;
        found.entries += 1;
        found.since = manifest.sequence;
        if bundles.insert(manifest.bundle.sha256.clone()) {
            answer(channel.bundle(&manifest.bundle), found)?;
        }
        if manifest.sequence <= since {
            break;
        }
        for void in &manifest.void {
            verify_void(channel, void, found)?;
        }
        match answer(channel.before(&entry), found)? {
            Some(Some(before)) => entry = before,
            Some(None) => break,
            None => {
                found
                    .problems
                    .push(format!("the log of `{environment}` before number {} was not checked", found.since));
                break;
            }
        }
    }
    found.bundles = bundles.len();
    if let (Some(_), Some(signers)) = (options.since, options.signers)
        && entry.manifest.sequence < number
    {
        answer(signers.check(channel, &entry), found)?;
    }
    Ok(())
}

/// Checks that an entry that a manifest names as void is as it was then, and was not completed later.
fn verify_void(channel: &Channel<'_>, void: &VoidEntry, found: &mut Verification) -> Result<(), PublishError> {
    found.void += 1;
    let (environment, sequence) = (channel.environment(), void.sequence);
    if let Some(bytes) = answer(channel.entry_bytes(sequence), found)?
        && bytes.map(|bytes| Digest::sha256(&bytes)).as_ref() != Some(&void.sha256)
    {
        found.problems.push(format!("number {sequence} of `{environment}` is void, and not the file that it was"));
    }
    if answer(channel.seal(sequence), found)?.is_some_and(|seal| seal != Some(Seal::Void)) {
        found.problems.push(format!("number {sequence} of `{environment}` is void, and its seal says otherwise"));
    }
    Ok(())
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
