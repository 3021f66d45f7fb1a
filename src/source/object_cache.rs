//! What is remembered of git's objects, in a file of `flagctl` in git's folder.
//!
//! An object's id stands for its bytes: what is remembered of it is never out of date. What is not remembered, or cannot
//! be read, is worked out anew; whoever deletes the file loses time alone.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Crc;
use git2::Oid;
use hashbrown::HashTable;

/// As the file has it: a line that says what is remembered; how many bytes an id has, and of how many objects there is
/// something, either in four bytes of which the lowest is the first; of each object, in ascending order, the bytes of its
/// id, how many bytes are remembered of it, and these; and the [`sum`] of all that.
#[derive(Default)]
pub(super) struct Memory {
    bytes: Vec<u8>,
    /// Where each object begins, by its id.
    starts: HashTable<usize>,
    /// The length of an id.
    id: usize,
}

impl Memory {
    /// Of each object once, in ascending order.
    pub(super) fn new<'m>(name: &str, objects: impl ExactSizeIterator<Item = (Oid, &'m [u8])>) -> Self {
        let mut objects = objects.peekable();
        let id = objects.peek().map_or(0, |(id, _)| id.as_bytes().len());
        let starts = HashTable::with_capacity(objects.len());
        let mut memory = Self { bytes: mark(name), starts, id };
        memory.bytes.extend(number(id));
        memory.bytes.extend(number(objects.len()));
        for (id, remembered) in objects {
            let start = memory.bytes.len();
            memory.bytes.extend_from_slice(id.as_bytes());
            memory.bytes.extend(number(remembered.len()));
            memory.bytes.extend_from_slice(remembered);
            memory.insert(start);
        }
        memory.bytes.extend(sum(&memory.bytes));
        memory
    }

    /// Empty if it is not there, or not as it was written.
    pub(super) fn load(folder: &Path, name: &str) -> Self {
        Self::read(folder, name).unwrap_or_default()
    }

    fn read(folder: &Path, name: &str) -> Option<Self> {
        #[allow(clippy::disallowed_methods, reason = "not a definition")]
        let bytes = fs::read(folder.join(name)).ok()?;
        let (content, written) = bytes.split_last_chunk()?;
        if sum(content) != *written {
            return None;
        }
        let mark = mark(name);
        let (numbers, _) = content.strip_prefix(mark.as_slice())?.as_chunks();
        let [id, count] = numbers.first_chunk::<2>()?.map(|number| u32::from_le_bytes(number) as usize);
        let starts = HashTable::with_capacity(count.min(content.len()));
        let (end, mut at) = (content.len(), mark.len() + 2 * size_of::<u32>());
        let mut memory = Self { bytes, starts, id };
        while at < end {
            memory.insert(at);
            let length = memory.bytes.get(at + id..)?.first_chunk()?;
            at += id + length.len() + u32::from_le_bytes(*length) as usize;
        }
        Some(memory)
    }

    /// Whoever reads meanwhile finds the old file or the new one.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub(super) fn store(&self, folder: &Path, name: &str) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&self.bytes)?;
        file.persist(folder.join(name))?;
        Ok(())
    }

    /// What is remembered of the object.
    pub(super) fn get(&self, id: &Oid) -> Option<&[u8]> {
        let id = id.as_bytes();
        let start = self.starts.find(hash(id), |start| self.id(*start) == id)?;
        let (length, rest) = self.bytes.get(start + self.id..)?.split_first_chunk()?;
        rest.get(..u32::from_le_bytes(*length) as usize)
    }

    fn insert(&mut self, start: usize) {
        let Self { bytes, starts, id } = self;
        let id = |start: usize| bytes.get(start..start + *id).unwrap_or_default();
        starts.insert_unique(hash(id(start)), start, |start| hash(id(*start)));
    }

    fn id(&self, start: usize) -> &[u8] {
        self.bytes.get(start..start + self.id).unwrap_or_default()
    }
}

/// An id is a hash already.
fn hash(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn mark(name: &str) -> Vec<u8> {
    format!("flagctl {name} 2\n").into_bytes()
}

fn number(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

/// CRC-32, the lowest byte first.
pub(super) fn sum(bytes: &[u8]) -> [u8; 4] {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum.sum().to_le_bytes()
}
