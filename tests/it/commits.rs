//! Commits by flagctl in repositories with uncommitted work of the user, which must not change.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::git_bench::{Bench, Repository, executable};
use flagctl::commit::{
    Changes, CommitError, CommitFiles, Committed, Hooks, LocalBranch, MAX_WAIT, Message, Pushed, Request, push,
    recover, write,
};

const FLAG: &str = "flags/a.yaml";
const FILES: [(&str, &str); 3] = [(FLAG, "on: 1\n"), ("flags/b.yaml", "on: 1\n"), ("README", "read\n")];

fn request(place: &Path) -> Request<'_> {
    Request { folder: place, branch: None, hooks: Hooks::Run, push_options: &[], max_wait: Duration::from_millis(50) }
}

/// Adds a line to the file of the flag.
fn line(text: &str) -> impl FnMut(&CommitFiles) -> Result<Changes, CommitError> {
    move |tree| {
        let mut bytes = tree.read(FLAG)?.unwrap_or_default();
        bytes.extend_from_slice(format!("{text}\n").as_bytes());
        let mut changes = Changes::new(Message::new(format!("add {text}")));
        changes.write(FLAG, bytes);
        Ok(changes)
    }
}

fn committed(result: Result<Committed, CommitError>) -> String {
    result.unwrap().commit.unwrap()
}

fn refused(result: Result<Committed, CommitError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_commit_updates_the_branch_its_files_and_the_index() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let before = repository.head("HEAD");
    let done = write(&request(&repository.root), line("x")).unwrap();
    assert_eq!((done.branch.as_str(), done.base), ("main", before.clone()));
    assert_eq!(done.commit, Some(repository.head("main")));
    assert_eq!(repository.head("main^"), before);
    assert_eq!(repository.read(FLAG), "on: 1\nx\n");
    assert_eq!(repository.status(), "");
    // According to the index, the file is unchanged, so git does not read it.
    assert_eq!(repository.git(&["diff-files"]), "");
    assert_eq!(repository.git(&["log", "-1", "--format=%an <%ae> %cn %s"]), "Dana <dana@example.com> Dana add x\n");
    assert!(repository.git(&["reflog", "-1", "--format=%gn %gs", "HEAD"]).starts_with("Dana commit: add x"));
    repository.is_sound();
}

#[test]
fn files_are_created_and_removed_with_their_folders() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let place = repository.root.clone();
    let kill = "kills/production/a.yaml";
    committed(write(&request(&place), |_| {
        let mut changes = Changes::new(Message::new("kill a"));
        changes.write(kill, "reason: x\n");
        Ok::<_, Infallible>(changes)
    }));
    assert_eq!((repository.read(kill), repository.status()), ("reason: x\n".to_owned(), String::new()));
    committed(write(&request(&place), |tree| {
        assert_eq!(tree.list("kills")?, [kill]);
        let mut changes = Changes::new(Message::new("revive a"));
        changes.remove(kill);
        Ok::<_, CommitError>(changes)
    }));
    assert!(!place.join("kills").exists());
    assert_eq!(repository.status(), "");
    assert_eq!(repository.head("HEAD^{tree}"), repository.head("HEAD~2^{tree}"));
    repository.is_sound();
}

#[test]
fn unrelated_changes_are_neither_touched_nor_committed() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.write("README", "changed\n");
    repository.write("flags/b.yaml", "staged\n");
    repository.git(&["add", "flags/b.yaml"]);
    repository.write("flags/b.yaml", "staged and changed\n");
    repository.write("new", "new\n");
    let before = repository.status();
    committed(write(&request(&repository.root), line("x")));
    assert_eq!(repository.status(), before);
    assert_eq!(repository.git(&["show", "--format=", "--name-only", "HEAD"]), format!("{FLAG}\n"));
    assert_eq!(repository.git(&["show", ":flags/b.yaml"]), "staged\n");
    assert_eq!(repository.read("flags/b.yaml"), "staged and changed\n");
    assert_eq!(repository.read("README"), "changed\n");
    repository.is_sound();
}

#[test]
fn a_file_with_uncommitted_changes_is_refused() {
    let bench = Bench::new();
    let refusal = "`flags/a.yaml` has uncommitted changes; \
                   commit them or put them away with `git stash push --all -- flags/a.yaml`, then try again";
    type Work = fn(&Repository);
    let works: [Work; 5] = [
        |repository| repository.write(FLAG, "mine\n"),
        |repository| {
            repository.write(FLAG, "mine\n");
            repository.git(&["add", FLAG]);
        },
        |repository| fs::remove_file(repository.root.join(FLAG)).unwrap(),
        |repository| drop(repository.git(&["rm", "-q", "--cached", FLAG])),
        |repository| {
            fs::remove_file(repository.root.join(FLAG)).unwrap();
            repository.write("flags/a.yaml/inside", "");
        },
    ];
    for (at, work) in works.into_iter().enumerate() {
        let repository = bench.repository(&format!("r{at}"), &FILES);
        work(&repository);
        let before = (repository.status(), repository.head("HEAD"));
        assert_eq!(refused(write(&request(&repository.root), line("x"))), refusal);
        assert_eq!((repository.status(), repository.head("HEAD")), before);
        repository.is_sound();
    }
    let repository = bench.repository("untracked", &[("README", "")]);
    repository.write(FLAG, "mine\n");
    assert_eq!(refused(write(&request(&repository.root), line("x"))), refusal);
    repository.write(".gitignore", "flags\n");
    assert_eq!(refused(write(&request(&repository.root), line("x"))), refusal);
    assert_eq!(repository.read(FLAG), "mine\n");
}

