//! Commands that a signal ends at any moment: the next run finds nothing that stops it, and removes what was left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::git_bench::{TestRepository, executable, flag};

const KILL: [&str; 7] = ["kill", "sale", "-e", "production", "--reason", "x", "--yes"];

/// A repository and an own folder for temporary files.
struct Scene {
    repository: TestRepository,
    temporary: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let mut repository = TestRepository::with_sale();
        repository.write(
            "flags/sale.yaml",
            &(flag("on") + "rules:\n  - name: some\n    if: {country: DE}\n    rollout: 5%\n    serve: off\n"),
        );
        repository.commit("sale: not for some");
        let temporary = repository.beside("temporary");
        fs::create_dir(&temporary).unwrap();
        Self { repository, temporary }
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.repository.command(env!("CARGO_BIN_EXE_flagctl"));
        command.env("TMPDIR", &self.temporary).current_dir(self.repository.root()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) {
        let output = self.spawn(arguments).wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns the paths that a killed process can leave, relative to the folder of the bench.
    fn left(&self) -> Vec<String> {
        let git = self.repository.root().join(".git");
        let mut found = names(&self.temporary);
        found.extend(names(&git.join("worktrees")));
        found.extend(names(&git).into_iter().filter(|name| name.ends_with(".lock")));
        found.extend(names(&git.join("refs/heads")).into_iter().filter(|name| name.ends_with(".lock")));
        let known = ["lock", "words", "paths"];
        found.extend(names(&git.join("flagctl")).into_iter().filter(|name| !known.contains(&name.as_str())));
        found.extend(names(self.repository.root()).into_iter().filter(|name| name.starts_with(".flagctl-")));
        found
    }

    /// Asserts that the repository is as sound as if no process had been killed.
    fn is_clean(&self) {
        assert_eq!(self.left(), [] as [&str; 0]);
        assert_eq!(self.repository.git(&["status", "--porcelain"]), "");
        assert_eq!(self.repository.git(&["worktree", "list"]).lines().count(), 1);
        self.repository.git(&["fsck", "--strict", "--no-dangling"]);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Sends a signal, and waits for the end of the process.
fn signal(child: &mut Child, name: &str) {
    Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    child.wait().unwrap();
}

fn wait_for(path: &Path) {
    let begin = Instant::now();
    while !path.exists() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{path:?} does not appear");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_process_that_is_killed_in_a_hook_leaves_a_worktree_that_the_next_run_removes() {
    for name in ["INT", "TERM", "KILL"] {
        for hook in ["pre-commit", "commit-msg"] {
            let scene = Scene::new();
            let (begun, hooks) = (scene.repository.beside("begun"), scene.repository.root().join(".git/hooks"));
            fs::create_dir_all(&hooks).unwrap();
            executable(&hooks.join(hook), &format!("touch {}; exec sleep 60", begun.display()));
            scene.repository.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
            let mut child = scene.spawn(&KILL);
            wait_for(&begun);
            signal(&mut child, name);
            assert_eq!(scene.left().len(), 2, "{:?}", scene.left());
            fs::remove_file(hooks.join(hook)).unwrap();
            // The user's own worktrees stay, even if their folders are missing.
            let own = scene.repository.beside("own");
            scene.repository.git(&["worktree", "add", "--quiet", "--detach", own.to_str().unwrap()]);
            fs::remove_dir_all(&own).unwrap();
            scene.run(&KILL);
            assert_eq!(scene.left(), ["own"]);
            scene.repository.git(&["worktree", "prune"]);
            scene.is_clean();
        }
    }
}

#[test]
fn a_process_that_is_killed_at_any_moment_leaves_nothing_to_the_run_after_the_next() {
    const ROUNDS: u32 = 12;
    let scene = Scene::new();
    let hooks = scene.repository.root().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    executable(&hooks.join("pre-commit"), "exit 0");
    scene.repository.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    let begin = Instant::now();
    scene.run(&KILL);
    let whole = begin.elapsed();
    let revive = ["revive", "sale", "-e", "production", "--yes"];
    scene.run(&revive);
    let actions: [&[&str]; 4] = [
        &KILL,
        &revive,
        &["rollout", "sale", "--rule", "some", "--to", "50%", "--yes"],
        &["rollout", "sale", "--rule", "some", "--to", "5%", "--yes"],
    ];
    for round in 0..ROUNDS {
        for action in actions {
            let mut child = scene.spawn(action);
            thread::sleep(whole * round / ROUNDS);
            signal(&mut child, if round % 2 == 0 { "INT" } else { "KILL" });
            // Git's own processes end after flagctl, and then remove their locks.
            thread::sleep(Duration::from_millis(30));
            scene.run(action);
            assert_eq!(scene.repository.git(&["status", "--porcelain"]), "");
        }
    }
    scene.run(&KILL);
    scene.is_clean();
}

#[test]
fn a_publication_that_is_killed_leaves_nothing_to_the_next_run() {
    const ROUNDS: u32 = 8;
    let scene = Scene::new();
    let target = scene.repository.beside("target");
    let publish = ["publish", target.to_str().unwrap(), "-e", "production"];
    let begin = Instant::now();
    scene.run(&publish);
    let whole = begin.elapsed();
    let mut repository = scene.repository;
    for round in 0..ROUNDS {
        repository.write("flags/sale.yaml", &flag(if round % 2 == 0 { "off" } else { "on" }));
        repository.commit("a change");
        let scene = Scene { repository, temporary: scene.temporary.clone() };
        let mut child = scene.spawn(&publish);
        thread::sleep(whole * round / ROUNDS);
        signal(&mut child, "KILL");
        scene.run(&publish);
        repository = scene.repository;
    }
    let mut folders = vec![target];
    while let Some(folder) = folders.pop() {
        for name in names(&folder) {
            assert!(!name.starts_with(".flagctl-") && !name.starts_with(".unfinished-"), "{folder:?} {name}");
            folders.extend(Some(folder.join(name)).filter(|path| path.is_dir()));
        }
    }
    assert_eq!(names(&scene.temporary), [] as [&str; 0]);
}

#[test]
fn a_pull_that_is_killed_leaves_nothing_to_the_next_run() {
    const ROUNDS: u32 = 8;
    let mut scene = Scene::new();
    let target = scene.repository.beside("target");
    let target = target.to_str().unwrap().to_owned();
    let folder = scene.repository.beside("pulled");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("flags.json");
    let signers = crate::publish::key(&scene.repository, "dana");
    let publish = ["publish", &target, "-e", "production", "--sign"];
    let (to, signers) = (file.to_str().unwrap(), signers.to_str().unwrap());
    let pull = ["pull", &target, "-e", "production", "--to", to, "--allowed-signers", signers];
    scene.run(&publish);
    let begin = Instant::now();
    scene.run(&pull);
    let whole = begin.elapsed();
    for round in 0..ROUNDS {
        scene.repository.write("flags/sale.yaml", &flag(if round % 2 == 0 { "off" } else { "on" }));
        scene.repository.commit("a change");
        scene.run(&publish);
        let mut child = scene.spawn(&pull);
        thread::sleep(whole * round / ROUNDS);
        signal(&mut child, if round % 4 < 2 { "INT" } else { "KILL" });
        // The program that checks the signature can end after flagctl.
        thread::sleep(Duration::from_millis(30));
        scene.run(&pull);
        let published = scene.repository.flagctl(&["export", "bundle", "-e", "production"]).stdout;
        assert_eq!(fs::read_to_string(&file).unwrap(), published);
    }
    // What a killed process left as the last one is removed, too, when there is nothing else to do.
    fs::create_dir(scene.temporary.join(".flagctl-temporary-left")).unwrap();
    scene.run(&pull);
    let mut left = names(&folder);
    left.sort();
    assert_eq!(left, ["flags.json", "flags.json.lock", "flags.json.state"]);
    assert_eq!(names(&scene.temporary), [] as [&str; 0]);
}
