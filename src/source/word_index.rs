//! Which of many files have a word, without reading them all again.
//!
//! To find the few files that mention a name, all would have to be read, and to inflate them takes longer than
//! everything else. So the words of each blob are remembered, in `words`, and the folders that lead to them, in `trees`.
//!
//! A word is a run of ASCII letters, digits, `.`, `_` and `-`. Only its hash is kept, which may be another's too: a
//! file that has none of the words is found once in a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use git2::Oid;
use rayon::prelude::*;

use crate::source::error::GitError;
use crate::source::object_cache::{Memory, sum};
use crate::source::repository::{Repository, locked};
use crate::source::{Revision, Source, SourceError};

/// Of one word.
type Hash = [u8; 4];

/// Taken for a word: what is escaped may be any.
const ESCAPE: &[u8] = b"\\";

impl Source {
    /// The YAML files below some folders that have one of the words; perhaps also some that have none.
    ///
    /// # Errors
    /// [`SourceError`] if a file or folder cannot be read.
    pub fn having(&self, folders: &[&str], words: &[&str]) -> Result<Vec<String>, SourceError> {
        let wanted: Vec<Hash> = words.iter().map(|word| sum(word.as_bytes())).chain([sum(ESCAPE)]).collect();
        if let Self::Revision(revision) = self {
            return Ok(revision.having(folders, &wanted)?);
        }
        let paths = folders.iter().map(|folder| self.list(folder)).collect::<Result<Vec<_>, _>>()?.concat();
        let has = |path: String| {
            let file = self.read(&path).transpose()?;
            file.map(|file| have(&hashes(file.text.as_bytes()), &wanted).then_some(path)).transpose()
        };
        paths.into_par_iter().filter_map(has).collect()
    }
}

impl Revision {
    fn having(&self, folders: &[&str], wanted: &[Hash]) -> Result<Vec<String>, GitError> {
        let mut words = self.repository.recalled_words();
        let files = |wanted: &(dyn Fn(Oid) -> bool + Sync)| {
            let files = folders.iter().map(|folder| self.files(folder, wanted));
            Ok::<_, GitError>(files.collect::<Result<Vec<_>, _>>()?.concat())
        };
        let mut found = files(&|id| words.get(&id).is_none_or(|hashes| have(hashes, wanted)))?;
        self.repository.remember_trees(&self.folders(folders)?).map_err(|error| self.explained(error))?;
        // Folder by folder: git stores files of a folder as differences from each other, and another order would make most
        // of them several times.
        let missing: Vec<Oid> = found.iter().map(|(_, id)| *id).filter(|id| words.get(id).is_none()).collect();
        if !missing.is_empty() {
            words = self.repository.read_words(&missing).map_err(|error| self.explained(error))?;
            found.retain(|(_, id)| words.get(id).is_some_and(|hashes| have(hashes, wanted)));
            let all = || Ok::<_, GitError>(files(&|_| true)?.into_iter().map(|(_, id)| id).collect());
            self.repository.remember_words(words, all)?;
        }
        Ok(found.into_iter().map(|(path, _)| path).collect())
    }

    /// Reads what is remembered of words, for whoever asks for them next.
    pub fn recall(&self) {
        self.repository.recalled_words();
    }
}

/// The file's name.
const WORDS: &str = "words";
/// To read so many blobs takes longer than to write down their words.
const WORTH: usize = 500;

/// The words of blobs.
#[derive(Clone, Default)]
pub(super) struct Words {
    remembered: Arc<Memory>,
    /// Of others that were read, too few to be written down.
    read: Arc<BTreeMap<Oid, Vec<Hash>>>,
}

impl Words {
    fn get(&self, blob: &Oid) -> Option<&[Hash]> {
        let remembered = self.remembered.get(blob).map(|bytes| bytes.as_chunks().0);
        remembered.or_else(|| self.read.get(blob).map(Vec::as_slice))
    }
}

impl Repository {
    /// Those that are known.
    fn recalled_words(&self) -> Words {
        let recall = || Words { remembered: Memory::load(&self.memory(), WORDS).into(), ..Words::default() };
        locked(&self.words).get_or_insert_with(recall).clone()
    }

    /// Those, and those of more blobs.
    fn read_words(&self, missing: &[Oid]) -> Result<Words, GitError> {
        let Words { remembered, read: before } = self.recalled_words();
        let read = |id: &Oid| self.with(|handle| Ok::<_, GitError>((*id, hashes(handle.find_blob(*id)?.content()))));
        let mut read: BTreeMap<_, _> = missing.par_iter().map(read).collect::<Result<_, _>>()?;
        read.extend(before.iter().map(|(id, hashes)| (*id, hashes.clone())));
        Ok(Words { remembered, read: read.into() })
    }

    /// Remembers words for as long as this process runs; if many were read, also those of all blobs in a file.
    fn remember_words(
        &self,
        words: Words,
        all: impl FnOnce() -> Result<BTreeSet<Oid>, GitError>,
    ) -> Result<(), GitError> {
        if words.read.len() < WORTH {
            *locked(&self.words) = Some(words);
            return Ok(());
        }
        // What was remembered of others is left out: most of them are of the past.
        let of = |id: &Oid| words.get(id).unwrap_or_default().as_flattened();
        let memory = Memory::new(WORDS, all()?.iter().map(|id| (*id, of(id))));
        // Where nothing can be written, the next run reads again.
        let _ = memory.store(&self.memory(), WORDS);
        *locked(&self.words) = Some(Words { remembered: memory.into(), ..Words::default() });
        Ok(())
    }
}

/// The hashes ascend.
fn have(hashes: &[Hash], wanted: &[Hash]) -> bool {
    // In the order of their bytes, which compares faster.
    let number = |hash: &Hash| u32::from_be_bytes(*hash);
    wanted.iter().any(|hash| hashes.binary_search_by_key(&number(hash), number).is_ok())
}

/// Of all words of a text, each once.
fn hashes(text: &[u8]) -> Vec<Hash> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let words = text.split(|byte| !part(byte)).filter(|word| !word.is_empty());
    let escape = text.contains(&b'\\').then_some(ESCAPE);
    let mut hashes: Vec<Hash> = words.chain(escape).map(sum).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}
