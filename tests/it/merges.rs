//! Merges that are not committed, compared with `git merge` in a working tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fastrand::Rng;
use flagctl::git::{CacheWrites, MergeBase, MergeResult, Repository, Revision, RevisionSpec};

use crate::fast_import::History;
use crate::git_bench::{TestRepository, executable, flag};

/// The number of generated merges in a usual run.
const MERGES: usize = 80;
const NAMES: [&str; 9] = [
    "a.yaml",
    "b.yaml",
    "flags/a.yaml",
    "flags/b.yaml",
    "flags/old/c.yaml",
    "flags/old/d.yaml",
    "new/a.yaml",
    "x",
    "x/y",
];
const FOLDERS: [&str; 4] = ["flags/", "flags/old/", "new/", "moved/"];
const ATTRIBUTES: [&str; 6] = [
    "* merge=union\n",
    "*.yaml merge=binary\n",
    "*.yaml -merge\n",
    "*.yaml merge=unknown\n",
    "* text=auto\n",
    "a.yaml merge=union\n",
];

/// The mode and the lines of each file.
type Files = BTreeMap<String, (&'static str, Vec<String>)>;

fn lines(rng: &mut Rng) -> Vec<String> {
    let kind = rng.u8(..);
    (0..rng.usize(3..14)).map(|line| format!("{kind}: {line}\n")).collect()
}

/// Puts a file at a path, and removes what is in the way.
fn put(files: &mut Files, path: &str, file: (&'static str, Vec<String>)) {
    files.retain(|other, _| !other.starts_with(&format!("{path}/")) && !path.starts_with(&format!("{other}/")));
    files.insert(path.to_owned(), file);
}

fn change(rng: &mut Rng, files: &mut Files) {
    let Some(path) = rng.choice(files.keys().cloned().collect::<Vec<_>>()) else {
        return put(files, "a.yaml", ("100644", lines(rng)));
    };
    let (mode, text) = files[&path].clone();
    let mut changed = text.clone();
    let line = rng.usize(..=text.len());
    if mode == "120000" && rng.bool() {
        return drop(files.insert(path, (mode, vec![NAMES[rng.usize(..NAMES.len())].to_owned()])));
    }
    match rng.u8(..14) {
        0 => return drop(files.remove(&path)),
        1 => {
            files.remove(&path);
            let to = NAMES[rng.usize(..NAMES.len())];
            return put(files, to, (mode, text));
        }
        2 => {
            let (from, to) = (FOLDERS[rng.usize(..4)], FOLDERS[rng.usize(..4)]);
            let moved: Vec<String> = files.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in moved {
                let file = files.remove(&path).unwrap();
                put(files, &path.replacen(from, to, 1), file);
            }
            return;
        }
        3 => return put(files, NAMES[rng.usize(..NAMES.len())], ("100644", lines(rng))),
        4 => return put(files, ".gitattributes", ("100644", vec![ATTRIBUTES[rng.usize(..6)].to_owned()])),
        _ if mode == "120000" => return,
        5 => return drop(files.insert(path, (if mode == "100644" { "100755" } else { "100644" }, text))),
        6 => return drop(files.insert(path, ("120000", vec!["b.yaml".to_owned()]))),
        7 => changed.iter_mut().for_each(|line| *line = line.trim_end().to_owned() + "\r\n"),
        8 => changed.iter_mut().for_each(|line| line.insert(0, ' ')),
        9 => changed.truncate(line),
        10 => changed.insert(line, "the same line\n".to_owned()),
        _ => match changed.get_mut(line) {
            Some(line) => *line = format!("{}\n", rng.u8(..3)),
            None => changed.push(format!("last: {}\n", rng.u8(..3))),
        },
    }
    files.insert(path, (mode, changed));
}

fn commit(history: &mut History, branch: &str, parents: &[usize], files: &Files) -> usize {
    let texts = files.iter().map(|(path, (mode, lines))| (path.clone(), (*mode, lines.concat())));
    history.commit(branch, parents, &texts.collect())
}

/// Adds a base and two branches, which may have merged each other before.
fn case(history: &mut History, rng: &mut Rng, at: usize) {
    let mut base = Files::new();
    for _ in 0..rng.usize(1..6) {
        let file = ("100644", lines(rng));
        put(&mut base, NAMES[rng.usize(..NAMES.len())], file);
    }
    let root = commit(history, &format!("base{at}"), &[], &base);
    let names = [format!("ours{at}"), format!("theirs{at}")];
    let mut sides = [base.clone(), base];
    let mut tips = [root, root];
    for round in 0..=rng.usize(..8) / 6 {
        if round > 0 {
            let merged = [tips[1], tips[0]];
            tips = [0, 1].map(|side| commit(history, &names[side], &[tips[side], merged[side]], &sides[side]));
        }
        for side in 0..2 {
            for _ in 0..rng.usize(1..4) {
                change(rng, &mut sides[side]);
            }
            tips[side] = commit(history, &names[side], &[tips[side]], &sides[side]);
        }
    }
}

fn revision(repository: &Arc<Repository>, name: &str) -> Revision {
    Revision::find(repository, &RevisionSpec::new(name)).unwrap()
}

/// What a merge gives: its tree, or the paths with conflicts.
type Outcome = Result<String, BTreeSet<String>>;

fn by_git(repository: &TestRepository, at: usize) -> Outcome {
    let theirs = format!("theirs{at}");
    repository.git(&["checkout", "--quiet", "--force", &format!("ours{at}")]);
    let merge =
        repository.command("git").current_dir(repository.root()).args(["merge", "--no-commit", &theirs]).output();
    let merge = merge.unwrap();
    let unmerged = repository.git(&["ls-files", "--unmerged", "-z"]);
    let path = |entry: &str| {
        let path = entry.split_once('\t').unwrap().1;
        let label = path.strip_suffix("~HEAD").or(path.strip_suffix(&format!("~{theirs}")));
        label.unwrap_or(path).to_owned()
    };
    let outcome = match merge.status.code() {
        Some(0) => Ok(repository.git(&["write-tree"])),
        Some(1) => Err(unmerged.split_terminator('\0').map(path).collect()),
        code => panic!("{code:?} {}", String::from_utf8_lossy(&merge.stderr)),
    };
    repository.git(&["reset", "--quiet", "--hard"]);
    repository.git(&["clean", "--quiet", "--force", "-d"]);
    outcome
}

#[test]
fn a_merge_gives_what_git_merge_gives() {
    let factor: usize = std::env::var("GENERATED").map_or(1, |factor| factor.parse().unwrap());
    let repository = TestRepository::new();
    let mut rng = Rng::with_seed(17);
    let mut history = History::default();
    let count = MERGES * factor;
    for at in 0..count {
        case(&mut history, &mut rng, at);
    }
    repository.git_with(&["fast-import", "--quiet", "--force"], &history.stream);
    let objects = repository.git(&["count-objects", "--verbose"]);
    let opened = Arc::new(Repository::open(repository.root(), CacheWrites::Forbidden).unwrap());
    let ours: Vec<Outcome> = (0..count)
        .map(|at| {
            let theirs = revision(&opened, &format!("theirs{at}"));
            match revision(&opened, &format!("ours{at}")).merge(&theirs, MergeBase::Common).unwrap() {
                MergeResult::Clean(merged) => Ok(merged.tree_id()),
                MergeResult::Conflicts(paths) => Err(paths.into_iter().collect()),
            }
        })
        .collect();
    assert_eq!(repository.git(&["count-objects", "--verbose"]), objects);
    let clean = ours.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((count / 10..count * 9 / 10).contains(&clean), "{clean} of {count} merges are clean");
    for (at, ours) in ours.into_iter().enumerate() {
        assert_eq!(ours, by_git(&repository, at), "merge {at}");
    }
}

/// Makes a repository whose branches `left` and `right` change the same line of a flag.
fn apart() -> TestRepository {
    let mut repository = TestRepository::with_sale();
    repository.write(".gitattributes", "*.yaml merge=own\n");
    repository.commit("a driver");
    for (branch, value) in [("left", "off"), ("right", "missing")] {
        repository.git(&["checkout", "--quiet", "-b", branch, "main"]);
        repository.write("flags/sale.yaml", &flag(value));
        repository.commit(branch);
    }
    repository
}

#[test]
fn a_merge_runs_no_driver_of_the_settings() {
    let repository = apart();
    let mark = repository.beside("mark");
    executable(&repository.beside("driver"), &format!("touch {}", mark.display()));
    repository.git(&["config", "merge.own.driver", repository.beside("driver").to_str().unwrap()]);
    let ran = repository.flagctl(&["diff", "--merge", "main", "left", "right"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("flags/sale.yaml"), "{ran:?}");
    assert!(!mark.exists());
    // Git itself runs the driver.
    repository.git(&["merge", "--quiet", "--no-commit", "left"]);
    assert!(mark.exists());
}

#[test]
fn a_git_that_cannot_merge_is_named() {
    let repository = apart();
    let folder = repository.beside("old");
    std::fs::create_dir(&folder).unwrap();
    executable(&folder.join("git"), "[ \"$1\" = version ] && echo git version 2.30.2 || exit 129");
    let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display())).current_dir(repository.root());
    let output = command.args(["diff", "--merge", "main", "left", "right"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("a merge needs git 2.38 or newer, and this is git 2.30.2"), "{stderr}");
}