#[test]
fn nothing_is_written_through_a_link() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    fs::create_dir(bench.path("outside")).unwrap();
    std::os::unix::fs::symlink(bench.path("outside"), repository.root.join("kills")).unwrap();
    let kill = |_: &CommitFiles| {
        let mut changes = Changes::new(Message::new("kill a"));
        changes.write("kills/a.yaml", "x");
        Ok::<_, Infallible>(changes)
    };
    let refusal = "`kills/a.yaml` is a link, or is below a link; replace the link with a file or folder";
    assert_eq!(refused(write(&request(&repository.root), kill)), refusal);
    repository.git(&["add", "kills"]);
    repository.git(&["commit", "-q", "-m", "link"]);
    assert_eq!(refused(write(&request(&repository.root), kill)), refusal);
    for path in ["../a", "/a", "a//b", ".git/config", "x/.GIT/y", "", "a/"] {
        let out = write(&request(&repository.root), |_| {
            let mut changes = Changes::new(Message::new("out"));
            changes.write(path, "x");
            Ok::<_, Infallible>(changes)
        });
        assert_eq!(refused(out), format!("`{path}` cannot be the path of a file in the repository"));
    }
}

#[test]
fn no_change_makes_no_commit() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let before = repository.head("HEAD");
    let done = write(&request(&repository.root), |tree| {
        let mut changes = Changes::new(Message::new("same"));
        changes.write(FLAG, tree.read(FLAG)?.unwrap());
        changes.remove("kills/none.yaml");
        Ok::<_, CommitError>(changes)
    });
    assert_eq!(done.unwrap(), Committed { branch: "main".to_owned(), base: before.clone(), commit: None });
    assert_eq!(repository.head("HEAD"), before);
}

#[test]
fn a_commit_to_another_branch_leaves_the_working_tree_unchanged() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.git(&["branch", "release"]);
    repository.git(&["pack-refs", "--all"]);
    repository.write(FLAG, "mine\n");
    let (before, status) = (repository.head("main"), repository.status());
    let other = Request { branch: Some("release"), ..request(&repository.root) };
    let commit = committed(write(&other, line("x")));
    assert_eq!(repository.head("release"), commit);
    assert_eq!((repository.head("main"), repository.status()), (before, status));
    assert_eq!(repository.show("release", FLAG), "on: 1\nx\n");
    assert_eq!(repository.read(FLAG), "mine\n");
    repository.is_sound();
}

#[test]
fn a_bare_repository_commits_to_its_branch() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let commit = committed(write(&request(&bare.root), line("x")));
    assert_eq!(bare.head("main"), commit);
    assert_eq!(bare.show("main", FLAG), "on: 1\nx\n");
    bare.is_sound();
}

#[test]
fn a_detached_head_needs_a_named_branch() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.git(&["checkout", "-q", "--detach"]);
    assert_eq!(
        refused(write(&request(&repository.root), line("x"))),
        "no branch is checked out; name one with `--branch`, or run `git switch BRANCH`"
    );
    committed(write(&Request { branch: Some("main"), ..request(&repository.root) }, line("x")));
    assert_eq!((repository.read(FLAG), repository.status()), ("on: 1\n".to_owned(), String::new()));
}

#[test]
fn a_branch_of_another_worktree_is_refused_and_its_own_is_not() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let linked = bench.path("linked");
    repository.git(&["worktree", "add", "-q", "-b", "release", linked.to_str().unwrap()]);
    let elsewhere =
        |place: &Path, branch| refused(write(&Request { branch: Some(branch), ..request(place) }, line("x")));
    let release = elsewhere(&repository.root, "release");
    assert_eq!(release, format!("branch `release` is checked out in `{}`; run this there", linked.display()));
    assert!(elsewhere(&linked, "main").starts_with("branch `main` is checked out in"));
    committed(write(&request(&linked), line("x")));
    let linked = bench.at("linked");
    assert_eq!((linked.read(FLAG), linked.status()), ("on: 1\nx\n".to_owned(), String::new()));
    assert_eq!((repository.read(FLAG), repository.status()), ("on: 1\n".to_owned(), String::new()));
    fs::remove_dir_all(&linked.root).unwrap();
    committed(write(&Request { branch: Some("release"), ..request(&repository.root) }, line("y")));
}

