//! Why a target cannot be read or written.

use std::io;
use std::path::PathBuf;

/// A target cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such kind of target.
    #[error("`{0}://` is no kind of target: write a folder, or `s3://`, `gs://` or `az://` with a bucket")]
    Scheme(String),
    /// A build for folders only.
    #[error("`{0}` needs the feature `cloud`, without which this flagctl was built")]
    NotBuilt(String),
    /// The file system refused.
    #[error("cannot use `{}`: {error}", .path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// The object store refused, or cannot be reached.
    #[error("cannot use `{target}`: {why}")]
    Refused {
        /// What was asked for.
        target: String,
        /// What the store says.
        why: String,
    },
}

impl StoreError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }
}
