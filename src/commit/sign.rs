//! Signatures, as git's settings ask for them, by the programs that git itself would run.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use git2::Signature;
use tempfile::TempDir;

use crate::commit::CommitError;
use crate::commit::branch::Workspace;
use crate::commit::git_command;
use crate::commit::git_command::Kind;

/// What git signs commits for.
const COMMITS: &str = "git";

/// Who signs, and by which program.
pub(super) struct Signer {
    program: String,
    key: Key,
    /// Keys may be given by a path relative to it.
    folder: PathBuf,
}

enum Key {
    /// What `gpg` and `gpgsm` know a key by.
    Named(String),
    /// A file of `ssh-keygen`'s.
    Path(String),
    /// A public key whose other half an agent holds.
    Agent(String),
}

impl Signer {
    /// None if commits are not to be signed.
    pub(super) fn new(site: &Workspace, committer: &Signature) -> Result<Option<Self>, CommitError> {
        if git_command::setting(site, Kind::Boolean, "commit.gpgsign")?.as_deref() != Some("true") {
            return Ok(None);
        }
        let format = git_command::setting(site, Kind::Text, "gpg.format")?.unwrap_or_else(|| "openpgp".to_owned());
        Self::of_format(site, &format, || {
            let of = |part: Result<&str, git2::Error>| part.unwrap_or_default().to_owned();
            format!("{} <{}>", of(committer.name()), of(committer.email()))
        })
        .map(Some)
    }

    /// With an ssh key, whatever commits are signed with.
    pub(super) fn ssh(site: &Workspace) -> Result<Self, CommitError> {
        Self::of_format(site, "ssh", String::new)
    }

    fn of_format(site: &Workspace, format: &str, committer: impl FnOnce() -> String) -> Result<Self, CommitError> {
        let usual = match format {
            "openpgp" => "gpg",
            "x509" => "gpgsm",
            "ssh" => "ssh-keygen",
            _ => return Err(CommitError::Signing(format!("`gpg.format` is `{format}`, which is no format"))),
        };
        let mut program = git_command::setting(site, Kind::Path, &format!("gpg.{format}.program"))?;
        if program.is_none() && format == "openpgp" {
            program = git_command::setting(site, Kind::Path, "gpg.program")?;
        }
        let key = git_command::setting(site, Kind::Path, "user.signingkey")?;
        let key = match (format, key) {
            ("ssh", None) => {
                return Err(CommitError::Signing("set `user.signingkey` to an ssh key".to_owned()));
            }
            ("ssh", Some(key)) => match key.strip_prefix("key::") {
                Some(key) => Key::Agent(key.to_owned()),
                None if key.starts_with("ssh-") => Key::Agent(key),
                None => Key::Path(key),
            },
            (_, Some(key)) => Key::Named(key),
            (_, None) => Key::Named(committer()),
        };
        let program = program.unwrap_or_else(|| usual.to_owned());
        Ok(Self { program, key, folder: site.folder().to_owned() })
    }

    pub(super) fn sign(&self, content: &str) -> Result<String, CommitError> {
        self.sign_for(COMMITS, content)
    }

    /// An ssh key's signature is for one purpose, and fits no other.
    pub(super) fn sign_for(&self, purpose: &str, content: &str) -> Result<String, CommitError> {
        let signature = match &self.key {
            Key::Named(key) => self.by_name(key, content)?,
            Key::Path(path) => self.by_ssh(purpose, Some(path), None, content)?,
            Key::Agent(key) => self.by_ssh(purpose, None, Some(key), content)?,
        };
        Ok(signature.replace('\r', "").trim_end().to_owned())
    }

    fn by_name(&self, key: &str, content: &str) -> Result<String, CommitError> {
        let failed = |error| CommitError::Program { program: self.program.clone(), error };
        let mut command = Command::new(&self.program);
        command.args(["--status-fd=2", "-bsau", key]).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            // A program that does not want to read says why when it ends.
            let _ = input.write_all(content.as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        let status = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() || !status.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED ")) {
            let said: Vec<_> = status.lines().filter(|line| !line.starts_with("[GNUPG:]")).collect();
            return Err(CommitError::Signing(format!("`{}` says: {}", self.program, said.join("\n"))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn by_ssh(
        &self,
        purpose: &str,
        path: Option<&str>,
        literal: Option<&str>,
        content: &str,
    ) -> Result<String, CommitError> {
        let folder = TempDir::new().map_err(CommitError::io("the folder for temporary files"))?;
        let buffer = folder.path().join("commit");
        fs::write(&buffer, content).map_err(CommitError::io(&buffer))?;
        let mut command = Command::new(&self.program);
        command.args(["-Y", "sign", "-n", purpose, "-f"]).current_dir(&self.folder).stdin(Stdio::null());
        if let Some(path) = path {
            command.arg(path);
        }
        if let Some(key) = literal {
            let file = folder.path().join("key");
            fs::write(&file, format!("{key}\n")).map_err(CommitError::io(&file))?;
            command.arg(file).arg("-U");
        }
        let output = git_command::output(command.arg(&buffer))?;
        let signature = buffer.with_extension("sig");
        if !output.status.success() {
            return Err(CommitError::Signing(format!("`{}` says: {}", self.program, git_command::said(&output))));
        }
        #[allow(clippy::disallowed_methods, reason = "a signature, not a definition")]
        fs::read_to_string(&signature).map_err(CommitError::io(&signature))
    }
}