#[test]
fn a_missing_branch_or_a_branch_without_commits_is_refused() {
    let bench = Bench::new();
    let empty = bench.empty("empty");
    assert_eq!(
        refused(write(&request(&empty.root), line("x"))),
        "branch `main` has no commits yet; make the first one with `git commit`"
    );
    for name in ["nope", "no pe", "..", ""] {
        assert_eq!(
            refused(write(&Request { branch: Some(name), ..request(&empty.root) }, line("x"))),
            format!("`{name}` is not a branch of this repository; `git branch` lists the branches")
        );
    }
    empty.git(&["init", "-q", "unknown"]);
    empty.git(&["-C", "unknown", "config", "core.repositoryFormatVersion", "1"]);
    empty.git(&["-C", "unknown", "config", "extensions.timeTravel", "true"]);
    let unknown = empty.root.join("unknown");
    let refusal = refused(write(&request(&unknown), line("x")));
    let place = format!("cannot open the git repository of `{}`: unsupported extension", unknown.display());
    assert!(refusal.starts_with(&place), "{refusal}");
    let folder = bench.path("");
    assert_eq!(
        refused(write(&request(&folder), line("x"))),
        format!("`{}` is not in a git repository; create one with `git init`", folder.display())
    );
}

#[test]
fn a_merge_and_a_rebase_are_not_disturbed() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.git(&["checkout", "-q", "-b", "topic"]);
    repository.write("README", "topic\n");
    repository.git(&["commit", "-q", "-am", "topic"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.write("README", "main\n");
    repository.git(&["commit", "-q", "-am", "main"]);
    assert!(!repository.try_git(&["merge", "topic"]).status.success());
    let busy =
        |what| format!("a {what} is in progress in `{}/`; finish it or abort it first", repository.root.display());
    assert_eq!(refused(write(&request(&repository.root), line("x"))), busy("merge"));
    repository.git(&["merge", "--abort"]);
    assert!(!repository.try_git(&["rebase", "topic"]).status.success());
    let main = Request { branch: Some("main"), ..request(&repository.root) };
    assert_eq!(refused(write(&main, line("x"))), busy("rebase"));
}

#[test]
fn a_flag_repository_in_a_subfolder_has_relative_paths() {
    let bench = Bench::new();
    let repository = bench.repository("r", &[("config/flags/a.yaml", "on: 1\n"), ("flags/a.yaml", "other\n")]);
    let place = repository.root.join("config");
    committed(write(&request(&place), |tree| {
        assert_eq!(tree.list("")?, [FLAG]);
        assert_eq!(tree.list("flags")?, [FLAG]);
        line("x")(tree)
    }));
    assert_eq!(repository.read("config/flags/a.yaml"), "on: 1\nx\n");
    assert_eq!(repository.read("flags/a.yaml"), "other\n");
    assert_eq!(repository.status(), "");
}

#[test]
fn line_ends_and_file_modes_follow_the_repository() {
    let bench = Bench::new();
    let repository = bench.repository("r", &[(".gitattributes", "*.yaml text eol=crlf\n"), (FLAG, "on: 1\n")]);
    repository.git(&["update-index", "--chmod=+x", FLAG]);
    repository.git(&["commit", "-q", "-m", "x"]);
    repository.git(&["rm", "-q", "--cached", "-r", "."]);
    repository.git(&["reset", "-q", "--hard"]);
    assert_eq!(repository.read(FLAG), "on: 1\r\n");
    committed(write(&request(&repository.root), line("x")));
    assert_eq!(repository.read(FLAG), "on: 1\r\nx\r\n");
    assert_eq!(repository.show("HEAD", FLAG), "on: 1\nx\n");
    assert!(repository.git(&["ls-tree", "HEAD", FLAG]).starts_with("100755"));
    assert_eq!(repository.status(), "");
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    let bench = Bench::new();
    let repository = bench.repository("r", &[(FLAG, "on: 1\n"), ("src/x", "x\n")]);
    repository.git(&["sparse-checkout", "set", "src"]);
    committed(write(&request(&repository.root), line("x")));
    assert!(!repository.root.join(FLAG).exists());
    assert_eq!(repository.status(), "");
    assert_eq!(repository.show("HEAD", FLAG), "on: 1\nx\n");
}

#[test]
fn a_message_has_a_subject_a_body_and_trailers() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    committed(write(&request(&repository.root), |tree| {
        let changes = line("x")(tree)?;
        let message = Message {
            subject: " kill\na ".to_owned(),
            body: "\nbecause  \n# of it\n\n".to_owned(),
            trailers: vec![("Flag".to_owned(), "a".to_owned()), ("Reason".to_owned(), "INC-1:\n500s".to_owned())],
        };
        Ok::<_, CommitError>(changes.message(message))
    }));
    assert_eq!(
        repository.git(&["log", "-1", "--format=%B"]),
        "kill a\n\nbecause\n# of it\n\nFlag: a\nReason: INC-1: 500s\n\n"
    );
    assert_eq!(repository.git(&["log", "-1", "--format=%(trailers:key=Reason,valueonly)"]), "INC-1: 500s\n\n");
}

#[test]
fn an_edit_that_fails_changes_nothing() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let before = repository.head("HEAD");
    let result = write(&request(&repository.root), |_| Err("the flag has no such rule"));
    assert_eq!(refused(result), "the flag has no such rule");
    assert_eq!((repository.head("HEAD"), repository.status()), (before, String::new()));
}

#[test]
fn an_edit_is_repeated_on_top_of_a_concurrent_commit() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let mut others = vec!["theirs 2", "theirs 1"];
    committed(write(&Request { max_wait: MAX_WAIT, ..request(&repository.root) }, |tree| {
        if let Some(other) = others.pop() {
            repository.write(FLAG, &format!("{}{other}\n", repository.read(FLAG)));
            repository.git(&["commit", "-q", "-am", other]);
        }
        line("mine")(tree)
    }));
    assert_eq!(repository.read(FLAG), "on: 1\ntheirs 1\ntheirs 2\nmine\n");
    assert_eq!(repository.status(), "");
    repository.is_sound();
}

