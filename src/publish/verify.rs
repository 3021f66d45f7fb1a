//! Whether a target is what its publishers made of it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::publish::pull::{State, in_order};
use crate::publish::{AllowedSigners, Channel, Digest, Entry, Format, PublishError};

/// What is asked of an environment beyond that it agrees with itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checks<'c> {
    /// The current manifest must be signed by one of them. The rest is bound to it by digests.
    pub signers: Option<&'c AllowedSigners>,
    /// What is current must not be older than this.
    pub state: Option<&'c State>,
    /// So old may the commit be that is current, at that moment.
    pub max_age: Option<(Duration, Timestamp)>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// What is current.
    pub current: Option<Entry>,
    /// Who has signed it, if that was asked.
    pub signer: Option<String>,
    /// How many manifests of the log were read.
    pub entries: u64,
    /// How many bundles.
    pub bundles: usize,
    /// What is wrong; nothing, if all is well.
    pub problems: Vec<String>,
}

/// Reads everything that an environment has.
///
/// # Errors
/// [`PublishError`] if it cannot be read; what is wrong with it is among [`Verified::problems`].
pub fn verify(channel: &Channel<'_>, checks: &Checks<'_>) -> Result<Verified, PublishError> {
    let mut found = Verified::default();
    let current = match answer(channel.current(), &mut found)? {
        Some(Some(current)) => current,
        Some(None) => {
            found.problems.push(PublishError::Nothing(channel.environment().to_owned()).to_string());
            return Ok(found);
        }
        None => return Ok(found),
    };
    if let Some(signers) = checks.signers {
        found.signer = answer(signers.check(channel, &current), &mut found)?;
    }
    if let Some(state) = checks.state {
        answer(in_order(&current, state), &mut found)?;
    }
    if let Some((most, now)) = checks.max_age {
        found.problems.extend(too_old(&current, most, now));
    }
    log(channel, &current, &mut found)?;
    if current.manifest.bundle.format == Format::Flagd {
        let flags = channel.flags()?.map(|bytes| Digest::of(&bytes));
        if flags.as_ref() != Some(&current.manifest.bundle.sha256) {
            let problem = format!("`{}/flags.json` is not the current bundle", channel.environment());
            found.problems.push(problem);
        }
    }
    found.current = Some(current);
    Ok(found)
}

/// From the first manifest to the current one, and the bundles of all of them.
fn log(channel: &Channel<'_>, current: &Entry, found: &mut Verified) -> Result<(), PublishError> {
    let mut bundles = BTreeSet::new();
    let mut before: Option<Digest> = None;
    for sequence in 1..=current.manifest.sequence {
        let entry = match answer(channel.entry(sequence), found)? {
            Some(Some(entry)) => entry,
            Some(None) => {
                found.problems.push(format!("`{}` lacks number {sequence} in its log", channel.environment()));
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
        // After one that is missing or broken, which was told, there is nothing to compare with.
        if !follows && (before.is_some() || sequence == 1) {
            let environment = channel.environment();
            found.problems.push(format!("number {sequence} of `{environment}` does not follow the one before it"));
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

fn too_old(current: &Entry, most: Duration, now: Timestamp) -> Option<String> {
    let created = &current.manifest.created;
    let Ok(moment) = created.parse::<Timestamp>() else {
        return Some(format!("`{created}` is no moment"));
    };
    let age = now.as_second().saturating_sub(moment.as_second());
    let old = age > i64::try_from(most.as_secs()).unwrap_or(i64::MAX);
    let commit = &current.manifest.commit;
    old.then(|| format!("what is current is too old: {commit} was made at {created}"))
}

/// Notes an answer that says what is wrong; passes on an error that is none.
fn answer<T>(result: Result<T, PublishError>, found: &mut Verified) -> Result<Option<T>, PublishError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_answer() => {
            found.problems.push(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
