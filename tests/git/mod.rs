//! A git repository for tests: the real `git`, with nobody's settings and fixed authors and dates, so that
//! the same steps make the same commit ids on every machine.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses what it needs, and may end in a panic"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The first commit's moment, 2026-11-01T00:00:00Z; each further one is made a day later.
pub const FIRST: u64 = 1_793_491_200;
const DAY: u64 = 86_400;

/// Settings of a project with one environment and one attribute.
pub const PROJECT: &str = "version: 1\nenvironments: [production]\nattributes:\n  country: string\n";

/// A flag that serves `on` or `off` to everyone.
pub fn flag(serves: &str) -> String {
    format!(
        "description: A test's.\nowner: tests\nexpires: 2027-01-01\nvariants: {{on: true, off: false}}\n\
         off: off\ndefault: {serves}\n"
    )
}

/// A repository in a temporary folder.
pub struct TestRepository {
    /// Holds the repository, its clones and `$HOME`; removed in the end.
    place: TempDir,
    root: PathBuf,
    /// The moment of the next commit, in seconds since 1970.
    now: u64,
}

/// What a process wrote and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl TestRepository {
    /// An empty repository whose branch is `main`.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With more arguments for `git init`.
    pub fn with(arguments: &[&str]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap().join("shop");
        fs::create_dir(&root).unwrap();
        let repository = Self { place, root, now: FIRST };
        repository.git(&[&["init", "--quiet", "--initial-branch=main"], arguments].concat());
        repository
    }

    /// With [`PROJECT`] and a flag `sale` that serves `off` at the first commit and `on` at the second.
    pub fn with_sale() -> Self {
        let mut repository = Self::new();
        repository.sell();
        repository
    }

    /// The two commits of [`TestRepository::with_sale`].
    pub fn sell(&mut self) {
        self.write("flagctl.yaml", PROJECT);
        self.write("flags/sale.yaml", &flag("off"));
        self.commit("sale: begins switched off");
        self.write("flags/sale.yaml", &flag("on"));
        self.commit("sale: for everyone");
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A place beside the repository, for clones and worktrees.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Commits everything that changed; the id.
    pub fn commit(&mut self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.now += DAY;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the repository; what it wrote, without the line's end.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.root, arguments)
    }

    /// Runs git in another folder.
    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let ran = self.run(self.command("git").arg("-C").arg(folder).args(arguments), "");
        assert_eq!(ran.code, Some(0), "git {arguments:?}: {}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    /// Runs git with something on stdin.
    pub fn git_with(&self, arguments: &[&str], stdin: &str) -> String {
        let ran = self.run(self.command("git").arg("-C").arg(&self.root).args(arguments), stdin);
        assert_eq!(ran.code, Some(0), "git {arguments:?}: {}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    /// Clones the repository beside it, as over the network.
    pub fn clone_to(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let clone = self.beside(name);
        let address = format!("file://{}", self.root.display());
        let end = [address.as_str(), clone.to_str().unwrap()];
        self.git(&[&["clone", "--quiet"], arguments, &end[..]].concat());
        clone
    }

    /// Runs flagctl in the repository.
    pub fn flagctl(&self, arguments: &[&str]) -> Ran {
        self.flagctl_in(&self.root, arguments)
    }

    /// Runs flagctl in another folder.
    pub fn flagctl_in(&self, folder: &Path, arguments: &[&str]) -> Ran {
        self.run(self.command(env!("CARGO_BIN_EXE_flagctl")).current_dir(folder).args(arguments), "")
    }

    /// Runs a line of a shell in the repository, in which `flagctl` is the one under test.
    pub fn shell(&self, line: &str) -> Ran {
        let folder = Path::new(env!("CARGO_BIN_EXE_flagctl")).parent().unwrap().to_owned();
        let mut path = vec![folder];
        path.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
        let mut command = self.command("sh");
        command.env("PATH", std::env::join_paths(path).unwrap()).current_dir(&self.root).args(["-c", line]);
        self.run(&mut command, "")
    }

    /// A program with nothing of the environment but where programs are.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let date = format!("{} +0000", self.now);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.place.path())
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs([("GIT_AUTHOR_NAME", "Dana"), ("GIT_AUTHOR_EMAIL", "dana@example.com")])
            .envs([("GIT_COMMITTER_NAME", "Dana"), ("GIT_COMMITTER_EMAIL", "dana@example.com")])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)]);
        command
    }

    fn run(&self, command: &mut Command, stdin: &str) -> Ran {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        // Where the repository lies is different each time.
        let place = self.place.path().canonicalize().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(place.to_str().unwrap(), "[PLACE]");
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}
