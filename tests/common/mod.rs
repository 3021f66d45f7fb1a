//! Repositories for tests, made by the real `git` in an environment of their own.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with repositories, and a home that has no settings.
pub(crate) struct Bench {
    folder: TempDir,
}

/// A repository of a bench.
pub(crate) struct Repository {
    home: PathBuf,
    /// Its working tree, or itself if it is bare.
    pub(crate) root: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // Where the temporary folder is a link, git names what it leads to.
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// A repository with no commits, on branch `main`.
    pub(crate) fn empty(&self, name: &str) -> Repository {
        let repository = self.at(name);
        fs::create_dir(&repository.root).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        repository.settle();
        repository
    }

    /// A repository with one commit of these files.
    pub(crate) fn repository(&self, name: &str, files: &[(&str, &str)]) -> Repository {
        let repository = self.empty(name);
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.git(&["add", "."]);
        repository.git(&["commit", "-q", "-m", "first"]);
        repository
    }

    /// A bare copy.
    pub(crate) fn bare(&self, name: &str, of: &Repository) -> Repository {
        of.git(&["clone", "-q", "--bare", ".", self.path(name).to_str().unwrap()]);
        let repository = self.at(name);
        repository.settle();
        repository
    }

    /// A clone with a working tree.
    pub(crate) fn clone(&self, name: &str, of: &Repository) -> Repository {
        of.git(&["clone", "-q", of.root.to_str().unwrap(), self.path(name).to_str().unwrap()]);
        let repository = self.at(name);
        repository.settle();
        repository
    }

    /// The repository that is there by now.
    pub(crate) fn at(&self, name: &str) -> Repository {
        Repository { home: self.folder.path().to_owned(), root: self.path(name) }
    }
}

impl Repository {
    /// Settings of the repository's own, so that nothing of the machine's gets in.
    fn settle(&self) {
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

    /// What git prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.root).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", &self.home);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (who, name) in [("AUTHOR", "Robin"), ("COMMITTER", "Robin")] {
            command.env(format!("GIT_{who}_NAME"), name).env(format!("GIT_{who}_EMAIL"), "robin@example.com");
            command.env(format!("GIT_{who}_DATE"), "2026-11-22T11:02:00Z");
        }
        command.output().unwrap()
    }

    /// Writes a file of the working tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file of the working tree.
    pub(crate) fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.root.join(path)).unwrap()).unwrap()
    }

    /// A file of the commit.
    pub(crate) fn show(&self, revision: &str, path: &str) -> String {
        self.git(&["show", &format!("{revision}:{path}")])
    }

    pub(crate) fn status(&self) -> String {
        self.git(&["status", "--porcelain"])
    }

    pub(crate) fn head(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision]).trim().to_owned()
    }

    /// A hook, as a shell script.
    #[cfg(unix)]
    pub(crate) fn hook(&self, name: &str, script: &str) {
        let folder = self.git(&["rev-parse", "--git-path", "hooks"]);
        let folder = self.root.join(folder.trim());
        fs::create_dir_all(&folder).unwrap();
        executable(&folder.join(name), script);
    }

    /// Asserts that nothing is broken and nothing lies around.
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

/// A shell script that can be run.
#[cfg(unix)]
pub(crate) fn executable(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
