//! `flagctl man`: each command has a page, and the pages say what help says.

use std::collections::BTreeSet;
use std::fs;

use crate::git_bench::TestRepository;

/// Returns the names of the pages that the commands of a help text need, and those of their own commands.
fn expected(repository: &TestRepository, words: &[&str]) -> BTreeSet<String> {
    let help = repository.flagctl(&[&["help"], words].concat()).stdout;
    let page = [&["flagctl"], words].concat().join("-") + ".1";
    let mut pages = BTreeSet::from([page]);
    if let Some((_, list)) = help.split_once("\nCommands:\n") {
        let lines = list.split("\n\n").next().unwrap().lines().filter_map(|line| line.strip_prefix("  "));
        for name in lines.filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()) {
            pages.extend(expected(repository, &[words, &[name]].concat()));
        }
    }
    pages
}

#[test]
fn each_command_has_a_page() {
    let repository = TestRepository::new();
    let ran = repository.flagctl(&["man", "../share/man1"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let folder = repository.beside("share/man1");
    let pages: BTreeSet<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(pages, expected(&repository, &[]));
    assert!(pages.contains("flagctl-rollout-advance.1"), "{pages:?}");
    assert_eq!(ran.stdout, format!("wrote {} manual pages into `../share/man1`\n", pages.len()));

    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    for name in &pages {
        let title = name.strip_suffix(".1").unwrap();
        assert!(text(name).contains(&format!(".TH {title} 1  ")), "{name}: {}", text(name));
    }
    let kill = text("flagctl-kill.1");
    assert!(kill.contains("Turn flags off in an environment") && kill.contains("\\-\\-expires"), "{kill}");
    assert!(!text("flagctl-diff.1").contains("effort"), "a page has a hidden option");

    // The pages are the same in every run, and replace those that are there.
    fs::write(folder.join("flagctl-kill.1"), "old").unwrap();
    assert_eq!(repository.flagctl(&["man", "../share/man1"]).code, Some(0));
    assert_eq!(text("flagctl-kill.1"), kill);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let repository = TestRepository::new();
    repository.write("file", "");
    let ran = repository.flagctl(&["man", "file"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""));
    assert!(ran.stderr.starts_with("error: cannot create `file`: "), "{}", ran.stderr);
}

#[test]
fn the_version_names_the_commit_or_says_that_there_is_none() {
    let ran = TestRepository::new().flagctl(&["--version"]);
    let commit = option_env!("FLAGCTL_COMMIT").filter(|commit| !commit.is_empty());
    let build = commit.map_or("development build", |commit| &commit[..10]);
    assert_eq!(ran.stdout, format!("flagctl {} ({build})\n", env!("CARGO_PKG_VERSION")));
}