#[test]
fn a_held_lock_is_waited_for_and_then_reported() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.git(&["branch", "release"]);
    let names = [
        (".git/index.lock", "main"),
        (".git/refs/heads/main.lock", "main"),
        (".git/refs/heads/release.lock", "release"),
    ];
    for (name, branch) in names {
        let lock = repository.root.join(name);
        fs::write(&lock, "").unwrap();
        let before = repository.head(branch);
        let request = Request { branch: Some(branch), ..request(&repository.root) };
        assert_eq!(
            refused(write(&request, line("x"))),
            format!(
                "`{}` is locked for more than 50ms: another git process is writing; \
                 if none is running, remove that file and try again",
                lock.display()
            )
        );
        assert_eq!((repository.head(branch), repository.status()), (before, String::new()));
        assert_eq!(repository.read(FLAG), "on: 1\n");
        let waiting = thread::spawn({
            let lock = lock.clone();
            move || {
                thread::sleep(Duration::from_millis(100));
                fs::remove_file(lock).unwrap();
            }
        });
        committed(write(&Request { max_wait: MAX_WAIT, ..request }, line("x")));
        waiting.join().unwrap();
        repository.git(&["reset", "-q", "--hard", "HEAD~0"]);
        repository.is_sound();
        if branch == "main" {
            repository.git(&["reset", "-q", "--hard", "HEAD^"]);
        }
    }
}

/// Several threads make commits on one branch at the same time.
fn many_at_once(repository: &Repository) {
    const THREADS: usize = 20;
    const COMMITS: usize = 3;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for at in 0..COMMITS {
                    let request = Request { max_wait: MAX_WAIT, ..request(&repository.root) };
                    committed(write(&request, line(&format!("{thread}.{at}"))));
                }
            });
        }
    });
    let text = repository.show("main", FLAG);
    let lines: BTreeSet<_> = text.lines().skip(1).collect();
    assert_eq!((text.lines().count(), lines.len()), (1 + THREADS * COMMITS, THREADS * COMMITS));
    let log = repository.git(&["log", "--format=%P %s", "main"]);
    assert_eq!(log.lines().count(), 1 + THREADS * COMMITS);
    assert!(log.lines().all(|line| line.split(' ').next().unwrap().len() <= 40));
    let subjects: BTreeSet<_> =
        log.lines().filter_map(|line| line.split_once(' ')).map(|(_, subject)| subject).collect();
    assert_eq!(subjects.len(), 1 + THREADS * COMMITS);
    repository.is_sound();
}

#[test]
fn concurrent_commits_to_a_branch_lose_nothing() {
    let bench = Bench::new();
    many_at_once(&bench.bare("bare", &bench.repository("r", &FILES)));
}

#[test]
fn concurrent_commits_to_the_checked_out_branch_lose_nothing() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.write("README", "changed\n");
    many_at_once(&repository);
    assert_eq!(repository.status(), " M README\n");
    assert_eq!(repository.read(FLAG), repository.show("main", FLAG));
}

/// This test is the child process that other tests start. Without their environment variables, it does nothing.
#[test]
fn a_child_process_that_commits() {
    if let Some(place) = std::env::var_os("FLAGCTL_TEST_COMMITS_IN") {
        let times: usize = std::env::var("FLAGCTL_TEST_COMMITS").unwrap().parse().unwrap();
        for at in 0..times {
            committed(write(&Request { max_wait: MAX_WAIT, ..request(Path::new(&place)) }, line(&format!("{at}"))));
        }
    }
}

fn process(place: &Path, times: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "commits::a_child_process_that_commits"]);
    command.env("FLAGCTL_TEST_COMMITS_IN", place).env("FLAGCTL_TEST_COMMITS", times.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn author_and_date_come_from_the_environment() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let mut process = process(&repository.root, 1);
    process.env("GIT_AUTHOR_NAME", "Ada").env("GIT_AUTHOR_EMAIL", "ada@example.com");
    process.env("GIT_AUTHOR_DATE", "2026-11-22T11:02:00+0530").env("GIT_COMMITTER_DATE", "2026-11-23T00:00:00-0330");
    // The environment variables of a caller may refer to another repository and another index.
    process.env("GIT_DIR", "/missing").env("GIT_INDEX_FILE", "/missing/index").env("GIT_WORK_TREE", "/missing");
    assert!(process.status().unwrap().success());
    assert_eq!(
        repository.git(&["log", "-1", "--format=%an %ae %aI %cn %cI"]),
        "Ada ada@example.com 2026-11-22T11:02:00+05:30 Dana 2026-11-23T00:00:00-03:30\n"
    );
    assert_eq!(repository.status(), "");
}

#[test]
fn a_commit_needs_an_author_name() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.git(&["config", "user.name", ""]);
    let refusal = refused(write(&request(&repository.root), line("x")));
    let start = "git does not know who you are: set `user.name` and `user.email` with `git config`\n";
    assert!(refusal.starts_with(start) && refusal.contains("empty ident name"), "{refusal}");
}

