//! The emergency that README.md tells, from alarm to undo, happens so in a real repository with a remote.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test may end in a panic and reads what it likes"
)]

mod git;

use std::fs;
use std::path::Path;

use git::TestRepository;

const FENCE: &str = "```ShellSession\n";

fn copy(from: &Path, repository: &TestRepository, below: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            copy(&path, repository, &format!("{name}/"));
        } else {
            repository.write(&name, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn an_emergency_goes_as_the_readme_tells() {
    let mut repository = TestRepository::new();
    copy(Path::new("examples"), &repository, "");
    repository.commit("the shop");
    let bare = repository.clone_to("origin.git", &["--bare"]);
    repository.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    let readme = fs::read_to_string("README.md").unwrap();
    let start = readme.find(FENCE).unwrap() + FENCE.len();
    let end = start + readme[start..].find("```\n").unwrap();
    let told = &readme[start..end];
    let mut happened = String::new();
    for command in told.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let ran = repository.shell(command);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command}: {}", ran.stdout);
        let said = ran.stdout.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
        happened += &format!("$ {command}\n{said}\n");
    }
    let happened = format!("{}\n", happened.trim_end());
    if std::env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
        fs::write("README.md", [&readme[..start], &happened, &readme[end..]].concat()).unwrap();
        return;
    }
    assert_eq!(told, happened);
}
