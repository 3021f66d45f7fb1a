//! The folders below a folder, with linked folders.

use crate::snapshot::{Fault, is_yaml};
use crate::tree::{FileTree, FolderFault, Found, MAX_ENTRIES, MAX_LEVELS, TreeEntry, TreeError, find, join_path};

/// A folder that a walk reached.
pub struct WalkedFolder<T: FileTree + ?Sized> {
    /// The path on which the walk reached the folder. It may lead through links.
    pub path: String,
    /// The folder.
    pub folder: T::Folder,
    /// The path of the folder without links.
    real_path: String,
    /// The paths without links of the folders with the links through which the walk went.
    crossed: Vec<String>,
    level: usize,
}

/// Returns a folder and all folders below it, with linked folders, in any order. Names that begin with a dot are
/// skipped. Returns an empty list if the folder does not exist.
///
/// # Errors
/// Returns [`TreeError`] if the folders cannot be listed completely, or the error of the tree.
pub fn folders_below<T: FileTree + ?Sized>(tree: &T, path: &str) -> Result<Vec<WalkedFolder<T>>, T::Error> {
    let error = |path: &str, fault| TreeError { path: tree.display(path), fault };
    let mut unread = match find(tree, path)? {
        Found::Nothing | Found::File(..) => return Ok(Vec::new()),
        Found::Unreadable(fault) => return Err(error(path, FolderFault::Entry { fault }).into()),
        Found::Folder(folder, real_path) => {
            vec![WalkedFolder { path: path.to_owned(), folder, real_path, crossed: Vec::new(), level: 0 }]
        }
    };
    let (mut found, mut examined) = (Vec::new(), 0);
    while let Some(walked) = unread.pop() {
        let subfolders = tree.subfolders(&walked.folder)?;
        examined += subfolders.examined + 1;
        if examined > MAX_ENTRIES {
            return Err(error(path, FolderFault::TooLarge).into());
        }
        for (name, entry) in subfolders.entries {
            if name.starts_with('.') {
                continue;
            }
            let path = join_path(&walked.path, &name);
            if name.contains(char::REPLACEMENT_CHARACTER) {
                return Err(error(&path, FolderFault::Name).into());
            }
            let next = match entry {
                TreeEntry::File(_) => None,
                TreeEntry::Folder(folder) => {
                    let real_path = join_path(&walked.real_path, &name);
                    Some(WalkedFolder {
                        path,
                        folder,
                        real_path,
                        crossed: walked.crossed.clone(),
                        level: walked.level + 1,
                    })
                }
                // Reading the file reports the reason, at the path of the file.
                TreeEntry::Other(_) if is_yaml(&name) => None,
                TreeEntry::Other(fault) => return Err(error(&path, FolderFault::Entry { fault }).into()),
                TreeEntry::Link(_) => follow(tree, &walked, path, &name)?,
            };
            if let Some(next) = next {
                if next.level > MAX_LEVELS {
                    return Err(error(&next.path, FolderFault::TooDeep).into());
                }
                unread.push(next);
            }
        }
        found.push(walked);
    }
    Ok(found)
}

/// Returns the folder that a link leads to, or `None` if it leads to a file.
fn follow<T: FileTree + ?Sized>(
    tree: &T,
    from: &WalkedFolder<T>,
    path: String,
    name: &str,
) -> Result<Option<WalkedFolder<T>>, T::Error> {
    let error = |fault| TreeError { path: tree.display(&path), fault };
    match find(tree, &path)? {
        Found::File(..) => Ok(None),
        Found::Unreadable(_) if is_yaml(name) => Ok(None),
        Found::Unreadable(fault) => Err(error(FolderFault::Entry { fault }).into()),
        // The link was removed in the meantime.
        Found::Nothing => Err(error(FolderFault::Entry { fault: Fault::Dangling }).into()),
        Found::Folder(folder, real_path) => {
            let mut crossed = from.crossed.clone();
            crossed.push(from.real_path.clone());
            if crossed.iter().any(|crossed| is_at_or_below(crossed, &real_path)) {
                return Err(error(FolderFault::Cycle).into());
            }
            Ok(Some(WalkedFolder { path, folder, real_path, crossed, level: from.level + 1 }))
        }
    }
}

/// Returns whether a path is another path, or is below it. The path of the root is empty.
fn is_at_or_below(path: &str, ancestor: &str) -> bool {
    ancestor.is_empty() || path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
