//! Signatures by git's settings. The same programs as in git make them: `gpg`, `gpgsm` or `ssh-keygen`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git2::Signature;

use crate::commit::error::CommitError;
use crate::commit::git_command;
use crate::commit::git_command::SettingType;
use crate::commit::workspace::Workspace;
use crate::temporary::TemporaryFolder;

/// The namespace of ssh signatures of commits.
const COMMIT_NAMESPACE: &str = "git";

/// Signs a text with the ssh key in git's settings. The namespace of the signature differs from that of commits.
///
/// # Errors
/// Returns [`CommitError`] if git's settings have no such key, or if signing fails.
pub fn sign_text(folder: &Path, namespace: &str, text: &str) -> Result<String, CommitError> {
    let signer = Signer::with_ssh(&Workspace::open(folder)?);
    Ok(signer.and_then(|signer| signer.sign(namespace, text)).map_err(CommitError::for_text)? + "\n")
}

/// Returns the public key of the ssh key in git's settings, with which [`sign_text`] signs.
///
/// # Errors
/// Returns [`CommitError`] if git's settings have no such key, or if `ssh-keygen` cannot read it.
pub fn signing_key(folder: &Path) -> Result<String, CommitError> {
    let signer = Signer::with_ssh(&Workspace::open(folder)?).map_err(CommitError::for_text)?;
    let path = match &signer.key {
        Key::Agent(key) | Key::Named(key) => return Ok(key.clone()),
        Key::Path(path) => signer.folder.join(path),
    };
    for public in [path.clone(), PathBuf::from(format!("{}.pub", path.display()))] {
        #[allow(clippy::disallowed_methods, reason = "a key, not a definition")]
        if let Ok(text) = fs::read_to_string(&public)
            && !text.starts_with("-----")
        {
            return Ok(text);
        }
    }
    let mut command = Command::new("ssh-keygen");
    let output = git_command::output(command.args(["-y", "-P", "", "-f"]).arg(&path).stdin(Stdio::null()))?;
    if !output.status.success() {
        let why = git_command::combined_output(&output);
        return Err(CommitError::for_text(CommitError::CommitSignature(format!("`ssh-keygen -y` failed: {why}"))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the path in the setting `gpg.ssh.allowedSignersFile`. The file contains the keys that git trusts for
/// signatures.
///
/// # Errors
/// Returns [`CommitError`] if git cannot be run.
pub fn allowed_signers(folder: &Path) -> Result<Option<PathBuf>, CommitError> {
    let workspace = Workspace::open(folder)?;
    let file = git_command::setting(workspace.folder(), SettingType::Path, "gpg.ssh.allowedSignersFile")?;
    Ok(file.map(|file| folder.join(file)))
}

/// Returns the path in the setting `gpg.ssh.revocationFile`. The file contains the keys that git does not trust any
/// more. Outside a repository, the settings of the user and of the machine apply. Without git, there are no settings.
///
/// # Errors
/// Returns [`CommitError`] if git refuses to read its settings.
pub fn revoked_signers(folder: &Path) -> Result<Option<PathBuf>, CommitError> {
    const NAME: &str = "gpg.ssh.revocationFile";
    let file = match Workspace::open(folder) {
        Ok(workspace) => git_command::setting(workspace.folder(), SettingType::Path, NAME)?,
        Err(CommitError::NoRepository(_)) => match git_command::setting(folder, SettingType::Path, NAME) {
            Err(CommitError::Program { .. }) => None,
            file => file?,
        },
        Err(error) => return Err(error),
    };
    Ok(file.map(|file| folder.join(file)))
}

/// A signing key and the program that uses it.
pub(super) struct Signer {
    program: String,
    key: Key,
    /// The folder to which the relative paths of keys refer.
    folder: PathBuf,
}

enum Key {
    /// The name of the key in `gpg` or `gpgsm`.
    Named(String),
    /// The path of a key file for `ssh-keygen`.
    Path(String),
    /// A public key. An ssh agent holds the private key.
    Agent(String),
}

impl Signer {
    /// Returns the signer of commits, or `None` if git's settings do not require signatures.
    pub(super) fn for_commits(workspace: &Workspace, committer: &Signature) -> Result<Option<Self>, CommitError> {
        if git_command::setting(workspace.folder(), SettingType::Boolean, "commit.gpgsign")?.as_deref() != Some("true")
        {
            return Ok(None);
        }
        let format = git_command::setting(workspace.folder(), SettingType::Text, "gpg.format")?
            .unwrap_or_else(|| "openpgp".to_owned());
        Self::with_format(workspace, &format, || {
            format!("{} <{}>", committer.name().unwrap_or_default(), committer.email().unwrap_or_default())
        })
        .map(Some)
    }

    /// Returns a signer with an ssh key, even if git's settings require another format for commits.
    fn with_ssh(workspace: &Workspace) -> Result<Self, CommitError> {
        Self::with_format(workspace, "ssh", String::new)
    }

    fn with_format(
        workspace: &Workspace,
        format: &str,
        committer: impl FnOnce() -> String,
    ) -> Result<Self, CommitError> {
        let default_program = match format {
            "openpgp" => "gpg",
            "x509" => "gpgsm",
            "ssh" => "ssh-keygen",
            _ => {
                return Err(CommitError::CommitSignature(format!(
                    "`gpg.format` is `{format}`; expected `openpgp`, `x509` or `ssh`"
                )));
            }
        };
        let mut program =
            git_command::setting(workspace.folder(), SettingType::Path, &format!("gpg.{format}.program"))?;
        if program.is_none() && format == "openpgp" {
            program = git_command::setting(workspace.folder(), SettingType::Path, "gpg.program")?;
        }
        let key = git_command::setting(workspace.folder(), SettingType::Path, "user.signingkey")?;
        let key = match (format, key) {
            ("ssh", None) => {
                return Err(CommitError::CommitSignature("set `user.signingkey` to an ssh key".to_owned()));
            }
            ("ssh", Some(key)) => match key.strip_prefix("key::") {
                Some(key) => Key::Agent(key.to_owned()),
                None if key.starts_with("ssh-") => Key::Agent(key),
                None => Key::Path(key),
            },
            (_, Some(key)) => Key::Named(key),
            (_, None) => Key::Named(committer()),
        };
        let program = program.unwrap_or_else(|| default_program.to_owned());
        Ok(Self { program, key, folder: workspace.folder().to_owned() })
    }

    /// Signs the content of a commit.
    pub(super) fn sign_commit(&self, content: &str) -> Result<String, CommitError> {
        self.sign(COMMIT_NAMESPACE, content)
    }

    /// Signs a text. An ssh signature is valid only for its namespace, so it cannot be used for another purpose.
    fn sign(&self, namespace: &str, content: &str) -> Result<String, CommitError> {
        let signature = match &self.key {
            Key::Named(key) => self.sign_with_gpg(key, content)?,
            Key::Path(path) => self.sign_with_ssh(namespace, Some(path), None, content)?,
            Key::Agent(key) => self.sign_with_ssh(namespace, None, Some(key), content)?,
        };
        Ok(signature.replace('\r', "").trim_end().to_owned())
    }

    fn sign_with_gpg(&self, key: &str, content: &str) -> Result<String, CommitError> {
        let failed = |error| CommitError::Program { program: self.program.clone(), error };
        let mut command = Command::new(&self.program);
        command.args(["--status-fd=2", "-bsau", key]).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            // A failed write is ignored here, because a program that stops reading reports the reason when it ends.
            let _ = input.write_all(content.as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        let status = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() || !status.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED ")) {
            let messages: Vec<_> = status.lines().filter(|line| !line.starts_with("[GNUPG:]")).collect();
            return Err(CommitError::CommitSignature(format!("`{}` failed: {}", self.program, messages.join("\n"))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn sign_with_ssh(
        &self,
        namespace: &str,
        path: Option<&str>,
        public_key: Option<&str>,
        content: &str,
    ) -> Result<String, CommitError> {
        let folder = TemporaryFolder::new().map_err(CommitError::io("the folder for temporary files"))?;
        let buffer = folder.path().join("commit");
        fs::write(&buffer, content).map_err(CommitError::io(&buffer))?;
        let mut command = Command::new(&self.program);
        command.args(["-Y", "sign", "-n", namespace, "-f"]).current_dir(&self.folder).stdin(Stdio::null());
        if let Some(path) = path {
            command.arg(path);
        }
        if let Some(key) = public_key {
            let file = folder.path().join("key");
            fs::write(&file, format!("{key}\n")).map_err(CommitError::io(&file))?;
            command.arg(file).arg("-U");
        }
        let output = git_command::output(command.arg(&buffer))?;
        let signature = buffer.with_extension("sig");
        if !output.status.success() {
            return Err(CommitError::CommitSignature(format!(
                "`{}` failed: {}",
                self.program,
                git_command::combined_output(&output)
            )));
        }
        #[allow(clippy::disallowed_methods, reason = "a signature, not a definition")]
        fs::read_to_string(&signature).map_err(CommitError::io(&signature))
    }
}
