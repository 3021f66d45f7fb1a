//! `--pr`: the branch of a pull request, and the request itself.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::console;
use crate::cli::progress;
use crate::commit::{CommitError, remote_addresses};
use crate::forge::{Forge, Gh, PullRequest, RemoteRepository};
use crate::report::actions::{CommittedJson, PullRequestJson, PullRequestOpener};

/// The maximum number of characters of the flag's key in the name of a branch.
const MAX_KEY: usize = 60;

/// Returns the name of a new branch for an action on a flag or tag: `kill-new-cart-20261122-110200`.
pub(crate) fn new_branch(action: &str, subject: &str, now: Timestamp) -> String {
    format!("{action}-{}-{}", branch_part(subject, MAX_KEY), now.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S"))
}

/// Returns the name of the branch for a step of a rollout. It is the same for the same step, so two jobs propose it once.
pub(crate) fn step_branch(flag: &str, environments: &[String], rule: &str, to: &str) -> String {
    let step = format!("{flag}-{}-{rule}-{to}", environments.join("-"));
    format!("rollout-{}", branch_part(&step, 3 * MAX_KEY).trim_end_matches('-'))
}

/// Returns the start of a text as a part of a branch's name. Git refuses some characters there.
fn branch_part(text: &str, length: usize) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '-' };
    text.chars().take(length).map(plain).collect()
}

/// Returns the repository at a forge that a remote stands for: that of its first address that is one of a forge.
///
/// # Errors
/// Returns an error if the addresses cannot be read.
pub(crate) fn remote_repository(remote: &str) -> Result<Option<RemoteRepository>, CommitError> {
    Ok(remote_addresses(Path::new("."), remote)?.iter().find_map(|address| RemoteRepository::parse(address)))
}

/// Opens a pull request for a pushed branch, or returns the address at which a person opens it.
pub(crate) fn open(
    repository: &RemoteRepository,
    committed: &CommittedJson,
    (title, body): (&str, &str),
    root: &Path,
) -> PullRequestJson {
    match repository.forge {
        Forge::Github => {
            let request = PullRequest { base: committed.made_from.as_deref(), head: &committed.branch, title, body };
            let gh = std::env::var_os("PATH").and_then(|path| Gh::find(&path, root));
            let open = |gh: Gh| progress::shown("opening the pull request", || gh.open(repository, &request, root));
            match gh.map(open) {
                Some(Ok(address)) => return PullRequestJson { address, opened: PullRequestOpener::Gh },
                Some(Err(reason)) => console::note(format!("`gh` did not open a pull request: {reason}")),
                None => {}
            }
            address(repository, committed)
        }
        Forge::Gitlab => PullRequestJson { opened: PullRequestOpener::Push, ..address(repository, committed) },
        Forge::Gitea | Forge::Bitbucket | Forge::Unknown => address(repository, committed),
    }
}

/// Returns the address at which a person opens a pull request for a pushed branch.
pub(crate) fn address(repository: &RemoteRepository, committed: &CommittedJson) -> PullRequestJson {
    let address = repository.new_request(committed.made_from.as_deref(), &committed.branch);
    PullRequestJson { address, opened: PullRequestOpener::Person }
}
