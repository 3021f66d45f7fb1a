//! Nine small projects, each with the needs of one kind of flag file that teams use with other tools. Each must be valid
//! without a single finding, pass its own tests, and publish to the targets that it declares.

use std::fs;
use std::path::{Path, PathBuf};

use crate::example_shop;
use crate::git_bench::TestRepository;

/// Makes a repository of one project, as the branch `main` of a remote has it.
fn repository(project: &Path) -> TestRepository {
    let mut repository = TestRepository::new();
    example_shop::copy(project, &repository, "");
    repository.commit("the project");
    let origin = repository.clone_to("origin.git", &["--bare"]);
    repository.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
    repository.git(&["fetch", "--quiet", "origin"]);
    repository.git(&["remote", "set-head", "origin", "main"]);
    repository
}

fn projects() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("tests/projects").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Runs a command in all projects, and returns what it printed after the name of each project.
fn in_all_projects(arguments: &[&str]) -> String {
    let mut all = String::new();
    for project in projects() {
        let ran = repository(&project).flagctl(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}: {}", project.display(), ran.stdout);
        all.push_str(&format!("{}: {}", project.file_name().unwrap().to_str().unwrap(), ran.stdout));
    }
    all
}

#[test]
fn the_needs_of_other_tools_files_are_met_without_a_finding() {
    snapbox::assert_data_eq!(
        in_all_projects(&["validate"]),
        snapbox::str![[r#"
browser-studies: 3 flags, 1 segment, 1 test file in 1 environment: no problems
customer-environments: 1 flag, 1 test file in 60 environments: no problems
git-host: 3 flags, 1 test file in 2 environments: no problems
map-viewer: 14 flags, 2 segments, 1 test file in 1 environment: no problems
microservice-demo: 7 flags, 1 test file in 1 environment: no problems
mobile-manifest: 3 flags, 1 test file in 4 environments: no problems
saas-targeting: 2 flags, 1 segment, 1 test file in 2 environments: no problems
storefront-variables: 2 flags, 1 segment, 1 test file in 2 environments: no problems
team-buttons: 4 flags, 3 segments, 1 test file in 1 environment: no problems

"#]]
    );
}

#[test]
fn each_project_passes_its_tests() {
    snapbox::assert_data_eq!(
        in_all_projects(&["test"]),
        snapbox::str![[r#"
browser-studies: 6 passed
customer-environments: 7 passed
git-host: 4 passed
map-viewer: 8 passed
microservice-demo: 7 passed
mobile-manifest: 13 passed
saas-targeting: 8 passed
storefront-variables: 5 passed
team-buttons: 6 passed

"#]]
    );
}

#[test]
fn each_declared_target_can_be_published() {
    let mut published = Vec::new();
    for project in projects() {
        if fs::read_to_string(project.join("flagctl.yaml")).unwrap().contains("\npublish:") {
            let ran = repository(&project).flagctl(&["publish", "flagd"]);
            assert_eq!(ran.code, Some(0), "{}: {}{}", project.display(), ran.stdout, ran.stderr);
            published.push(project.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(published, ["map-viewer", "microservice-demo", "storefront-variables"]);
}
