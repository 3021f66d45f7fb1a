//! The file or folder at a path, with links followed.

use crate::snapshot::Fault;
use crate::tree::{FileTree, MAX_LINKS, TreeEntry};

/// What is at a path.
pub enum Found<T: FileTree + ?Sized> {
    /// A folder, and its path without links.
    Folder(T::Folder, String),
    /// A file, and its path without links.
    File(T::File, String),
    /// Nothing. No link leads to the path.
    Nothing,
    /// Something that cannot be read as a file or folder.
    Unreadable(Fault),
}

/// Where a part of a path is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// In the path to find.
    Path,
    /// In the target of a link, so the link is broken if the part does not exist.
    Link,
}

/// Finds a file or folder. The path is relative to the root of the repository, and `..` in it leads to the parent of the
/// folder that a link leads to, as in an operating system.
///
/// # Errors
/// Returns the error of the tree.
pub fn find<T: FileTree + ?Sized>(tree: &T, path: &str) -> Result<Found<T>, T::Error> {
    // The parts are in reverse order, because `pop` removes the last element.
    let parts = |path: &str, origin| path.split('/').rev().map(|part| (part.to_owned(), origin)).collect::<Vec<_>>();
    let mut remaining = parts(path, Origin::Path);
    let mut folders: Vec<(String, T::Folder)> = Vec::new();
    let root = tree.root();
    let mut links = 0;
    let missing = |origin| match origin {
        Origin::Path => Found::Nothing,
        Origin::Link => Found::Unreadable(Fault::Dangling),
    };
    while let Some((part, origin)) = remaining.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => match folders.pop() {
                Some(_) => continue,
                None => return Ok(Found::Unreadable(Fault::Outside)),
            },
            // Git's own folder is not a part of the repository's files.
            name if name.eq_ignore_ascii_case(".git") => return Ok(Found::Unreadable(Fault::Outside)),
            _ => {}
        }
        let folder = folders.last().map_or(&root, |(_, folder)| folder);
        match tree.entry(folder, &part)? {
            None => return Ok(missing(origin)),
            Some(TreeEntry::Folder(folder)) => folders.push((part, folder)),
            Some(TreeEntry::File(file)) if remaining.is_empty() => {
                return Ok(Found::File(file, path_of(&folders, Some(&part))));
            }
            Some(TreeEntry::File(_)) => return Ok(missing(remaining.last().map_or(origin, |(_, origin)| *origin))),
            Some(TreeEntry::Other(fault)) => return Ok(Found::Unreadable(fault)),
            Some(TreeEntry::Link(_)) if links == MAX_LINKS => return Ok(Found::Unreadable(Fault::TooManyLinks)),
            Some(TreeEntry::Link(link)) => {
                links += 1;
                let target = tree.target(&link)?;
                match str::from_utf8(&target) {
                    Ok(target) if is_relative(target) => remaining.extend(parts(target, Origin::Link)),
                    _ => return Ok(Found::Unreadable(Fault::Outside)),
                }
            }
        }
    }
    let real_path = path_of(&folders, None);
    let folder = folders.pop().map_or(root, |(_, folder)| folder);
    Ok(Found::Folder(folder, real_path))
}

/// Returns whether a path, or the target of a link, is a relative path on every operating system.
pub fn is_relative(target: &str) -> bool {
    let has_drive = target.as_bytes().get(1) == Some(&b':');
    !target.starts_with('/') && !target.contains('\\') && !has_drive
}

fn path_of<F>(folders: &[(String, F)], name: Option<&str>) -> String {
    let names: Vec<&str> = folders.iter().map(|(name, _)| name.as_str()).chain(name).collect();
    names.join("/")
}