#[test]
fn an_interrupted_commit_does_not_block_the_next_run() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let bare = bench.bare("bare", &repository);
    repository.write("README", "changed\n");
    for round in 0..24 {
        let here = if round % 4 == 0 { &bare } else { &repository };
        let mut child = process(&here.root, 1000).spawn().unwrap();
        thread::sleep(Duration::from_millis(60 + round * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        here.git(&["log", "-1", "main"]);
        committed(write(&Request { max_wait: MAX_WAIT, ..request(&here.root) }, line("after")));
        if round % 4 != 0 {
            assert_eq!(here.status(), " M README\n");
            assert_eq!(here.read(FLAG), here.show("main", FLAG));
        }
        here.is_sound();
    }
}

#[test]
fn commits_made_by_the_user_meanwhile_are_kept() {
    const COMMITS: usize = 15;
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0..COMMITS {
                let request = Request { max_wait: MAX_WAIT, ..request(&repository.root) };
                committed(write(&request, line(&format!("{at}"))));
            }
        });
        scope.spawn(|| {
            for at in 0..COMMITS {
                repository.write("README", &format!("{at}\n"));
                let message = format!("mine {at}");
                // Git itself does not wait for a lock, so the test repeats the command.
                while !repository.try_git(&["commit", "-q", "-m", &message, "README"]).status.success() {}
            }
        });
    });
    assert_eq!(repository.git(&["rev-list", "--count", "main"]), format!("{}\n", 1 + 2 * COMMITS));
    assert_eq!(repository.show("main", FLAG).lines().count(), 1 + COMMITS);
    assert_eq!(repository.read(FLAG), repository.show("main", FLAG));
    assert_eq!(repository.status(), "");
    repository.is_sound();
}

#[test]
fn a_branch_lock_of_a_killed_process_is_removed() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let first = bare.head("main");
    committed(write(&request(&bare.root), line("x")));
    let note = |text: &str| fs::write(bare.root.join("flagctl/moving"), text).unwrap();
    let lock = bare.root.join("refs/heads/main.lock");
    for left in [String::new(), format!("{first}\n")] {
        fs::write(&lock, left).unwrap();
        note(&format!("refs/heads/main\n{first}\n"));
        committed(write(&request(&bare.root), line("y")));
        bare.is_sound();
    }
    note("refs/hea");
    fs::write(&lock, "of another process").unwrap();
    assert!(matches!(write(&request(&bare.root), line("z")), Err(CommitError::Locked { .. })));
    note(&format!("refs/heads/main\n{first}\n"));
    assert!(matches!(write(&request(&bare.root), line("z")), Err(CommitError::Locked { .. })));
    assert_eq!(fs::read_to_string(lock).unwrap(), "of another process");
}

/// Writes the same lock as a killed process leaves.
fn killed(repository: &Repository, old: &str, new: &str) {
    let mark = "flagctl is making a commit. If it was killed, run it again: it completes or undoes the commit, and removes this file.";
    fs::write(repository.root.join(".git/index.lock"), format!("{mark}\nrefs/heads/main\n{old}\n{new}\n")).unwrap();
}

#[test]
fn an_interrupted_commit_that_is_on_no_branch_is_undone() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let old = repository.head("HEAD");
    let new = committed(write(&request(&repository.root), |tree| {
        let mut changes = line("x")(tree)?;
        changes.write("kills/a.yaml", "x\n");
        changes.write("kills/b.yaml", "x\n");
        Ok::<_, CommitError>(changes)
    }));
    repository.git(&["reset", "-q", &old]);
    repository.write("kills/b.yaml", "by the person since\n");
    killed(&repository, &old, &new);
    committed(write(&request(&repository.root), line("y")));
    assert_eq!(repository.read(FLAG), "on: 1\ny\n");
    assert_eq!(repository.status(), "?? kills/\n");
    assert_eq!(repository.read("kills/b.yaml"), "by the person since\n");
    assert!(!repository.root.join("kills/a.yaml").exists());
    repository.is_sound();
}

#[test]
fn an_interrupted_commit_that_is_on_its_branch_is_completed() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let old = repository.head("HEAD");
    repository.write("flags/b.yaml", "staged\n");
    repository.git(&["add", "flags/b.yaml"]);
    fs::copy(repository.root.join(".git/index"), bench.path("index")).unwrap();
    let new = committed(write(&request(&repository.root), line("x")));
    fs::copy(bench.path("index"), repository.root.join(".git/index")).unwrap();
    killed(&repository, &old, &new);
    assert_ne!(repository.status(), "M  flags/b.yaml\n");
    let none = write(&request(&repository.root), |_| Ok::<_, Infallible>(Changes::new(Message::new("none"))));
    assert_eq!(none.unwrap().commit, None);
    assert_eq!(repository.status(), "M  flags/b.yaml\n");
    repository.is_sound();
}

#[test]
fn an_interrupted_commit_with_only_a_lock_left_is_completed() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let old = repository.head("HEAD");
    let new = committed(write(&request(&repository.root), |_| {
        let mut changes = Changes::new(Message::new("without"));
        changes.remove(FLAG);
        Ok::<_, Infallible>(changes)
    }));
    killed(&repository, &old, &new);
    // A child process of another test has a copy of the lock between `fork` and `exec`, and `recover` leaves the work to
    // the process that has the lock.
    for _ in 0..100 {
        recover(&repository.root).unwrap();
        if !repository.root.join(".git/index.lock").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(repository.status(), "");
    repository.is_sound();
}

