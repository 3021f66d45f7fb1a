//! Signatures of manifests by SSH keys. `ssh-keygen` checks them, in the way in which git checks those of commits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::error::PublishError;
use crate::publish::seal::Seal;

/// The namespace of manifest signatures. `ssh-keygen` refuses a signature that was made for another namespace, such as
/// that of a git commit.
pub const NAMESPACE: &str = "flagctl";
const PROGRAM: &str = "ssh-keygen";

/// The signers that may publish, in files that `ssh-keygen` and git can read.
#[derive(Debug, Clone)]
pub struct AllowedSigners {
    file: PathBuf,
    /// The keys that were revoked.
    revoked: Option<PathBuf>,
}

impl AllowedSigners {
    /// Creates a value for the files with these paths.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if a file does not exist.
    pub fn new(file: &Path, revoked: Option<&Path>) -> Result<Self, PublishError> {
        // `ssh-keygen` may run in another folder, so the paths must be absolute.
        let absolute = |file: &Path| fs::canonicalize(file).map_err(PublishError::io(file));
        Ok(Self { file: absolute(file)?, revoked: revoked.map(absolute).transpose()? })
    }

    /// Returns the name of the allowed signer who has signed an entry.
    ///
    /// # Errors
    /// Returns [`PublishError::Unsigned`] if the entry has no valid signature by an allowed signer, and
    /// [`PublishError::Signers`] if `ssh-keygen` cannot be run.
    pub fn check(&self, channel: &Channel<'_>, entry: &LogEntry) -> Result<String, PublishError> {
        let (environment, sequence) = (channel.environment().to_owned(), entry.manifest.sequence);
        let unsigned = |why: &str| PublishError::Unsigned { environment, sequence, why: why.to_owned() };
        let signature = match channel.seal(sequence)? {
            Some(Seal::Signature(signature)) => signature,
            Some(Seal::Unsigned) => return Err(unsigned("it was published without one")),
            Some(Seal::Void) => return Err(unsigned("it is void")),
            None => return Err(unsigned("its signature file is missing")),
        };
        let folder = TempDir::new().map_err(PublishError::io("the folder for temporary files"))?;
        let path = folder.path().join("signature");
        let content = folder.path().join("manifest");
        for (path, bytes) in [(&path, &signature), (&content, &entry.bytes)] {
            fs::write(path, bytes).map_err(PublishError::io(path))?;
        }
        let found = self.run(&["find-principals"], &path, None)?;
        let principals = String::from_utf8_lossy(&found.stdout).into_owned();
        let mut why = "it is signed by a key that no allowed signer has".to_owned();
        // A key can have several lines, each with its own namespaces and dates, and a line can have several names.
        for signer in principals.lines().flat_map(|line| line.split(',')).filter(|name| !name.starts_with('!')) {
            let mut arguments = vec!["verify", "-n", NAMESPACE, "-I", signer];
            if let Some(revoked) = self.revoked.as_deref() {
                let text = revoked.to_str();
                arguments.extend(["-r", text.ok_or_else(|| PublishError::Signers(not_text(revoked)))?]);
            }
            let verified = self.run(&arguments, &path, Some(&content))?;
            if verified.status.success() {
                return Ok(signer.to_owned());
            }
            why = message(&verified);
        }
        Err(unsigned(&why))
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

fn not_text(path: &Path) -> String {
    format!("the path `{}` is not UTF-8", path.display())
}

/// Returns the output of the program on stdout and stderr.
fn message(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    text.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
