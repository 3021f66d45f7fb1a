//! An index of the words in each version of a file, which finds the files that contain a name without reading all
//! files.
//!
//! Without an index, a search for the flags that depend on a flag reads every definition, and spends most of its time
//! on decompression. The index therefore stores the words of each blob in the cache file `words`, in the layout of
//! [`object_cache`](crate::git::object_cache). A word is a run of ASCII letters, digits, `.`, `_` and `-`. The value of
//! a blob is:
//!
//! | field | bytes | meaning |
//! |---|---|---|
//! | hashes | 4 each | the CRC-32 of each different word, the lowest byte first, in ascending order of the bytes |
//!
//! A text with a backslash also has the word `\`: escapes in YAML can encode any name, so such a file matches every
//! query.
//!
//! Costs: about 3.4 MB for 10,000 flags (together with `trees`), and the first search reads all definitions: 0.13 s
//! with 10,000 flags, 1.2 s with 100,000. Gain: with 10,000 flags, `kill --dry-run` takes 8 ms instead of 80 ms, and
//! `diff HEAD` 40 ms instead of 110 ms. `benches/README.md` says how to measure both. A dry run reads the file and does
//! not write it. In a new clone, each dry run therefore reads all definitions, until another command has stored their
//! words.
//!
//! **Invariant:** a query finds every blob that has one of its words. Hash collisions cause rare false positives, so
//! the caller must parse the files that the query finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use git2::Oid;
use rayon::prelude::*;

use crate::git::error::GitError;
use crate::git::handles::{HandlePool, lock};
use crate::git::object_cache::{CacheFile, CacheWrites, ObjectCache, crc32};

/// The CRC-32 of a word.
type WordHash = [u8; 4];

/// The additional word of a text that contains a backslash.
const ESCAPE: &[u8] = b"\\";
/// The name of the cache file.
const FILE: &str = "words";
/// The minimum number of blobs to write the file. Reading this number of blobs takes longer than storing their words.
const MIN_BLOBS_TO_STORE: usize = 500;

/// The words that a search looks for.
pub struct WordQuery {
    hashes: Vec<WordHash>,
}

impl WordQuery {
    /// Creates a query that matches texts with at least one of these names. A name with other characters than a word has,
    /// such as `checkout/button`, is several words in a text. The query looks for the longest of them.
    pub fn new(names: &[&str]) -> Self {
        let longest_word =
            |name: &&str| crc32(words(name.as_bytes()).max_by_key(|word| word.len()).unwrap_or_default());
        Self { hashes: names.iter().map(longest_word).chain([crc32(ESCAPE)]).collect() }
    }

    /// Returns whether a text has one of the words, or may have one because it contains a backslash.
    pub fn may_match(&self, text: &str) -> bool {
        self.matches_any(&hash_words(text.as_bytes()))
    }

    /// Returns whether one of the words is among the hashes of a text. The hashes are in ascending order.
    pub(super) fn matches_any(&self, hashes: &[WordHash]) -> bool {
        // The big-endian integers have the same order as the byte arrays, and the comparison of integers is faster.
        let key = |hash: &WordHash| u32::from_be_bytes(*hash);
        self.hashes.iter().any(|hash| hashes.binary_search_by_key(&key(hash), key).is_ok())
    }
}

/// An index of the words of blobs.
pub(super) struct WordIndex {
    handles: Arc<HandlePool>,
    file: CacheFile,
    /// This is `None` if the file has not been read yet.
    known: Mutex<Option<BlobWords>>,
}

/// The known words of blobs.
#[derive(Clone, Default)]
pub(super) struct BlobWords {
    stored: Arc<ObjectCache>,
    /// The words of the blobs that this process has read. The file does not have them.
    read: Arc<BTreeMap<Oid, Vec<WordHash>>>,
}

impl BlobWords {
    /// Returns the hashes of a blob's words, ascending, or `None` if they are unknown.
    pub(super) fn get(&self, blob: &Oid) -> Option<&[WordHash]> {
        let stored = self.stored.get(blob).map(|bytes| bytes.as_chunks().0);
        stored.or_else(|| self.read.get(blob).map(Vec::as_slice))
    }
}

impl WordIndex {
    /// Creates an index. `folder` contains the cache files. The file is read on first use.
    pub(super) fn new(handles: Arc<HandlePool>, folder: PathBuf, writes: CacheWrites) -> Self {
        Self { handles, file: CacheFile::new(folder, FILE, writes), known: Mutex::default() }
    }

    /// Returns the known words, without reading a blob.
    pub(super) fn known(&self) -> BlobWords {
        let load = || BlobWords { stored: self.file.load().into(), ..BlobWords::default() };
        lock(&self.known).get_or_insert_with(load).clone()
    }

    /// Reads blobs, and returns their words together with those that are known.
    ///
    /// # Errors
    /// Returns [`GitError`] if a blob cannot be read.
    pub(super) fn read(&self, blobs: &[Oid]) -> Result<BlobWords, GitError> {
        let BlobWords { stored, read: before } = self.known();
        let read = |id: &Oid| {
            self.handles.with(|handle| Ok::<_, GitError>((*id, hash_words(handle.find_blob(*id)?.content()))))
        };
        let mut read: BTreeMap<_, _> = blobs.par_iter().map(read).collect::<Result<_, _>>()?;
        read.extend(before.iter().map(|(id, hashes)| (*id, hashes.clone())));
        Ok(BlobWords { stored, read: read.into() })
    }

    /// Keeps words while the process runs. If many blobs were read and the cache file may be written, it also stores
    /// the words of the blobs that `current` returns; it removes the words of older blobs from the file.
    ///
    /// # Errors
    /// Returns the error of `current`.
    pub(super) fn keep(
        &self,
        words: BlobWords,
        current: impl FnOnce() -> Result<BTreeSet<Oid>, GitError>,
    ) -> Result<(), GitError> {
        if words.read.len() < MIN_BLOBS_TO_STORE || self.file.writes() == CacheWrites::Forbidden {
            *lock(&self.known) = Some(words);
            return Ok(());
        }
        let value = |id: &Oid| words.get(id).unwrap_or_default().as_flattened();
        let stored = self.file.store(current()?.iter().map(|id| (*id, value(id))));
        *lock(&self.known) = Some(BlobWords { stored: stored.into(), ..BlobWords::default() });
        Ok(())
    }
}

/// Returns the words of a text.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.split(move |byte| !is_part_of_word(byte)).filter(|word| !word.is_empty())
}

/// Returns the hashes of all words of a text, in ascending order and without repetitions.
fn hash_words(text: &[u8]) -> Vec<WordHash> {
    let escape = text.contains(&b'\\').then_some(ESCAPE);
    let mut hashes: Vec<WordHash> = words(text).chain(escape).map(crc32).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}
