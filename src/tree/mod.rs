//! The files of a repository as a tree of folders, files and links, whether they are on disk, in a commit or in a merge.
//!
//! The module takes a [`FileTree`], which looks up one name in one folder, and returns the file or folder at a path, or
//! all folders below a path. It follows links itself, so the same rules and the same words apply to every kind of tree.
//!
//! **Invariant:** a link is followed inside the repository only. A link with an absolute path, or that leads above the
//! root, is an error, and so is a path with more than [`MAX_LINKS`] links.
//! **Invariant:** nothing is skipped silently: a link that cannot be followed, a submodule, and a name that is not
//! UTF-8 are reported. Only names that begin with a dot are skipped.
//! **Invariant:** a walk is bounded: it examines at most [`MAX_ENTRIES`] entries and [`MAX_LEVELS`] levels of folders,
//! and it never recurses.

mod error;
mod find;
mod walk;

pub use crate::tree::error::{FolderFault, TreeError};
pub use crate::tree::find::{Found, find, is_relative};
pub use crate::tree::walk::{WalkedFolder, folders_below};

use crate::snapshot::Fault;

/// The maximum number of links in a path. A path with more links counts as a cycle. Operating systems have the same
/// limit.
pub const MAX_LINKS: usize = 40;
/// The maximum number of levels of folders below a folder of definitions.
pub const MAX_LEVELS: usize = 64;
/// The maximum number of entries that one walk examines.
pub const MAX_ENTRIES: usize = 1_000_000;

/// Folders with files and links.
pub trait FileTree {
    /// A folder.
    type Folder: Clone;
    /// A file.
    type File;
    /// A link, whose target is not read yet.
    type Link;
    /// The error of reading the tree.
    type Error: From<TreeError>;

    /// Returns the root of the repository.
    fn root(&self) -> Self::Folder;

    /// Looks up a name in a folder.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    fn entry(&self, folder: &Self::Folder, name: &str) -> Result<Option<TreeEntry<Self>>, Self::Error>;

    /// Returns the entries of a folder that are folders, links or neither of them nor files, and the number of all
    /// entries.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    fn subfolders(&self, folder: &Self::Folder) -> Result<Subfolders<Self>, Self::Error>;

    /// Returns the path of a link's target.
    ///
    /// # Errors
    /// Returns an error if the link cannot be read.
    fn target(&self, link: &Self::Link) -> Result<Vec<u8>, Self::Error>;

    /// Returns the text for a path in a message. The path is relative to the root of the repository.
    fn display(&self, path: &str) -> String;
}

/// An entry of a folder.
pub enum TreeEntry<T: FileTree + ?Sized> {
    /// A folder.
    Folder(T::Folder),
    /// A file.
    File(T::File),
    /// A symbolic link.
    Link(T::Link),
    /// An entry that is none of the others, such as a submodule or a device.
    Other(Fault),
}

/// The entries of a folder, without its files.
pub struct Subfolders<T: FileTree + ?Sized> {
    /// The names and the entries.
    pub entries: Vec<(String, TreeEntry<T>)>,
    /// The number of all entries, files included.
    pub examined: usize,
}

/// Appends a name to the path of a folder. The path of the root is empty.
pub fn join_path(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
