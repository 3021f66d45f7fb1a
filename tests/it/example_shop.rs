//! Git repositories with the example shop, for tests and for documents.
//!
//! **Invariant:** the commit ids are the same on every machine.

use std::fs;
use std::path::Path;

use crate::git_bench::TestRepository;

/// Makes the repository of the example shop, with a remote `origin`.
pub(crate) fn with_remote() -> TestRepository {
    let mut repository = examples();
    repository.commit("the shop");
    let bare = repository.clone_to("origin.git", &["--bare"]);
    repository.git(&["remote", "add", "origin", bare.to_str().unwrap()]);
    repository
}

/// Makes a pull request for the example shop. It has a rollout step, a new rule before another rule, a change of a
/// segment, a refactoring and a kill.
pub(crate) fn pull_request() -> TestRepository {
    let mut repository = examples();
    repository.commit("the example shop");
    repository.git(&["checkout", "--quiet", "-b", "work"]);
    edit(&repository, "flags/mobile/loyalty-card.yaml", "rollout: 10%", "rollout: 20%");
    repository.commit("loyalty card: the next step");
    let rule = "rules:\n  - name: free-plan\n    if: {app.platform: web, plan: free}\n    serve: some\n";
    edit(&repository, "flags/search/results-per-page.yaml", "rules:\n", rule);
    edit(&repository, "segments/eu-customers.yaml", "[AT, DE, FR, NL]", "[AT, DE, FR, GB, NL]");
    edit(&repository, "flags/mobile/update-prompt.yaml", "app.platform: {ne: web}", "app.platform: [android, ios]");
    repository.write("kills/production/search-ranking.yaml", "reason: \"INC-4300: ranking is slow\"\n");
    repository.commit("a busy day");
    repository
}

/// Makes two branches that change the decisions of the same contexts in two files, a rollout and a segment.
pub(crate) fn two_branches() -> TestRepository {
    let mut repository = examples();
    repository.commit("the shop");
    repository.git(&["checkout", "--quiet", "-b", "bolder"]);
    edit(&repository, "flags/pricing/loyalty-points.yaml", "rollout: 20%", "rollout: 100%");
    repository.commit("loyalty points: for everyone in Europe");
    repository.git(&["checkout", "--quiet", "-b", "wider", "main"]);
    edit(&repository, "segments/eu-customers.yaml", "[AT, DE, FR, NL]", "[AT, DE, FR, GB, NL]");
    repository.commit("eu-customers: Great Britain, too");
    repository
}

/// Makes a history with a rollout step, a kill and a revival.
pub(crate) fn history() -> TestRepository {
    let mut repository = examples();
    repository.commit("the shop");
    edit(&repository, "flags/mobile/loyalty-card.yaml", "rollout: 10%", "rollout: 20%");
    repository.commit("loyalty card: the next step");
    let kill = ["kill", "loyalty-card", "-e", "production", "--reason", "INC-4301: cards are blank", "--yes"];
    let revive = ["revive", "loyalty-card", "-e", "production", "--reason", "fixed by 8c1f20", "--yes"];
    for arguments in [kill, revive] {
        let ran = repository.flagctl(&arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        repository.commit("the next day");
    }
    repository
}

/// Makes a repository with the files of the example shop, and does not commit them.
fn examples() -> TestRepository {
    let repository = TestRepository::new();
    copy(Path::new("examples"), &repository, "");
    repository
}

pub(crate) fn copy(from: &Path, repository: &TestRepository, prefix: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.join("flagctl.yaml").exists() {
            // A folder of the examples is a project of its own.
        } else if path.is_dir() {
            copy(&path, repository, &format!("{name}/"));
        } else {
            repository.write(&name, &fs::read_to_string(&path).unwrap());
        }
    }
}

/// Replaces text in a file of the repository.
fn edit(repository: &TestRepository, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(repository.root().join(path)).unwrap();
    assert!(text.contains(from), "{path}: {from}");
    repository.write(path, &text.replacen(from, to, 1));
}
