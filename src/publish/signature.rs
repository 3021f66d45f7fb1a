//! Signatures by ssh keys, checked by the program that made them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::publish::{Channel, Entry, PublishError};

/// What signatures of manifests are made for, so that none made for something else is taken for one.
pub const NAMESPACE: &str = "flagctl";
const PROGRAM: &str = "ssh-keygen";

/// A file of who may publish, as `ssh-keygen` and git read it.
#[derive(Debug, Clone)]
pub struct AllowedSigners {
    file: PathBuf,
}

impl AllowedSigners {
    /// The file with that path.
    ///
    /// # Errors
    /// [`PublishError::Io`] if there is no such file.
    pub fn new(file: &Path) -> Result<Self, PublishError> {
        // The program may run elsewhere.
        let file = fs::canonicalize(file).map_err(PublishError::io(file))?;
        Ok(Self { file })
    }

    /// Who has signed a manifest.
    ///
    /// # Errors
    /// [`PublishError::Unsigned`] if nobody did who may.
    pub fn check(&self, channel: &Channel<'_>, entry: &Entry) -> Result<String, PublishError> {
        let unsigned = |why: &str| PublishError::Unsigned { digest: entry.digest.clone(), why: why.to_owned() };
        let signature = channel.signature(&entry.digest)?.ok_or_else(|| unsigned("there is none"))?;
        let folder = TempDir::new().map_err(PublishError::io("the folder for temporary files"))?;
        let path = folder.path().join("signature");
        let content = folder.path().join("manifest");
        for (path, bytes) in [(&path, &signature), (&content, &entry.bytes)] {
            fs::write(path, bytes).map_err(PublishError::io(path))?;
        }
        let found = self.run(&["find-principals"], &path, None)?;
        let who = String::from_utf8_lossy(&found.stdout).into_owned();
        let Some(who) = who.lines().next().filter(|_| found.status.success()) else {
            return Err(unsigned("it is by a key that the allowed signers do not have"));
        };
        let verified = self.run(&["verify", "-n", NAMESPACE, "-I", who], &path, Some(&content))?;
        if verified.status.success() { Ok(who.to_owned()) } else { Err(unsigned(&said(&verified))) }
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

fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    text.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}