#[test]
fn a_truncated_flagctl_lock_is_removed() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    killed(&repository, "", "");
    committed(write(&request(&repository.root), line("x")));
    repository.is_sound();
}

#[test]
fn an_ssh_key_signs() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let key = bench.path("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(&key).status();
    assert!(made.unwrap().success());
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    fs::write(bench.path("allowed"), format!("dana@example.com {public}")).unwrap();
    repository.git(&["config", "commit.gpgsign", "true"]);
    repository.git(&["config", "gpg.format", "ssh"]);
    assert_eq!(
        refused(write(&request(&repository.root), line("x"))),
        "cannot sign the commit: set `user.signingkey` to an ssh key; `commit.gpgsign` requires a signature"
    );
    repository.git(&["config", "user.signingkey", key.to_str().unwrap()]);
    repository.git(&["config", "gpg.ssh.allowedSignersFile", bench.path("allowed").to_str().unwrap()]);
    let commit = committed(write(&request(&repository.root), line("x")));
    repository.git(&["verify-commit", &commit]);
    assert_eq!(repository.git(&["log", "-1", "--format=%G? %s"]), "G add x\n");
    repository.git(&["config", "user.signingkey", "/no/such/key"]);
    let refusal = refused(write(&request(&repository.root), line("y")));
    assert!(refusal.starts_with("cannot sign the commit: `ssh-keygen` failed: "), "{refusal}");
    repository.is_sound();
}

#[test]
fn an_ssh_agent_key_signs() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let log = bench.path("log");
    let program = bench.path("keygen");
    let script =
        format!("echo \"$@\" > {0}; cat \"$6\" >> {0}; for f; do :; done; echo signature > \"$f.sig\"", log.display());
    executable(&program, &script);
    repository.git(&["config", "commit.gpgsign", "true"]);
    repository.git(&["config", "gpg.format", "ssh"]);
    repository.git(&["config", "gpg.ssh.program", program.to_str().unwrap()]);
    repository.git(&["config", "user.signingkey", "key::ssh-ed25519 AAAA dana"]);
    committed(write(&request(&repository.root), line("x")));
    let log = fs::read_to_string(log).unwrap();
    assert!(
        log.starts_with("-Y sign -n git -f ") && log.contains(" -U ") && log.ends_with("\nssh-ed25519 AAAA dana\n"),
        "{log}"
    );
    assert!(repository.git(&["cat-file", "commit", "HEAD"]).contains("\ngpgsig signature\n"));
}

#[test]
fn an_openpgp_key_signs() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    if Command::new("gpg").arg("--version").output().is_err() {
        // Without this program, signing fails, and the error must contain the reason.
        repository.git(&["config", "commit.gpgsign", "true"]);
        let refusal = refused(write(&request(&repository.root), line("x")));
        assert!(refusal.contains("cannot run `gpg`"), "{refusal}");
        return;
    }
    let home = bench.path("gnupg");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let program = bench.path("gpg");
    executable(&program, &format!("exec gpg --homedir {} \"$@\"", home.display()));
    let made = Command::new(&program)
        .args([
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-gen-key",
            "Dana <dana@example.com>",
            "ed25519",
            "sign",
        ])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    repository.git(&["config", "commit.gpgsign", "true"]);
    repository.git(&["config", "gpg.program", program.to_str().unwrap()]);
    let commit = committed(write(&request(&repository.root), line("x")));
    repository.git(&["verify-commit", &commit]);
    repository.git(&["config", "user.signingkey", "nobody"]);
    let refusal = refused(write(&request(&repository.root), line("y")));
    assert!(refusal.contains("No secret key"), "{refusal}");
    let _ = Command::new("gpgconf").arg("--homedir").arg(&home).args(["--kill", "all"]).status();
}

#[test]
fn hooks_see_only_the_files_of_the_commit() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    repository.git(&["branch", "release"]);
    repository.write("README", "changed\n");
    repository.write("untracked", "x\n");
    let log = bench.path("log");
    repository.hook(
        "pre-commit",
        &format!("(git diff --cached --name-status; git status --porcelain; ls; cat {FLAG}) > {}", log.display()),
    );
    repository.hook("commit-msg", "echo 'Change-Id: I1' >> \"$1\"");
    for branch in ["main", "release"] {
        committed(write(&Request { branch: Some(branch), ..request(&repository.root) }, line("x")));
        assert_eq!(fs::read_to_string(&log).unwrap(), format!("M\t{FLAG}\nM  {FLAG}\nREADME\nflags\non: 1\nx\n"));
        assert_eq!(repository.git(&["log", "-1", "--format=%B", branch]), "add x\nChange-Id: I1\n\n");
    }
    assert_eq!(repository.status(), " M README\n?? untracked\n");
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);
    repository.is_sound();
}

