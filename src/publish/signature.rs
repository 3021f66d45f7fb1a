//! Signatures of manifests by SSH keys. `ssh-keygen` checks them, in the way in which git checks those of commits.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use crate::publish::channel::{Channel, LogEntry};
use crate::publish::error::PublishError;
use crate::publish::local_file;
use crate::publish::seal::Seal;
use crate::temporary::TemporaryFolder;

/// The namespace of manifest signatures. `ssh-keygen` refuses a signature that was made for another namespace, such as
/// that of a git commit.
pub const NAMESPACE: &str = "flagctl";
const PROGRAM: &str = "ssh-keygen";
/// The maximum size of the file of allowed signers.
const MAX_SIGNERS_BYTES: u64 = 1 << 20;
/// The maximum number of names in the file of allowed signers. Each takes a call of `ssh-keygen`.
const MAX_CANDIDATES: usize = 1_000;

/// The signers that may publish, in files that `ssh-keygen` and git can read.
#[derive(Debug, Clone)]
pub struct AllowedSigners {
    file: PathBuf,
    /// The keys that were revoked.
    revoked: Option<PathBuf>,
    /// The folder of `file`, if it is temporary.
    _folder: Option<Arc<TemporaryFolder>>,
}

impl AllowedSigners {
    /// Creates a value for the files with these paths.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if a file does not exist.
    pub fn new(file: &Path, revoked: Option<&Path>) -> Result<Self, PublishError> {
        // `ssh-keygen` may run in another folder, so the paths must be absolute.
        let absolute = |file: &Path| fs::canonicalize(file).map_err(PublishError::io(file));
        Ok(Self { file: absolute(file)?, revoked: revoked.map(absolute).transpose()?, _folder: None })
    }

    /// Creates a value for a single public key.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if the temporary file of the key cannot be written.
    pub fn of_key(public_key: &str, revoked: Option<&Path>) -> Result<Self, PublishError> {
        let folder = TemporaryFolder::new().map_err(PublishError::io("the folder for temporary files"))?;
        let file = folder.path().join("signers");
        let key = public_key.lines().next().unwrap_or_default();
        fs::write(&file, format!("publisher namespaces=\"{NAMESPACE}\" {key}\n")).map_err(PublishError::io(&file))?;
        Ok(Self { _folder: Some(Arc::new(folder)), ..Self::new(&file, revoked)? })
    }

    /// Creates a value for the text of a file of allowed signers.
    ///
    /// # Errors
    /// Returns [`PublishError::Io`] if the temporary file cannot be written.
    pub fn of_file_text(text: &str) -> Result<Self, PublishError> {
        let folder = TemporaryFolder::new().map_err(PublishError::io("the folder for temporary files"))?;
        let file = folder.path().join("signers");
        fs::write(&file, text).map_err(PublishError::io(&file))?;
        Ok(Self { _folder: Some(Arc::new(folder)), ..Self::new(&file, None)? })
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
        self.verify(NAMESPACE, &signature, &entry.bytes)?.map_err(|why| unsigned(&why))
    }

    /// Returns the name of the allowed signer who has signed a text in a namespace, or the reason why none has.
    ///
    /// # Errors
    /// Returns [`PublishError::Signers`] if `ssh-keygen` cannot be run.
    pub fn verify(
        &self,
        namespace: &str,
        signature: &[u8],
        content: &[u8],
    ) -> Result<Result<String, String>, PublishError> {
        let folder = TemporaryFolder::new().map_err(PublishError::io("the folder for temporary files"))?;
        let path = folder.path().join("signature");
        let content_path = folder.path().join("content");
        for (path, bytes) in [(&path, signature), (&content_path, content)] {
            fs::write(path, bytes).map_err(PublishError::io(path))?;
        }
        let mut why = None;
        for signer in self.candidates(&path)? {
            let mut arguments = vec!["verify", "-n", namespace, "-I", &signer];
            if let Some(revoked) = self.revoked.as_deref() {
                let text = revoked.to_str();
                arguments.extend(["-r", text.ok_or_else(|| PublishError::Signers(not_text(revoked)))?]);
            }
            let verified = self.run(&arguments, &path, Some(&content_path))?;
            if verified.status.success() {
                return Ok(Ok(signer));
            }
            // The first name belongs to the key, so its message is the most helpful one.
            why.get_or_insert_with(|| message(&verified));
        }
        Ok(Err(why.unwrap_or_else(|| "it is signed by a key that no allowed signer has".to_owned())))
    }

    /// Returns the names under which `ssh-keygen` may accept a signature. The list is empty if no line has its key.
    ///
    /// `ssh-keygen` itself finds only the first line with the key. A key can have several lines, each with its own
    /// names, namespaces and dates, so the names of the other lines follow.
    fn candidates(&self, signature: &Path) -> Result<Vec<String>, PublishError> {
        let found = self.run(&["find-principals"], signature, None)?;
        if !found.status.success() {
            return Ok(Vec::new());
        }
        let file = local_file::read(&self.file, MAX_SIGNERS_BYTES)?;
        let file = file.ok_or_else(|| PublishError::Signers(format!("`{}` is too large", self.file.display())))?;
        let (first, all) = (String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&file));
        let all = all.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(|line| {
            line.strip_prefix('"').map_or_else(|| line.split_whitespace().next(), |line| line.split('"').next())
        });
        let names = first.lines().chain(all).flat_map(|names| names.split(','));
        let mut seen = BTreeSet::new();
        let new = names.filter(|name| !name.is_empty() && !name.starts_with('!') && seen.insert(*name));
        Ok(new.take(MAX_CANDIDATES).map(str::to_owned).collect())
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
