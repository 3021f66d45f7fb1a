//! Git repositories for tests, which the `git` program makes.
//!
//! Each process gets an empty environment except for `PATH`, a home folder without settings, and a fixed author and
//! date. The commit ids of a test are therefore the same on every machine.
//!
//! [`Bench`] is a temporary folder for several repositories. [`TestRepository`] is one repository with a clock, in
//! which each commit is one day younger than its parent. Most tests use it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The time of the first commit, 2026-11-01T00:00:00Z, in seconds since 1970.
pub(crate) const FIRST: u64 = 1_793_491_200;
const DAY: u64 = 86_400;
/// The time of every commit in a [`Repository`] that has no clock: 2026-11-22T11:02:00Z.
const FIXED: u64 = 1_795_345_320;

/// Settings of a project with one environment and one attribute.
pub(crate) const PROJECT: &str = "version: 1\nenvironments: [production]\nattributes:\n  country: string\n";

/// Returns the YAML of a flag that serves `on` or `off` to everyone.
pub(crate) fn flag(serves: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\n\
         off: off\ndefault: {serves}\n"
    )
}

/// Prepares a process whose environment has only `PATH`, a home folder, an author and a date, also for new files.
fn isolated(program: &str, home: &Path, author: &str, seconds: u64) -> Command {
    let mut command = Command::new(program);
    let date = format!("{seconds} +0000");
    let email = format!("{}@example.com", author.to_lowercase());
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("SOURCE_DATE_EPOCH", seconds.to_string())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([("GIT_AUTHOR_NAME", author), ("GIT_AUTHOR_EMAIL", &email), ("GIT_AUTHOR_DATE", &date)])
        .envs([("GIT_COMMITTER_NAME", author), ("GIT_COMMITTER_EMAIL", &email), ("GIT_COMMITTER_DATE", &date)]);
    command
}

fn write_file(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A temporary folder with repositories. It is the home folder of all processes.
pub(crate) struct Bench {
    folder: TempDir,
}

/// A repository of a [`Bench`]. All of its commits have the same author and date.
pub(crate) struct Repository {
    home: PathBuf,
    /// The working tree, or the git folder of a bare repository.
    pub(crate) root: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // If the temporary folder is a link, git prints the path of the link's target.
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Makes a repository without commits, on branch `main`.
    pub(crate) fn empty(&self, name: &str) -> Repository {
        let repository = self.at(name);
        fs::create_dir(&repository.root).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        repository.configure();
        repository
    }

    /// Makes a repository with one commit of these files.
    pub(crate) fn repository(&self, name: &str, files: &[(&str, &str)]) -> Repository {
        let repository = self.empty(name);
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.git(&["add", "."]);
        repository.git(&["commit", "-q", "-m", "first"]);
        repository
    }

    /// Makes a bare copy.
    pub(crate) fn bare(&self, name: &str, of: &Repository) -> Repository {
        of.git(&["clone", "-q", "--bare", ".", self.path(name).to_str().unwrap()]);
        let repository = self.at(name);
        repository.configure();
        repository
    }

    /// Makes a clone with a working tree.
    pub(crate) fn clone(&self, name: &str, of: &Repository) -> Repository {
        of.git(&["clone", "-q", of.root.to_str().unwrap(), self.path(name).to_str().unwrap()]);
        let repository = self.at(name);
        repository.configure();
        repository
    }

    /// Opens an existing repository.
    pub(crate) fn at(&self, name: &str) -> Repository {
        Repository { home: self.home().to_owned(), root: self.path(name) }
    }
}

impl Repository {
    /// Writes settings to the repository. The library runs in the process of the test, and would otherwise use the
    /// settings of the machine.
    fn configure(&self) {
        let hooks = format!("{}/hooks", self.git(&["rev-parse", "--absolute-git-dir"]).trim());
        let settings = [
            ("user.name", "Dana"),
            ("user.email", "dana@example.com"),
            ("commit.gpgsign", "false"),
            ("core.autocrlf", "false"),
            ("core.hooksPath", &hooks),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
        ];
        for (name, value) in settings {
            self.git(&["config", name, value]);
        }
    }

    /// Runs git and returns its standard output.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        isolated("git", &self.home, "Robin", FIXED).args(arguments).current_dir(&self.root).output().unwrap()
    }

    /// Writes a file of the working tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        write_file(&self.root, path, text);
    }

    /// Reads a file of the working tree.
    pub(crate) fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.root.join(path)).unwrap()).unwrap()
    }

    /// Reads a file of a revision.
    pub(crate) fn show(&self, revision: &str, path: &str) -> String {
        self.git(&["show", &format!("{revision}:{path}")])
    }

    pub(crate) fn status(&self) -> String {
        self.git(&["status", "--porcelain"])
    }

    /// Returns the id of a revision's commit.
    pub(crate) fn head(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision]).trim().to_owned()
    }

    /// Installs a shell script as a hook.
    #[cfg(unix)]
    pub(crate) fn hook(&self, name: &str, script: &str) {
        let folder = self.git(&["rev-parse", "--git-path", "hooks"]);
        let folder = self.root.join(folder.trim());
        fs::create_dir_all(&folder).unwrap();
        executable(&folder.join(name), script);
    }

    /// Asserts that no object is broken and that no lock file remains.
    pub(crate) fn is_sound(&self) {
        let output = self.try_git(&["fsck", "--strict", "--no-dangling"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut locks = Vec::new();
        let mut folders = vec![PathBuf::from(self.git(&["rev-parse", "--absolute-git-dir"]).trim())];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "lock") {
                    locks.push(path);
                }
            }
        }
        assert!(locks.is_empty(), "{locks:?}");
    }
}

