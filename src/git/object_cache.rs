//! Cache files that store a value for each git object, keyed by the object's id.
//!
//! An object's id is a hash of its bytes, so a value that was computed from an object never becomes outdated. The files
//! are in the folder `flagctl` of git's common folder, which all worktrees share. If a file is missing, truncated or
//! damaged, the cache treats it as empty and computes its values again. Deleting a file is therefore safe and only
//! costs time.
//!
//! The layout, version 2. Integers have four bytes, the lowest first:
//!
//! | field | bytes | meaning |
//! |---|---|---|
//! | header | text up to and with the first line feed | `flagctl NAME 2`: the name of the cache and the version |
//! | id length | 4 | the bytes of an object id: 20 with SHA-1, 32 with SHA-256 |
//! | count | 4 | the number of entries |
//! | entries | | in ascending order of the ids, each: the id, the length of the value (4), the value |
//! | checksum | 4 | the CRC-32 of everything before it |
//!
//! **Invariant:** a file is replaced atomically, so a reader sees either the old file or the new one.
//! **Invariant:** a failed write of a file is not an error, and with [`CacheWrites::Forbidden`] no file is written.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Crc;
use git2::Oid;
use hashbrown::HashTable;
use tempfile::Builder;

use crate::temporary;

/// Whether cache files in git's folder may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheWrites {
    /// The process may write the files, which makes later runs faster.
    Allowed,
    /// The process must not write to git's folder. `--dry-run` promises this.
    Forbidden,
}

/// The file of one cache.
pub(super) struct CacheFile {
    folder: PathBuf,
    name: &'static str,
    writes: CacheWrites,
}

impl CacheFile {
    /// Creates a value for a cache file, and does not read the file yet.
    pub(super) fn new(folder: PathBuf, name: &'static str, writes: CacheWrites) -> Self {
        Self { folder, name, writes }
    }

    /// Reads the file; the cache is empty if the file does not exist or is damaged.
    pub(super) fn load(&self) -> ObjectCache {
        #[allow(clippy::disallowed_methods, reason = "not a definition")]
        let bytes = fs::read(self.folder.join(self.name)).ok();
        bytes.and_then(|bytes| ObjectCache::parse(self.name, bytes)).unwrap_or_default()
    }

    /// Returns whether the file may be written. A caller can use this to skip the preparation of values for
    /// [`CacheFile::store`].
    pub(super) fn writes(&self) -> CacheWrites {
        self.writes
    }

    /// Creates a cache of these values, one for each object and in ascending order of the ids, and replaces the file if
    /// writing is allowed and possible.
    pub(super) fn store<'v>(&self, values: impl ExactSizeIterator<Item = (Oid, &'v [u8])>) -> ObjectCache {
        let cache = ObjectCache::new(self.name, values);
        if self.writes == CacheWrites::Allowed {
            // A folder that is not writable is not an error, because the next run computes the values again.
            let _ = self.replace(&cache.bytes);
        }
        cache
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = temporary::file_in(&mut Builder::new(), &self.folder)?;
        file.write_all(bytes)?;
        file.persist(self.folder.join(self.name))?;
        Ok(())
    }
}

/// The values of a cache, as the bytes of its file.
#[derive(Default)]
pub(super) struct ObjectCache {
    bytes: Vec<u8>,
    /// The offset of each entry in `bytes`, found by the object's id.
    offsets: HashTable<usize>,
    /// The length of an object id in bytes.
    id_length: usize,
}

impl ObjectCache {
    fn new<'v>(name: &str, values: impl ExactSizeIterator<Item = (Oid, &'v [u8])>) -> Self {
        let mut values = values.peekable();
        let id_length = values.peek().map_or(0, |(id, _)| id.as_bytes().len());
        let offsets = HashTable::with_capacity(values.len());
        let mut cache = Self { bytes: header(name), offsets, id_length };
        cache.bytes.extend(encode_integer(id_length));
        cache.bytes.extend(encode_integer(values.len()));
        for (id, value) in values {
            let offset = cache.bytes.len();
            cache.bytes.extend_from_slice(id.as_bytes());
            cache.bytes.extend(encode_integer(value.len()));
            cache.bytes.extend_from_slice(value);
            cache.insert(offset);
        }
        cache.bytes.extend(crc32(&cache.bytes));
        cache
    }

    /// Parses the bytes of a file. Returns `None` if the header, an entry or the checksum is wrong.
    fn parse(name: &str, bytes: Vec<u8>) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk()?;
        if crc32(content) != *checksum {
            return None;
        }
        let header = header(name);
        let (integers, _) = content.strip_prefix(header.as_slice())?.as_chunks();
        let [id_length, count] = integers.first_chunk::<2>()?.map(|bytes| u32::from_le_bytes(bytes) as usize);
        let offsets = HashTable::with_capacity(count.min(content.len()));
        let (end, mut offset) = (content.len(), header.len() + 2 * size_of::<u32>());
        let mut cache = Self { bytes, offsets, id_length };
        while offset < end {
            cache.insert(offset);
            let length = cache.bytes.get(offset + id_length..)?.first_chunk()?;
            offset += id_length + length.len() + u32::from_le_bytes(*length) as usize;
        }
        Some(cache)
    }

    /// Returns the value of an object, or `None` if the cache has no value for it.
    pub(super) fn get(&self, id: &Oid) -> Option<&[u8]> {
        let id = id.as_bytes();
        let offset = self.offsets.find(hash_of_id(id), |offset| id_at(&self.bytes, *offset, self.id_length) == id)?;
        let (length, rest) = self.bytes.get(offset + self.id_length..)?.split_first_chunk()?;
        rest.get(..u32::from_le_bytes(*length) as usize)
    }

    fn insert(&mut self, offset: usize) {
        let Self { bytes, offsets, id_length } = self;
        let hash = |offset: usize| hash_of_id(id_at(bytes, offset, *id_length));
        offsets.insert_unique(hash(offset), offset, |offset| hash(*offset));
    }
}

fn id_at(bytes: &[u8], offset: usize, id_length: usize) -> &[u8] {
    bytes.get(offset..offset + id_length).unwrap_or_default()
}

/// Returns the first eight bytes of an id as its hash, because an id is already a hash.
fn hash_of_id(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn header(name: &str) -> Vec<u8> {
    format!("flagctl {name} 2\n").into_bytes()
}

fn encode_integer(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// Returns the CRC-32 of some bytes, the lowest byte first.
pub(super) fn crc32(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}
