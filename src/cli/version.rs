//! The version that `--version` names: that of the package, and the commit of which the program was built.

use crate::git::short_id;

/// The commit of which the release workflow builds the program. Other builds have none: there is no build script that
/// asks git, because a package from a registry has no repository, and the files of a checkout may differ from its commit.
const COMMIT: Option<&str> = option_env!("FLAGCTL_COMMIT");

/// Returns the text of `flagctl --version` behind the name of the program.
pub(crate) fn version() -> String {
    with_commit(COMMIT)
}

fn with_commit(commit: Option<&str>) -> String {
    let build = commit.filter(|commit| !commit.is_empty()).map_or("development build", short_id);
    format!("{} ({build})", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::with_commit;

    #[test]
    fn a_build_without_a_commit_says_so() {
        let version = env!("CARGO_PKG_VERSION");
        let commit = "71168d8d8f614f0fcc2b5742eefca03137018846";
        assert_eq!(with_commit(Some(commit)), format!("{version} (71168d8d8f)"));
        assert_eq!(with_commit(None), format!("{version} (development build)"));
        assert_eq!(with_commit(Some("")), with_commit(None));
    }
}
