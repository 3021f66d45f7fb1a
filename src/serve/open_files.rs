//! The limit of open files of the process. Each connection is an open file.

/// Raises the limit to the highest one that the process may have, and returns it.
#[cfg(unix)]
pub(super) fn raise_limit() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let highest = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let raised = if setrlimit(Resource::Nofile, highest).is_ok() { limit.maximum } else { limit.current };
    // A limit that is missing is no limit.
    raised.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Returns the limit of open files. The operating system has none that a process could raise.
#[cfg(not(unix))]
pub(super) fn raise_limit() -> usize {
    usize::MAX
}
