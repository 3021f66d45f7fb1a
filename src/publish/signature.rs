//! Signatures of manifests by SSH keys. `ssh-keygen` checks them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::error::PublishError;

/// The namespace of manifest signatures. `ssh-keygen` refuses a signature that was made for another namespace, such as
/// that of a git commit.
pub const NAMESPACE: &str = "flagctl";
const PROGRAM: &str = "ssh-keygen";

/// The signers that may publish, in a file that `ssh-keygen` and git can read.
#[derive(Debug, Clone)]
pub struct AllowedSigners {
    file: PathBuf,
}

impl AllowedSigners {
    /// Creates a value for the file with this path.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if the file does not exist.
    pub fn new(file: &Path) -> Result<Self, PublishError> {
        // `ssh-keygen` may run in another folder, so the path must be absolute.
        let file = fs::canonicalize(file).map_err(PublishError::io(file))?;
        Ok(Self { file })
    }

    /// Returns the name of the allowed signer who has signed an entry.
    ///
    /// # Errors
    /// Returns [`PublishError::Unsigned`] if the entry has no valid signature by an allowed signer, and
    /// [`PublishError::Signers`] if `ssh-keygen` cannot be run.
    pub fn check(&self, channel: &Channel<'_>, entry: &LogEntry) -> Result<String, PublishError> {
        let unsigned = |why: &str| PublishError::Unsigned { digest: entry.digest.clone(), why: why.to_owned() };
        let signature = channel.signature(&entry.digest)?.ok_or_else(|| unsigned("its signature file is missing"))?;
        let folder = TempDir::new().map_err(PublishError::io("the folder for temporary files"))?;
        let path = folder.path().join("signature");
        let content = folder.path().join("manifest");
        for (path, bytes) in [(&path, &signature), (&content, &entry.bytes)] {
            fs::write(path, bytes).map_err(PublishError::io(path))?;
        }
        let found = self.run(&["find-principals"], &path, None)?;
        let principals = String::from_utf8_lossy(&found.stdout).into_owned();
        let Some(signer) = principals.lines().next().filter(|_| found.status.success()) else {
            return Err(unsigned("it is signed by a key that no allowed signer has"));
        };
        let verified = self.run(&["verify", "-n", NAMESPACE, "-I", signer], &path, Some(&content))?;
        if verified.status.success() { Ok(signer.to_owned()) } else { Err(unsigned(&message(&verified))) }
    }

    fn run(&self, action: &[&str], signature: &Path, content: Option<&Path>) -> Result<Output, PublishError> {
        let mut command = Command::new(PROGRAM);
        command.arg("-Y").args(action).arg("-f").arg(&self.file).arg("-s").arg(signature).env("LC_ALL", "C");
        command.stdin(match content {
            Some(content) => fs::File::open(content).map_err(PublishError::io(content))?.into(),
            None => Stdio::null(),
        });
        command.output().map_err(|error| PublishError::Signers(format!("cannot run `{PROGRAM}`: {error}")))
    }
}

/// Returns the output of the program on stdout and stderr.
fn message(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    text.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