/// Writes an executable shell script. A process of its own writes the file: a child that another test starts meanwhile
/// would hold the open file, and a file that is open for writing cannot be run.
#[cfg(unix)]
pub(crate) fn executable(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let mut shell = Command::new("sh");
    shell.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\"", "sh"]).arg(path).arg(script);
    assert!(shell.status().unwrap().success());
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A repository named `shop` in a [`Bench`] of its own, with a clock.
pub(crate) struct TestRepository {
    bench: Bench,
    root: PathBuf,
    /// The time of the next commit, in seconds since 1970.
    now: u64,
}

/// The output of a process and its exit code, which is `None` if a signal ended the process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TestRepository {
    /// Makes an empty repository whose branch is `main`.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// Makes an empty repository, with additional arguments for `git init`.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let bench = Bench::new();
        let root = bench.path("shop");
        fs::create_dir(&root).unwrap();
        let repository = Self { bench, root, now: FIRST };
        repository.git(&[&["init", "--quiet", "--initial-branch=main"], arguments].concat());
        repository
    }

    /// Makes a repository with [`PROJECT`] and a flag `sale`, which serves `off` at the first commit and `on` at the
    /// second commit.
    pub(crate) fn with_sale() -> Self {
        let mut repository = Self::new();
        repository.sell();
        repository
    }

    /// Makes the two commits of [`TestRepository::with_sale`].
    pub(crate) fn sell(&mut self) {
        self.write("flagctl.yaml", PROJECT);
        self.write("flags/sale.yaml", &flag("off"));
        self.commit("sale: begins switched off");
        self.write("flags/sale.yaml", &flag("on"));
        self.commit("sale: for everyone");
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns a path in the parent folder of the repository, for clones and worktrees.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write_file(&self.root, path, text);
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Commits all changes and returns the commit's id.
    pub(crate) fn commit(&mut self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.now += DAY;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Lets days pass before the next commit.
    #[cfg(unix)]
    pub(crate) fn wait_days(&mut self, days: u64) {
        self.now += days * DAY;
    }

    /// Runs git in the repository and returns its standard output without the last line break.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.root, arguments)
    }

    /// Merges a branch into the branch that is checked out, perhaps with a conflict.
    pub(crate) fn try_merge(&self, branch: &str) -> Ran {
        self.run(self.command("git").arg("-C").arg(&self.root).args(["merge", "--quiet", "--no-edit", branch]), "")
    }

    /// Runs git in another folder.
    pub(crate) fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        self.checked(folder, arguments, "")
    }

    /// Runs git in the repository with a text on standard input.
    pub(crate) fn git_with(&self, arguments: &[&str], stdin: &str) -> String {
        self.checked(&self.root, arguments, stdin)
    }

    /// Runs git in another folder with a text on standard input.
    pub(crate) fn git_in_with(&self, folder: &Path, arguments: &[&str], stdin: &str) -> String {
        self.checked(folder, arguments, stdin)
    }

    fn checked(&self, folder: &Path, arguments: &[&str], stdin: &str) -> String {
        let ran = self.run(self.command("git").arg("-C").arg(folder).args(arguments), stdin);
        assert_eq!(ran.code, Some(0), "git {arguments:?}: {}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    /// Clones the repository to its parent folder with git's transport protocol.
    pub(crate) fn clone_to(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let clone = self.beside(name);
        let address = format!("file://{}", self.root.display());
        let end = [address.as_str(), clone.to_str().unwrap()];
        self.git(&[&["clone", "--quiet"], arguments, &end[..]].concat());
        clone
    }

    /// Runs flagctl in the repository.
    pub(crate) fn flagctl(&self, arguments: &[&str]) -> Ran {
        self.flagctl_in(&self.root, arguments)
    }

    /// Runs flagctl in another folder.
    pub(crate) fn flagctl_in(&self, folder: &Path, arguments: &[&str]) -> Ran {
        self.run(self.command(env!("CARGO_BIN_EXE_flagctl")).current_dir(folder).args(arguments), "")
    }

    /// Runs a shell command in the repository. In this command, `flagctl` is the binary under test.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        self.shell_of("sh", line)
    }

    /// Runs a command of bash, as [`TestRepository::shell`] does.
    #[cfg(unix)]
    pub(crate) fn bash(&self, line: &str) -> Ran {
        self.shell_of("bash", line)
    }

    fn shell_of(&self, program: &str, line: &str) -> Ran {
        let folder = Path::new(env!("CARGO_BIN_EXE_flagctl")).parent().unwrap().to_owned();
        let mut path = vec![folder];
        path.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
        let mut command = self.command(program);
        command.env("PATH", std::env::join_paths(path).unwrap()).current_dir(&self.root).args(["-c", line]);
        self.run(&mut command, "")
    }

    /// Prepares a process with the environment of the bench and the time of the next commit.
    pub(crate) fn command(&self, program: &str) -> Command {
        isolated(program, self.bench.home(), "Dana", self.now)
    }

    fn run(&self, command: &mut Command, stdin: &str) -> Ran {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        // The path of the temporary folder differs in each run.
        let folder = self.bench.path("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(folder, "[FOLDER]");
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}
