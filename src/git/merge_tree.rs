//! Runs `git merge-tree`, the merge of the installed git, and returns the objects that it makes.
//!
//! Git works in a temporary repository that reads the objects of the real one. It has no settings and no hooks, and of
//! the real repository's files only the attributes of the merged paths. So git writes nothing to the real repository,
//! and it runs no merge driver and no other program that settings name. A file whose attributes name a driver of the
//! settings is merged as text, as on a server that does not have these settings.
//!
//! **Invariant:** git reads neither the settings of the repository nor those of the user.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::git::error::GitError;
use crate::temporary::TemporaryFolder;
use git2::{ObjectFormat, ObjectType, Odb, Oid};

/// Git's exit code for a merge without a conflict.
const CLEAN: i32 = 0;
/// Git's exit code for a merge with conflicts.
const CONFLICTS: i32 = 1;
/// Git's exit code for an option that it does not know.
const UNKNOWN_OPTION: i32 = 129;

/// The variables of the environment that would lead git to another repository or to other settings.
const VARIABLES: [&str; 10] = [
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_EXTERNAL_DIFF",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
];

/// A merge for git.
pub(super) struct MergeInput {
    /// The folder of the repository's objects.
    pub(super) objects: PathBuf,
    /// The kind of the repository's ids.
    pub(super) format: ObjectFormat,
    /// The content of the file that lists where a shallow clone ends.
    pub(super) shallow: Option<Vec<u8>>,
    /// The attributes of paths in git's folder.
    pub(super) local_attributes: Option<Vec<u8>>,
    /// The path and the content of each `.gitattributes` file of our branch.
    pub(super) attributes: Vec<(String, Vec<u8>)>,
    /// The settings that decide how git merges.
    pub(super) settings: Vec<(&'static str, String)>,
    /// The commit of our branch, and the commit to merge into it.
    pub(super) commits: [Oid; 2],
    /// The base of the merge, or `None` if git finds it.
    pub(super) base: Option<Oid>,
}

/// The result of a merge by git.
pub(super) enum MergeOutcome {
    /// The tree of a merge without a conflict, and the objects that are not in the repository.
    Clean { tree: Oid, objects: Vec<(ObjectType, Vec<u8>)> },
    /// The paths with conflicts, sorted.
    Conflicts(Vec<String>),
}

/// Merges two commits.
///
/// # Errors
/// Returns [`GitError`] if git cannot be run, or if it cannot merge for another reason than a conflict.
pub(super) fn merge_tree(input: &MergeInput) -> Result<MergeOutcome, GitError> {
    let repository = TemporaryRepository::new(input)?;
    let output = repository.merge(input)?;
    let failed = || GitError::MergeFailed(String::from_utf8_lossy(&output.stderr).trim_end().to_owned());
    let mut fields = output.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let tree = fields.next().unwrap_or_default().into_owned();
    match output.status.code() {
        Some(CLEAN) => {
            let tree = Oid::from_str_ext(&tree, input.format).map_err(|_| failed())?;
            Ok(MergeOutcome::Clean { tree, objects: repository.new_objects(input.format)? })
        }
        Some(CONFLICTS) => {
            let mut paths: Vec<String> =
                fields.filter(|path| !path.is_empty()).map(|path| without_label(&path, &input.commits)).collect();
            paths.sort();
            paths.dedup();
            Ok(MergeOutcome::Conflicts(paths))
        }
        Some(UNKNOWN_OPTION) => {
            let needed = if input.base.is_some() { "2.40" } else { "2.38" };
            Err(GitError::OldGit { needed, found: version()? })
        }
        _ => Err(failed()),
    }
}

/// A repository without history, settings and hooks, in a temporary folder. Dropping this value removes it.
struct TemporaryRepository {
    folder: TemporaryFolder,
}

impl TemporaryRepository {
    fn new(input: &MergeInput) -> Result<Self, GitError> {
        let folder = TemporaryFolder::new().map_err(GitError::Temporary)?;
        let repository = Self { folder };
        repository.write_files(input).map_err(GitError::Temporary)?;
        Ok(repository)
    }

