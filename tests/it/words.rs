//! The cache files `words` and `trees` in git's folder: the results are the same if a cache is missing, old, damaged or
//! not writable, and a dry run does not write to git's folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::git_bench::{PROJECT, TestRepository, flag};

/// The number of flags, which is large enough that flagctl stores the words of their files.
const FLAGS: usize = 600;
/// The number of folders, which is large enough that flagctl stores their trees.
const AREAS: usize = 30;

fn requiring(other: &str) -> String {
    format!("{}requires: {{{other}: on}}\n", flag("on"))
}

/// Makes a repository with many flags, of which `shop/near`, `shop:spelled` and `far` require `sale`, directly or through each
/// other.
fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for at in 0..FLAGS {
        repository.write(&format!("flags/area-{}/flag-{at}.yaml", at % AREAS), &format!("# {at}\n{}", flag("on")));
    }
    repository.write("flags/sale.yaml", &flag("on"));
    repository.write("flags/shop%2Fnear.yaml", &requiring("sale"));
    repository.write("flags/shop%3Aspelled.yaml", &requiring("\"shop\\u002fnear\""));
    repository.write("flags/far.yaml", &requiring("shop:spelled"));
    repository.write("flags/sale-2.yaml", &requiring("sale-1"));
    repository.write("flags/sale-1.yaml", &flag("on"));
    repository.commit("all flags");
    repository
}

