//! Which of many files have a word, without reading them all again.
//!
//! To find the few files that mention a name, all would have to be read, and to inflate them takes longer than
//! everything else. So the words of each blob are remembered, in `flagctl/words` of git's folder. A blob's id stands for
//! its bytes: what is remembered of it is never out of date. What is not remembered, or cannot be read, is worked out
//! anew; whoever deletes the file loses time alone.
//!
//! A word is a run of ASCII letters, digits, `.`, `_` and `-`. Only its hash is kept, which may be another's too: a
//! file that has none of the words is found once in a while.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use flate2::Crc;
use git2::Oid;
use rayon::prelude::*;

use super::error::GitError;
use super::repository::{Repository, locked};
use super::{Revision, Source, SourceError};

/// CRC-32, the lowest byte first.
type Hash = [u8; 4];

/// Taken for a word: what is escaped may be any.
const ESCAPE: &[u8] = b"\\";

impl Source {
    /// The YAML files below some folders that have one of the words; perhaps also some that have none.
    ///
    /// # Errors
    /// [`SourceError`] if a file or folder cannot be read.
    pub fn having(&self, folders: &[&str], words: &[&str]) -> Result<Vec<String>, SourceError> {
        let wanted: Vec<Hash> = words.iter().map(|word| hash(word.as_bytes())).chain([hash(ESCAPE)]).collect();
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
        let files = folders.iter().map(|folder| self.files(folder)).collect::<Result<Vec<_>, _>>()?.concat();
        let mut blobs: Vec<Oid> = files.iter().map(|(_, id)| *id).collect();
        blobs.sort_unstable();
        blobs.dedup();
        let words = self.repository.words(&blobs).map_err(|error| self.explained(error))?;
        let has = |hashes: Option<&[Hash]>| hashes.is_some_and(|hashes| have(hashes, wanted));
        let found: BTreeSet<Oid> = words.of(&blobs).filter(|(_, hashes)| has(*hashes)).map(|(id, _)| id).collect();
        Ok(files.into_iter().filter(|(_, id)| found.contains(id)).map(|(path, _)| path).collect())
    }
}

/// To read so many blobs takes longer than to write down their words.
const WORTH: usize = 500;

impl Repository {
    /// The words of these blobs, which ascend.
    fn words(&self, blobs: &[Oid]) -> Result<Arc<Words>, GitError> {
        let place = self.shared.join("flagctl");
        let known = locked(&self.words).clone();
        let known = known.unwrap_or_else(|| Arc::new(Words::load(&place).unwrap_or_default()));
        let missing: Vec<Oid> = known.of(blobs).filter(|(_, hashes)| hashes.is_none()).map(|(id, _)| id).collect();
        let words = if missing.is_empty() {
            known
        } else {
            let read = |id: &Oid| self.with(|handle| Ok::<_, GitError>(hashes(handle.find_blob(*id)?.content())));
            let mut read = missing.par_iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter();
            // What was remembered of others is left out: most of them are of the past.
            let words = known.of(blobs).map(|(id, hashes)| match hashes {
                Some(hashes) => (id, hashes.to_vec()),
                None => (id, read.next().unwrap_or_default()),
            });
            let words = Words::new(words);
            if missing.len() >= WORTH {
                // Where nothing can be written, the next run reads again.
                let _ = words.store(&place);
            }
            Arc::new(words)
        };
        *locked(&self.words) = Some(Arc::clone(&words));
        Ok(words)
    }
}

/// The words of blobs, as the file has them: [`Words::MARK`]; of each blob, in ascending order, the bytes of its id, how
/// many hashes there are, in four bytes of which the lowest is the first, and the hashes; and a hash of all that.
#[derive(Default)]
pub(super) struct Words(Vec<u8>);

impl Words {
    const MARK: &[u8] = b"flagctl words 1\n";
    const NAME: &str = "words";

    fn new(blobs: impl Iterator<Item = (Oid, Vec<Hash>)>) -> Self {
        let mut bytes = Self::MARK.to_vec();
        for (id, hashes) in blobs {
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&u32::try_from(hashes.len()).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend_from_slice(hashes.as_flattened());
        }
        bytes.extend(hash(&bytes));
        Self(bytes)
    }

    /// None if it is not there, or not as it was written.
    fn load(folder: &Path) -> Option<Self> {
        #[allow(clippy::disallowed_methods, reason = "not a definition")]
        let bytes = fs::read(folder.join(Self::NAME)).ok()?;
        let (content, sum) = bytes.split_last_chunk()?;
        (content.starts_with(Self::MARK) && hash(content) == *sum).then_some(Self(bytes))
    }

    fn store(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        // Whoever reads finds the old file or the new one.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&self.0)?;
        file.persist(folder.join(Self::NAME))?;
        Ok(())
    }

    /// The words of each of these blobs, which ascend; none where they are not remembered.
    fn of(&self, blobs: &[Oid]) -> impl Iterator<Item = (Oid, Option<&[Hash]>)> {
        let mut ahead = self.0.get(Self::MARK.len()..).unwrap_or_default();
        let width = blobs.first().map_or(0, |id| id.as_bytes().len());
        let entries = std::iter::from_fn(move || {
            let (id, rest) = ahead.split_at_checked(width)?;
            let (count, rest) = rest.split_first_chunk()?;
            let (hashes, _) = rest.as_chunks().0.split_at_checked(u32::from_le_bytes(*count) as usize)?;
            ahead = ahead.get(width + count.len() + hashes.as_flattened().len()..)?;
            Some((id, hashes))
        });
        let mut entries = entries.peekable();
        blobs.iter().map(move |id| {
            while entries.next_if(|(known, _)| *known < id.as_bytes()).is_some() {}
            (*id, entries.next_if(|(known, _)| *known == id.as_bytes()).map(|(_, hashes)| hashes))
        })
    }
}

fn have(hashes: &[Hash], wanted: &[Hash]) -> bool {
    hashes.iter().any(|hash| wanted.contains(hash))
}

/// Of all words of a text, each once.
fn hashes(text: &[u8]) -> Vec<Hash> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let words = text.split(|byte| !part(byte)).filter(|word| !word.is_empty());
    let escape = text.contains(&b'\\').then_some(ESCAPE);
    let mut hashes: Vec<Hash> = words.chain(escape).map(hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn hash(bytes: &[u8]) -> Hash {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum.sum().to_le_bytes()
}
