//! The errors of reading definitions, each with advice. An error in this module means that no definition can be read.

use std::io;
use std::path::PathBuf;

use crate::git::GitError;
use crate::snapshot::PROJECT_FILE;
use crate::tree::TreeError;

/// The reason why no definition can be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Neither the folder nor a folder above it has a [`PROJECT_FILE`], and neither has a folder below git's root.
    #[error(
        "a flag repository has a file `{PROJECT_FILE}` at its root: no `{PROJECT_FILE}` in `{}` or any folder above it",
        .0.display()
    )]
    NoProject(PathBuf),
    /// Neither the folder nor a folder above it has a [`PROJECT_FILE`], and several folders below git's root have one.
    #[error(
        "no `{PROJECT_FILE}` in `{}` or any folder above it; it is in {folders}: run flagctl in one of them, or name it \
         with `-C`",
        .start.display()
    )]
    SeveralProjects {
        /// The folder in which the search began.
        start: PathBuf,
        /// The folders that have one, relative to git's root.
        folders: String,
    },
    /// A revision has no [`PROJECT_FILE`] in the expected folder.
    #[error("`{path}` does not exist at {rev}{help}")]
    NoProjectAtRevision {
        /// The expected path of the file, relative to the git repository's root.
        path: String,
        /// The revision's name.
        rev: String,
        /// The folders in which the revision has a [`PROJECT_FILE`], and how to read one of them.
        help: String,
    },
    /// A path on the command line does not exist.
    #[error("`{}` is not a file or folder", .0.display())]
    Missing(PathBuf),
    /// A file or folder cannot be read.
    #[error("cannot read `{}`: {error}", .path.display())]
    Io {
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The definition files together are larger than a limit.
    #[error(
        "the definition files have more than {limit}; the largest are {largest}; distribute them over several flag \
             repositories"
    )]
    TooLarge {
        /// The limit, with its unit.
        limit: String,
        /// The paths of the largest files, with their sizes.
        largest: String,
    },
    /// The repository is for another version of flagctl.
    #[error(
        "{location}: the repository requires flagctl {required}, and this is flagctl {own}; install a version that          satisfies the requirement"
    )]
    OtherVersion {
        /// The position of the requirement.
        location: String,
        /// The requirement.
        required: String,
        /// The version of this program.
        own: &'static str,
    },
    /// A folder of definitions cannot be listed completely.
    #[error(transparent)]
    Folder(#[from] TreeError),
    /// The git repository or a revision cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}