#[test]
fn a_hook_can_refuse_and_can_be_skipped() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    let before = repository.head("HEAD");
    repository.hook("pre-commit", "echo not today >&2; exit 1");
    assert_eq!(
        refused(write(&request(&repository.root), line("x"))),
        "the `pre-commit` hook refused the commit; correct what it reports, or skip the hooks with `--no-verify`\nnot today"
    );
    repository.hook("pre-commit", "exit 0");
    repository.hook("commit-msg", "echo no ticket >&2; exit 1");
    assert_eq!(
        refused(write(&request(&repository.root), line("x"))),
        "the `commit-msg` hook refused the commit; correct what it reports, or skip the hooks with `--no-verify`\nno ticket"
    );
    repository.hook("commit-msg", ": > \"$1\"");
    assert_eq!(
        refused(write(&request(&repository.root), line("x"))),
        "the commit message is empty, because the `commit-msg` hook removed all of it"
    );
    repository.hook("pre-commit", "echo more >> README; git add README");
    assert_eq!(
        refused(write(&request(&repository.root), line("x"))),
        "the `pre-commit` hook changed the files to be committed; commit them as the hook wants them, or skip the hooks \
         with `--no-verify`"
    );
    assert_eq!((repository.head("HEAD"), repository.status()), (before, String::new()));
    committed(write(&Request { hooks: Hooks::Skip, ..request(&repository.root) }, line("x")));
    repository.is_sound();
}

#[test]
fn hooks_are_found_at_core_hookspath() {
    let bench = Bench::new();
    let repository = bench.repository("r", &FILES);
    fs::create_dir(repository.root.join(".hooks")).unwrap();
    executable(&repository.root.join(".hooks/pre-commit"), "echo from the tree >&2\nexit 1");
    repository.git(&["config", "core.hooksPath", ".hooks"]);
    assert!(refused(write(&request(&repository.root), line("x"))).ends_with("\nfrom the tree"));
}

fn pushed(result: Result<Pushed, CommitError>) -> (String, LocalBranch) {
    let pushed = result.unwrap();
    (pushed.committed.commit.unwrap(), pushed.local)
}

#[test]
fn a_push_builds_on_the_remote_and_the_local_branch_follows() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let (one, two) = (bench.clone("one", &bare), bench.clone("two", &bare));
    let (first, local) = pushed(push(&request(&one.root), "origin", line("one")));
    assert_eq!((bare.head("main"), local), (first, LocalBranch::Updated));
    two.write("README", "changed\n");
    let (second, local) = pushed(push(&request(&two.root), "origin", line("two")));
    assert_eq!(local, LocalBranch::Updated);
    for repository in [&bare, &two] {
        assert_eq!(repository.head("main"), second);
        assert_eq!(repository.show("main", FLAG), "on: 1\none\ntwo\n");
    }
    assert_eq!(two.head("origin/main"), second);
    assert_eq!((two.read(FLAG), two.status()), ("on: 1\none\ntwo\n".to_owned(), " M README\n".to_owned()));
    one.git(&["checkout", "-q", "--detach"]);
    let main = Request { branch: Some("main"), ..request(&one.root) };
    let (third, local) = pushed(push(&main, "origin", line("three")));
    assert_eq!((one.head("main"), local), (third, LocalBranch::Updated));
    two.is_sound();
}

#[test]
fn a_push_sends_only_its_own_commit() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let clone = bench.clone("clone", &bare);
    clone.write("README", "not yet public\n");
    clone.git(&["commit", "-q", "-am", "private"]);
    let before = clone.head("main");
    let (_, local) = pushed(push(&request(&clone.root), "origin", line("x")));
    assert_eq!(local, LocalBranch::NotUpdated("`main` has commits that the remote does not have".to_owned()));
    assert_eq!((clone.head("main"), clone.status()), (before, String::new()));
    assert_eq!(bare.git(&["log", "--format=%s", "main"]), "add x\nfirst\n");
}

#[test]
fn a_push_succeeds_while_the_file_has_uncommitted_changes() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let clone = bench.clone("clone", &bare);
    clone.write(FLAG, "mine\n");
    let (_, local) = pushed(push(&request(&clone.root), "origin", line("x")));
    assert!(
        matches!(&local, LocalBranch::NotUpdated(why) if why.contains("would be overwritten by merge")),
        "{local:?}"
    );
    assert_eq!((clone.read(FLAG), clone.status()), ("mine\n".to_owned(), format!(" M {FLAG}\n")));
    assert_eq!(bare.show("main", FLAG), "on: 1\nx\n");
}

#[test]
fn a_refused_push_reports_the_reason_and_changes_nothing() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    bare.hook("pre-receive", "echo the branch is protected >&2; exit 1");
    let clone = bench.clone("clone", &bare);
    let before = clone.head("main");
    let refusal = push(&request(&clone.root), "origin", line("x")).unwrap_err().to_string();
    assert!(
        refusal.starts_with("`origin` refused the push to `main`: [remote rejected] (pre-receive hook declined)\n")
            && refusal.contains("the branch is protected"),
        "{refusal}"
    );
    assert_eq!((clone.head("main"), bare.head("main"), clone.status()), (before.clone(), before, String::new()));
    clone.git(&["branch", "topic"]);
    let topic = Request { branch: Some("topic"), ..request(&clone.root) };
    assert_eq!(
        push(&topic, "origin", line("x")).unwrap_err().to_string(),
        "`origin` has no branch `topic`, and this clone has; push it first with `git push origin topic`"
    );
    assert!(push(&request(&clone.root), "missing", line("x")).unwrap_err().to_string().starts_with("`git ls-remote"));
}

