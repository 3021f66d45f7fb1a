//! Reads the comparison records of one flag in one environment.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::events::{BadRow, Column, Input, InputError, Pair, Refusal, RowCounts, ShadowRecord, shadow_records};
use crate::model::{IgnoredPath, shadowed_key};
use crate::shadow::breakdown::{Counted, general_path};
use crate::shadow::outcome::{Outcome, is_ignored};
use crate::shadow::tally::{MAX_REQUESTS, Tally};
use crate::snapshot::Spanned;

/// The maximum number of versions that are counted.
const MAX_VERSIONS: usize = 1_000;

/// Which records count.
#[derive(Debug, Clone, Copy)]
pub struct RecordFilter<'f> {
    /// The key of the flag.
    pub flag: &'f str,
    /// The environment. A record without an environment counts, too.
    pub environment: &'f str,
    /// The time of the first record that counts.
    pub since: Option<Timestamp>,
    /// The paths whose differences do not count.
    pub ignored: &'f [Spanned<IgnoredPath>],
}

/// The reason why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There are too many requests.
    #[error(
        "the records have more than {MAX_REQUESTS} requests: give the records of a shorter time, or shadow a smaller share"
    )]
    TooMany,
}

/// Reads inputs. Returns the sums, the rows, and the SHA-256 digest of each input.
///
/// # Errors
/// Returns [`ReadError`] if an input cannot be read, or if there are too many requests.
pub fn read(inputs: Vec<Input>, filter: &RecordFilter<'_>) -> Result<(Tally, RowCounts, Vec<[u8; 32]>), ReadError> {
    let mut reading = Reading { filter, tally: Tally::default(), requests: BTreeSet::new(), is_full: false };
    let (mut rows, mut digests) = (RowCounts::default(), Vec::with_capacity(inputs.len()));
    for input in inputs {
        let read = shadow_records(input, &mut rows, |record, _| reading.add(&record));
        if reading.is_full {
            return Err(ReadError::TooMany);
        }
        digests.push(read?);
    }
    Ok((reading.tally, rows, digests))
}

/// The state while records are read.
struct Reading<'f> {
    filter: &'f RecordFilter<'f>,
    tally: Tally,
    /// The first half of the digest of each request's id. Two of five million ids have one half with a probability below
    /// 1e-25, also if their author chooses them.
    requests: BTreeSet<[u8; 16]>,
    is_full: bool,
}

impl Reading<'_> {
    fn add(&mut self, record: &ShadowRecord<'_>) -> Result<(), Refusal> {
        let RecordFilter { flag, environment, since, ignored } = *self.filter;
        let is_flag = record.flag == flag || shadowed_key(&record.flag) == Some(flag);
        let is_environment = record.environment.as_ref().is_none_or(|name| name == environment);
        if !is_flag || !is_environment || since.is_some_and(|since| record.at < since) {
            self.tally.others += 1;
            return Ok(());
        }
        let request = record.request_id.as_deref().ok_or(BadRow::Missing(Column::RequestId))?;
        let outcome = Outcome::of(record, ignored)?;
        let attributes = record.attributes.map(|attributes| attributes.parse()).transpose()?;
        if self.requests.len() >= MAX_REQUESTS {
            self.is_full = true;
            return Err(Refusal::Stop);
        }
        if !self.requests.insert(half_digest(request)) {
            self.tally.duplicates += 1;
            return Ok(());
        }
        if record.ignored {
            self.tally.ignored += 1;
            return Ok(());
        }
        let tally = &mut self.tally;
        tally.counts(record.pair).add(outcome);
        tally.period = Some(
            tally.period.map_or((record.at, record.at), |(first, last)| (first.min(record.at), last.max(record.at))),
        );
        let version: String = record.version.as_deref().unwrap_or("none").chars().take(64).collect();
        if tally.versions.len() < MAX_VERSIONS || tally.versions.contains_key(&version) {
            *tally.versions.entry(version).or_default() += 1;
        }
        let counted = if outcome.is_mismatch() { Counted::Mismatch(request) } else { Counted::Match };
        let by_path = match record.pair {
            Pair::Candidate => &mut tally.by_path,
            Pair::Control => &mut tally.noise_by_path,
        };
        // A pair counts once for a path, in however many items it differs.
        let paths: BTreeSet<String> = match outcome {
            Outcome::Different => {
                let paths = record.diff_paths.iter().filter(|path| !is_ignored(path, ignored));
                paths.map(|path| general_path(path)).collect()
            }
            _ => BTreeSet::new(),
        };
        paths.iter().for_each(|path| by_path.add(path, counted));
        if record.pair == Pair::Control {
            return Ok(());
        }
        for (name, value) in attributes.into_iter().flatten() {
            let text = match value {
                Json::String(text) => text,
                Json::Number(_) | Json::Bool(_) => value.to_string(),
                Json::Null | Json::Array(_) | Json::Object(_) => continue,
            };
            tally.by_attribute.add(&format!("{name}={text}"), counted);
        }
        if record.control.ok && record.candidate.ok {
            tally.add_durations([record.control.ms, record.candidate.ms], record.order);
        }
        Ok(())
    }
}

fn half_digest(text: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(text).into();
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(byte, own)| *byte = own);
    half
}
