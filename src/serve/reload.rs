//! Reads files of the settings again when they change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use crate::report::server::ServerEvent;
use crate::serve::log::Log;

/// The time between two looks at a file.
const INTERVAL: Duration = Duration::from_secs(1);

/// Calls `apply` whenever one of the files has changed, until it succeeds. A problem is logged, and what was read before
/// stays.
pub(super) async fn watch_files(files: Vec<PathBuf>, log: Log, mut apply: impl FnMut() -> Result<(), String> + Send) {
    let path = files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let mut known = versions(&files);
    let mut last_problem = None;
    loop {
        sleep(INTERVAL).await;
        let now = versions(&files);
        if now == known {
            continue;
        }
        match apply() {
            Ok(()) => {
                known = now;
                last_problem = None;
                log.write(&ServerEvent::FileReloaded { path: path.clone() });
            }
            Err(problem) => {
                if last_problem.as_ref() != Some(&problem) {
                    log.write(&ServerEvent::FileRefused { path: path.clone(), problem: problem.clone() });
                }
                last_problem = Some(problem);
            }
        }
    }
}

/// Returns what the file system says about the versions of files. A missing file has none.
fn versions(files: &[PathBuf]) -> Vec<Option<(SystemTime, u64)>> {
    let version = |path: &Path| fs::metadata(path).ok().and_then(|file| Some((file.modified().ok()?, file.len())));
    files.iter().map(|path| version(path)).collect()
}
