//! The example of a dark launch, from `shadow:` to the promotion of the candidate.

use std::fs;
use std::path::Path;

use crate::example_shop;
use crate::git_bench::TestRepository;

/// Makes a repository of the example, whose last commit adds the shadow.
pub(crate) fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    example_shop::copy(Path::new("examples/dark-launch"), &repository, "");
    let flag = fs::read_to_string("examples/dark-launch/flags/search.yaml").unwrap();
    let (served, _) = flag.split_once("shadow:\n").unwrap();
    repository.write("flags/search.yaml", served);
    repository.commit("search: the old engine");
    repository.write("flags/search.yaml", &flag);
    repository.commit("search: the new engine runs in the dark");
    repository
}
