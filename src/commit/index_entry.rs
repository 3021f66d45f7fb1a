//! Entries of git's index: the entry of a new file, and entries of files that a sparse checkout omits.

use std::path::Path;

use git2::{FileMode, Index, IndexEntry, IndexTime, Oid};

/// The flag of an index entry whose file a sparse checkout omits.
const SKIP_WORKTREE: u16 = 1 << 14;

/// Returns the index entry of a file in the working tree, with the size and the times that the file has now.
pub(super) fn index_entry(root: &Path, path: &str, id: Oid, mode: FileMode, flags_extended: u16) -> IndexEntry {
    let unknown = IndexTime::new(0, 0);
    let mut entry = IndexEntry {
        ctime: unknown,
        mtime: unknown,
        dev: 0,
        ino: 0,
        mode: u32::from(mode),
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended,
        path: path.as_bytes().to_vec(),
    };
    set_file_metadata(&mut entry, &root.join(path));
    entry
}

/// Returns the index entry of a file, if a sparse checkout omits the file.
pub(super) fn sparse_entry(index: &Index, path: &str) -> Option<IndexEntry> {
    index.get_path(Path::new(path), 0).filter(|entry| entry.flags_extended & SKIP_WORKTREE != 0)
}

/// Stores the size and the times of a file in its index entry. With them, git can detect that the file is unchanged
/// without reading it. Otherwise git reads the file once.
#[cfg(unix)]
fn set_file_metadata(entry: &mut IndexEntry, path: &Path) {
    use std::os::unix::fs::MetadataExt;
    // Git stores the low 32 bits of each number.
    let low_bits = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    let time = |seconds: i64, nanoseconds: i64| {
        IndexTime::new(i32::try_from(seconds).unwrap_or(0), u32::try_from(nanoseconds).unwrap_or(0))
    };
    if let Ok(metadata) = path.symlink_metadata() {
        entry.ctime = time(metadata.ctime(), metadata.ctime_nsec());
        entry.mtime = time(metadata.mtime(), metadata.mtime_nsec());
        entry.dev = low_bits(metadata.dev());
        entry.ino = low_bits(metadata.ino());
        entry.uid = metadata.uid();
        entry.gid = metadata.gid();
        entry.file_size = low_bits(metadata.size());
    }
}

/// Stores the size and the times of a file in its index entry. With them, git can detect that the file is unchanged
/// without reading it. Otherwise git reads the file once.
#[cfg(not(unix))]
fn set_file_metadata(_: &mut IndexEntry, _: &Path) {}
