//! What `kill` remembers of files' words and of folders: the answer is the same whether it is there, old, broken or
//! impossible to write.

use std::fs;

use crate::git_bench::{PROJECT, TestRepository, flag};

/// So many are worth remembering.
const FLAGS: usize = 600;
const AREAS: usize = 30;

fn requiring(other: &str) -> String {
    format!("{}requires: {{{other}: on}}\n", flag("on"))
}

/// `sale`, which one flag requires through two others, among many.
fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("flagctl.yaml", PROJECT);
    for at in 0..FLAGS {
        repository.write(&format!("flags/area-{}/flag-{at}.yaml", at % AREAS), &format!("# {at}\n{}", flag("on")));
    }
    repository.write("flags/sale.yaml", &flag("on"));
    repository.write("flags/near.yaml", &requiring("sale"));
    repository.write("flags/spelled.yaml", &requiring("\"\\u006eear\""));
    repository.write("flags/far.yaml", &requiring("spelled"));
    repository.write("flags/sale-2.yaml", &requiring("sale-1"));
    repository.write("flags/sale-1.yaml", &flag("on"));
    repository.commit("all flags");
    repository
}

/// What falls with `sale`.
#[track_caller]
fn falls(repository: &TestRepository, flags: &[&str]) {
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
    falls(&repository, &["near", "spelled", "far"]);
    let remembered = fs::read(&words).unwrap();
    falls(&repository, &["near", "spelled", "far"]);
    repository.write("flags/new.yaml", &requiring("sale"));
    repository.write("flags/spelled.yaml", &flag("on"));
    repository.commit("another, and one less");
    falls(&repository, &["near", "new"]);
    assert_eq!(fs::read(&words).unwrap(), remembered, "two files are not worth writing all");
    repository.remove("flags/new.yaml");
    repository.commit("as it was");
    falls(&repository, &["near"]);
}

#[test]
fn a_broken_cache_is_rebuilt() {
    let repository = repository();
    falls(&repository, &["near", "spelled", "far"]);
    for name in ["words", "trees"] {
        let file = repository.root().join(".git/flagctl").join(name);
        let remembered = fs::read(&file).unwrap();
        let (half, _) = remembered.split_at(remembered.len() / 2);
        let flipped: Vec<u8> = remembered.iter().map(|byte| byte ^ 1).collect();
        let mark = format!("flagctl {name} 2\n");
        for broken in [&[][..], mark.as_bytes(), half, &flipped, &[&remembered[..], b"more"].concat()] {
            fs::write(&file, broken).unwrap();
            falls(&repository, &["near", "spelled", "far"]);
            assert_eq!(fs::read(&file).unwrap(), remembered);
        }
    }
}

#[test]
fn a_cache_that_cannot_be_written_changes_no_result() {
    let repository = repository();
    fs::write(repository.root().join(".git/flagctl"), "in the way").unwrap();
    falls(&repository, &["near", "spelled", "far"]);
    falls(&repository, &["near", "spelled", "far"]);
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
            let ran = repository.flagctl_in(folder, &["kill", "sale", "--dry-run"]);
            assert!(ran.stdout.contains("far requires spelled and falls with it"), "{ran:?}");
            assert!(words.is_file());
        }
    }
}