/// Pushes with a hook of the server, or of the clone if the name is `pre-push`. Returns the number of times that the hook
/// ran, and the result.
fn push_with_hook(name: &str, script: &str) -> (usize, Result<Pushed, CommitError>) {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let clone = bench.clone("clone", &bare);
    let runs = bench.path("runs");
    let owner = if name == "pre-push" { &clone } else { &bare };
    owner.hook(name, &format!("echo x >> {}\n{}", runs.display(), script.replace("BARE", bare.root.to_str().unwrap())));
    let result = push(&Request { max_wait: MAX_WAIT, ..request(&clone.root) }, "origin", line("x"));
    (fs::read_to_string(runs).unwrap().lines().count(), result)
}

/// A script for a hook of the server that moves the branch, as another push would.
const OTHER_PUSH: &str = "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
    git -C BARE -c user.name=x -c user.email=x@example.com commit-tree -p main -m x main^{tree} > BARE/../other &&
    git -C BARE update-ref refs/heads/main $(cat BARE/../other)";

#[test]
fn a_push_that_is_refused_for_good_is_tried_once() {
    // With the last hook, the server receives another push at the same time.
    let moves = format!("{OTHER_PUSH}; exit 1");
    let hooks = [("pre-receive", "exit 1"), ("update", "echo GH006: protected >&2; exit 1"), ("pre-receive", &moves)];
    for (name, script) in hooks {
        let (runs, result) = push_with_hook(name, script);
        assert!(matches!(&result, Err(CommitError::PushRefused { .. })), "{result:?}");
        assert_eq!(runs, 1, "{result:?}");
    }
    let (runs, result) = push_with_hook("pre-push", "echo not on fridays >&2; exit 1");
    assert!(matches!(&result, Err(CommitError::PrePush { output }) if output.contains("not on fridays")), "{result:?}");
    assert_eq!(runs, 1);
}

#[test]
fn a_push_to_a_server_that_can_never_lock_its_branch_ends() {
    // The lock of another push that was killed.
    let lock = "mkdir -p BARE/refs/heads; : > BARE/refs/heads/main.lock";
    let (runs, result) = push_with_hook("pre-receive", lock);
    assert!(matches!(&result, Err(CommitError::PushRefused { output, .. }) if output.contains("failed to update ref")));
    assert_eq!(runs, 5);
}

#[test]
fn a_push_that_loses_a_race_is_repeated_whatever_the_server_says() {
    // The hook moves the branch once, as another push would, after the server has checked it. Then git's server says
    // "failed to update ref", and other servers use other words.
    let race = format!("[ $(wc -l < BARE/../runs) = 1 ] || exit 0\n{OTHER_PUSH}");
    let (runs, result) = push_with_hook("pre-receive", &race);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(runs, 2);
}

#[test]
fn a_push_to_a_branch_that_does_not_exist_makes_it_from_the_default_branch() {
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    let clone = bench.clone("clone", &bare);
    let topic = Request { branch: Some("topic"), ..request(&clone.root) };
    let done = push(&topic, "origin", line("x")).unwrap();
    assert_eq!((done.made_from.as_deref(), done.local), (Some("main"), LocalBranch::Absent));
    assert_eq!((bare.head("topic"), bare.head("topic~1")), (done.committed.commit.unwrap(), bare.head("main")));
    // The next commit is on top of the new branch.
    let done = push(&topic, "origin", line("y")).unwrap();
    assert_eq!((done.made_from, bare.show("topic", FLAG)), (None, "on: 1\nx\ny\n".to_owned()));
    // A remote without commits has no default branch.
    bench.empty("void");
    clone.git(&["remote", "add", "void", bench.path("void").to_str().unwrap()]);
    assert_eq!(
        push(&topic, "void", line("x")).unwrap_err().to_string(),
        "`void` has no branch `topic`, and no default branch from which flagctl could make it"
    );
}

#[test]
fn concurrent_pushes_from_clones_lose_no_commit() {
    const CLONES: usize = 4;
    const PUSHES: usize = 3;
    let bench = Bench::new();
    let bare = bench.bare("bare", &bench.repository("r", &FILES));
    thread::scope(|scope| {
        for at in 0..CLONES {
            let clone = bench.clone(&format!("clone{at}"), &bare);
            scope.spawn(move || {
                for push_at in 0..PUSHES {
                    let request = Request { max_wait: MAX_WAIT, ..request(&clone.root) };
                    let (_, local) = pushed(push(&request, "origin", line(&format!("{at}.{push_at}"))));
                    assert_eq!((local, clone.status()), (LocalBranch::Updated, String::new()));
                }
                clone.is_sound();
            });
        }
    });
    let text = bare.show("main", FLAG);
    let lines: BTreeSet<_> = text.lines().collect();
    assert_eq!((text.lines().count(), lines.len()), (1 + CLONES * PUSHES, 1 + CLONES * PUSHES));
    assert_eq!(bare.git(&["rev-list", "--count", "--merges", "main"]), "0\n");
    bare.is_sound();
}
