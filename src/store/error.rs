//! The errors of reading and writing a target.

use std::io;
use std::path::PathBuf;

/// The reason why a target cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The scheme of the target is unknown.
    #[error("expected a folder, `s3://`, `gs://` or `az://` with a bucket, or `https://`, found `{0}://`")]
    Scheme(String),
    /// The address of a web server cannot be used.
    #[error("cannot use `{target}`: {why}")]
    Address {
        /// The target, without its password.
        target: String,
        /// The reason.
        why: String,
    },
    /// The target can only be read.
    #[error("cannot write to `{0}`, which is read-only: publish to the bucket or the folder behind it")]
    ReadOnly(String),
    /// The folders of the target cannot be listed.
    #[error("cannot list the folders of `{0}`")]
    NotListed(String),
    /// This build of flagctl supports only folders.
    #[error("cannot use `{0}`: this flagctl was built without the feature `cloud`")]
    NotBuilt(String),
    /// A file or folder cannot be used.
    #[error("cannot use `{}`: {error}", .path.display())]
    Io {
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A setting has characters that cannot be sent. The value may be a secret, so it is not in the message.
    #[error("the environment variable `{0}` has a line break or another character that is not visible ASCII")]
    Setting(String),
    /// An object has more bytes than its reader accepts.
    #[error("cannot use `{target}`: it is too large: expected at most {max_bytes} bytes")]
    TooLarge {
        /// The target, and the path in it.
        target: String,
        /// The maximum number of bytes.
        max_bytes: u64,
    },
    /// The object store rejects the request or cannot be reached.
    #[error("cannot use `{target}`: {why}")]
    Refused {
        /// The target, and the path in it.
        target: String,
        /// The reason in the message of the store.
        why: String,
    },
}

impl StoreError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }
}