/// Runs a command that searches for the flags that depend on `sale` and may write the caches.
#[track_caller]
fn fill_cache(repository: &TestRepository, folder: &Path) {
    let head = repository.git_in(folder, &["rev-parse", "HEAD"]);
    let stream = format!(
        "reset refs/heads/stop\nfrom {head}\n\ncommit refs/heads/stop\ncommitter Dana <dana@example.com> 0 +0000\n\
         data 4\nstop\nM 644 inline kills/production/sale.yaml\ndata 10\nreason: x\n\n"
    );
    repository.git_in_with(folder, &["fast-import", "--quiet", "--force"], &stream);
    let ran = repository.flagctl_in(folder, &["verify-kill", "HEAD..refs/heads/stop", "sale"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
}

/// Asserts that a kill of `sale` turns off exactly these flags, after filling the caches.
#[track_caller]
fn falls(repository: &TestRepository, flags: &[&str]) {
    fill_cache(repository, repository.root());
    falls_with_this_cache(repository, flags);
}

/// Asserts that a kill of `sale` turns off exactly these flags. Uses a dry run, which does not write the caches.
#[track_caller]
fn falls_with_this_cache(repository: &TestRepository, flags: &[&str]) {
    let ran = repository.flagctl(&["kill", "sale", "--dry-run"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let fallen: Vec<_> = ran.stdout.lines().filter_map(|line| line.trim().split_once(" requires ")).collect();
    let fallen: Vec<_> = fallen.into_iter().map(|(flag, _)| flag).collect();
    assert_eq!(fallen, flags);
}

#[test]
fn dependants_are_found_after_further_commits() {
    let mut repository = repository();
    let words = repository.root().join(".git/flagctl/words");
    falls(&repository, &["shop/near", "shop:spelled", "far"]);
    let remembered = fs::read(&words).unwrap();
    falls(&repository, &["shop/near", "shop:spelled", "far"]);
    repository.write("flags/new.yaml", &requiring("sale"));
    repository.write("flags/shop%3Aspelled.yaml", &flag("on"));
    repository.commit("another, and one less");
    falls(&repository, &["new", "shop/near"]);
    assert_eq!(fs::read(&words).unwrap(), remembered, "two files are not worth writing all");
    repository.remove("flags/new.yaml");
    repository.commit("as it was");
    falls(&repository, &["shop/near"]);
}

#[test]
fn a_broken_cache_is_rebuilt() {
    let repository = repository();
    falls(&repository, &["shop/near", "shop:spelled", "far"]);
    for name in ["words", "trees"] {
        let file = repository.root().join(".git/flagctl").join(name);
        let remembered = fs::read(&file).unwrap();
        let (half, _) = remembered.split_at(remembered.len() / 2);
        let flipped: Vec<u8> = remembered.iter().map(|byte| byte ^ 1).collect();
        let mark = format!("flagctl {name} 2\n");
        for broken in [&[][..], mark.as_bytes(), half, &flipped, &[&remembered[..], b"more"].concat()] {
            fs::write(&file, broken).unwrap();
            falls_with_this_cache(&repository, &["shop/near", "shop:spelled", "far"]);
            assert_eq!(fs::read(&file).unwrap(), broken, "a dry run does not repair it");
            falls(&repository, &["shop/near", "shop:spelled", "far"]);
            assert_eq!(fs::read(&file).unwrap(), remembered);
        }
    }
}

#[test]
fn a_cache_that_cannot_be_written_changes_no_result() {
    let repository = repository();
    fs::write(repository.root().join(".git/flagctl"), "in the way").unwrap();
    falls(&repository, &["shop/near", "shop:spelled", "far"]);
    falls(&repository, &["shop/near", "shop:spelled", "far"]);
}

#[test]
fn worktrees_and_bare_repositories_use_the_cache() {
    let repository = repository();
    let (tree, bare) = (repository.beside("tree"), repository.beside("bare"));
    repository.git(&["worktree", "add", "--quiet", "-b", "other", tree.to_str().unwrap()]);
    repository.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    for (folder, words) in [(&tree, repository.root().join(".git/flagctl/words")), (&bare, bare.join("flagctl/words"))]
    {
        for _ in 0..2 {
            fill_cache(&repository, folder);
            let ran = repository.flagctl_in(folder, &["kill", "sale", "--dry-run"]);
            assert!(ran.stdout.contains("far requires shop:spelled and turns off too"), "{ran:?}");
            assert!(words.is_file());
        }
    }
}

/// Returns the bytes of all files in a folder and below it.
fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.insert(path.clone(), Vec::new());
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_dry_run_leaves_git_s_folder_byte_for_byte_as_it_was() {
    let mut repository = repository();
    repository.write(
        "flags/sale-1.yaml",
        &format!("{}rules:\n  - name: some\n    serve: on\n    rollout: 10%\n", flag("off")),
    );
    repository.commit("a rollout");
    let killed = repository.flagctl(&["kill", "flag-1", "--reason", "a test", "--yes"]);
    assert_eq!(killed.code, Some(0), "{}{}", killed.stdout, killed.stderr);
    let git_folder = repository.root().join(".git");
    fs::remove_dir_all(git_folder.join("flagctl")).unwrap();
    let before = files_below(&git_folder);
    let target = repository.beside("fleet");
    for arguments in [
        &["kill", "sale", "--dry-run"][..],
        &["revive", "flag-1", "--dry-run"],
        &["rollout", "sale-1", "--rule", "some", "--to", "20%", "--dry-run"],
        &["publish", target.to_str().unwrap(), "--dry-run"],
    ] {
        let ran = repository.flagctl(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        let after = files_below(&git_folder);
        let changed = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).map(|(path, _)| path);
        assert_eq!(changed.collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "{arguments:?}");
        assert_eq!(after.len(), before.len(), "{arguments:?} removes nothing");
    }
    // The same search without `--dry-run` writes the caches.
    fill_cache(&repository, repository.root());
    assert!(git_folder.join("flagctl/words").is_file() && git_folder.join("flagctl/trees").is_file());
}

#[cfg(unix)]
#[test]
fn a_read_only_git_folder_is_no_error() {
    use std::os::unix::fs::PermissionsExt;
    let repository = repository();
    let git_folder = repository.root().join(".git");
    let set_mode = |mode| fs::set_permissions(&git_folder, fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o555);
    falls(&repository, &["shop/near", "shop:spelled", "far"]);
    let listed = repository.flagctl(&["eval", "sale", "--at", "HEAD"]);
    set_mode(0o755);
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_while_it_writes_the_caches_changes_no_result() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let repository = repository();
    let dependants = ["shop/near", "shop:spelled", "far"];
    let begin = Instant::now();
    falls(&repository, &dependants);
    let whole = begin.elapsed();
    let caches = repository.root().join(".git/flagctl");
    for round in 0..6 {
        fs::remove_dir_all(&caches).unwrap();
        let mut command = repository.command(env!("CARGO_BIN_EXE_flagctl"));
        command.current_dir(repository.root()).args(["verify-kill", "HEAD..refs/heads/stop", "sale"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Half of the rounds kill the process as soon as a file appears, the others at a moment that varies.
        let deadline = Instant::now() + whole * round / 6;
        let appears = || round % 2 == 0 && fs::read_dir(&caches).is_ok_and(|mut files| files.next().is_some());
        while Instant::now() < deadline && !appears() {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        fs::create_dir_all(&caches).unwrap();
        falls_with_this_cache(&repository, &dependants);
        falls(&repository, &dependants);
        let mut left: Vec<_> = fs::read_dir(&caches).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["trees", "words"]);
    }
}
