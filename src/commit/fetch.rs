//! Fetching a branch of a remote.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::commit::error::CommitError;
use crate::commit::git_command;

/// The maximum time of a fetch. A remote that does not answer would otherwise hold it for ever.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The time between two looks at the process.
const INTERVAL: Duration = Duration::from_millis(20);

/// Fetches a branch of a remote to its remote-tracking branch, such as `refs/remotes/origin/main`.
///
/// # Errors
/// Returns [`CommitError`] if the remote cannot be reached, has no such branch, or does not answer in time.
pub fn fetch(folder: &Path, remote: &str, branch: &str) -> Result<(), CommitError> {
    // A branch whose history was rewritten is followed, too.
    let refspec = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
    let arguments = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--end-of-options", remote, &refspec];
    let mut command = git_command::in_folder(folder, &arguments);
    command.env("GIT_TERMINAL_PROMPT", "0").stdout(Stdio::null()).stderr(Stdio::piped());
    own_group(&mut command);
    let failed = |error| CommitError::Program { program: "git".to_owned(), error };
    let refused = |output: String| CommitError::Refused { command: format!("fetch {remote} {branch}"), output };
    let mut child = command.spawn().map_err(failed)?;
    let end = Instant::now() + TIME_LIMIT;
    while child.try_wait().map_err(failed)?.is_none() {
        if Instant::now() > end {
            end_group(&mut child);
            let _ = child.wait();
            return Err(refused(format!("the remote did not answer in {} s", TIME_LIMIT.as_secs())));
        }
        thread::sleep(INTERVAL);
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() { Ok(()) } else { Err(refused(git_command::combined_output(&output))) }
}

/// Puts git into a process group of its own, with the programs that it starts, such as ssh.
fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

fn end_group(child: &mut Child) {
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = child.kill();
}