    fn write_files(&self, input: &MergeInput) -> io::Result<()> {
        let git = self.git_folder();
        for folder in ["objects/info", "refs", "info"] {
            fs::create_dir_all(git.join(folder))?;
        }
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n")?;
        let (version, extensions) = match input.format {
            ObjectFormat::Sha1 => (0, ""),
            ObjectFormat::Sha256 => (1, "[extensions]\n\tobjectFormat = sha256\n"),
        };
        let config = format!("[core]\n\trepositoryFormatVersion = {version}\n\tbare = false\n{extensions}");
        fs::write(git.join("config"), config)?;
        fs::write(git.join("objects/info/alternates"), line(&input.objects))?;
        if let Some(shallow) = &input.shallow {
            fs::write(git.join("shallow"), shallow)?;
        }
        if let Some(attributes) = &input.local_attributes {
            fs::write(git.join("info/attributes"), attributes)?;
        }
        fs::create_dir_all(self.worktree())?;
        for (path, text) in &input.attributes {
            let path = self.worktree().join(path);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, text)?;
        }
        Ok(())
    }

    fn git_folder(&self) -> PathBuf {
        self.folder.path().join("git")
    }

    fn worktree(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn merge(&self, input: &MergeInput) -> Result<Output, GitError> {
        let mut command = git();
        for (name, value) in &input.settings {
            command.args(["-c", &format!("{name}={value}")]);
        }
        command.args(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"]);
        if let Some(base) = input.base {
            command.arg(format!("--merge-base={base}"));
        }
        command.args(input.commits.map(|commit| commit.to_string()));
        // In a hook, the variables with the folder of the pushed objects stay, because they have the commits to merge.
        command.env("GIT_DIR", self.git_folder()).env("GIT_WORK_TREE", self.worktree()).current_dir(self.worktree());
        command.output().map_err(GitError::NoGit)
    }

    /// Returns the objects that git has written to this repository.
    fn new_objects(&self, format: ObjectFormat) -> Result<Vec<(ObjectType, Vec<u8>)>, GitError> {
        let odb = Odb::new_ext(format)?;
        odb.add_disk_alternate(&self.git_folder().join("objects").to_string_lossy())?;
        let mut objects = Vec::new();
        for id in self.loose_ids(format).map_err(GitError::Temporary)? {
            let object = odb.read(id)?;
            objects.push((object.kind(), object.data().to_vec()));
        }
        Ok(objects)
    }

    fn loose_ids(&self, format: ObjectFormat) -> io::Result<Vec<Oid>> {
        let mut ids = Vec::new();
        for folder in fs::read_dir(self.git_folder().join("objects"))? {
            let folder = folder?;
            for file in fs::read_dir(folder.path())? {
                let id = format!("{}{}", folder.file_name().display(), file?.file_name().display());
                ids.extend(Oid::from_str_ext(&id, format));
            }
        }
        Ok(ids)
    }
}

/// Returns the path without the label that git adds to a file whose path is a folder on the other branch.
fn without_label(path: &str, commits: &[Oid]) -> String {
    let label = commits.iter().find_map(|commit| path.strip_suffix(&format!("~{commit}")));
    label.unwrap_or(path).to_owned()
}

/// Returns a line with a path.
fn line(path: &Path) -> Vec<u8> {
    let mut line = OsString::from(path).into_encoded_bytes();
    line.push(b'\n');
    line
}

/// Prepares git without settings.
fn git() -> Command {
    let mut command = Command::new("git");
    command.stdin(Stdio::null()).env("LC_ALL", "C");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" });
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Returns the version of the installed git.
fn version() -> Result<String, GitError> {
    let output = git().arg("version").output().map_err(GitError::NoGit)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("git version ").to_owned())
}
