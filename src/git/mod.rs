//! Read access to a git repository: revisions, files, history and merges.
//!
//! The module takes the path of a folder, and revisions as users write them. It returns the files of commits as
//! [`File`](crate::snapshot::File)s, the commits before a commit, the paths that changed, and the result of a merge. It
//! reads objects through libgit2 and not through a checkout, so a command that reads an old revision does not change
//! the working tree. The module knows nothing about flags: [`source`](crate::source) finds the folder of the repository
//! that contains them.
//!
//! - [`Repository`] is an open repository with its caches; [`Revision`] is one commit in it, limited to a folder.
//! - [`RevisionSpec`] and [`RevisionRange`] are revisions in the notation of the command line.
//! - `object_cache` stores results per object id in files below `flagctl` in git's folder; `tree_cache` and
//!   `word_index` use it. [`CacheWrites`] decides whether these files are written.
//!
//! **Invariant:** this module never checks out, fetches or commits. It writes only the files of these two caches, and
//! it writes no file with [`CacheWrites::Forbidden`].

mod added_content;
mod added_files;
mod changed_files;
mod commit_range;
mod error;
mod handles;
mod history;
mod index_tree;
mod merge;
mod merge_base;
mod merge_tree;
mod object_cache;
mod reference_names;
mod repository;
mod rev_parse;
mod revision;
mod revision_files;
mod revision_range;
mod short_id;
mod sparse;
mod tracked_folders;
mod tree_cache;
mod tree_entries;
mod word_index;
mod word_search;

pub use crate::git::commit_range::{CommitChanges, EntryChange, EntryMode, RangeCommit};
pub use crate::git::error::{CloneDepth, GitError};
pub use crate::git::history::{CommitDetails, CommitRelation};
pub use crate::git::index_tree::IndexTree;
pub use crate::git::merge::{MergeBase, MergeResult};
pub use crate::git::object_cache::CacheWrites;
pub use crate::git::reference_names::{ReferenceKind, ReferenceName};
pub use crate::git::repository::{PublishedBranch, Repository};
pub use crate::git::rev_parse::{BranchAtTime, RevisionSpec};
pub use crate::git::revision::Revision;
pub use crate::git::revision_range::RevisionRange;
pub use crate::git::short_id::short_id;
pub use crate::git::sparse::omitted_files;
pub use crate::git::tracked_folders::tracked_folders_with_file;
pub use crate::git::word_index::WordQuery;
