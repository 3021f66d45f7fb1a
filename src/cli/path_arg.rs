//! Converts paths between the command line and the flag repository.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::report::findings::PathPrefixes;
use crate::source::Source;

/// Returns the prefixes of paths of the flag repository in output. For people, paths in the working tree are relative to
/// the working folder, so that a person there can open them. All other paths are relative to git's root.
pub(crate) fn path_prefixes(source: &Source) -> PathPrefixes {
    PathPrefixes { people: displayed_prefix(source), programs: source.prefix() }
}

/// Returns the prefix of paths of the flag repository in output for people. It is empty, or is the path of a folder with a
/// `/` at its end. The prefix is relative to the working folder, or, for a revision, to git's root.
pub(crate) fn displayed_prefix(source: &Source) -> String {
    let folder = match source {
        Source::Folder(folder) => folder,
        Source::Revision(revision) => return revision.prefix(),
    };
    let shown = folder.root().strip_prefix(working_folder()).unwrap_or(folder.root());
    match shown.to_str() {
        Some("") => String::new(),
        _ => format!("{}/", shown.display()),
    }
}

/// Returns the folder of `-C` with which a command reads the same flag repository from the folder in which the user
/// started this command. Returns `None` if it needs no `-C`. `given` is the `-C` of this command.
pub(crate) fn folder_for_commands(given: Option<&Path>, source: &Source) -> Option<PathBuf> {
    let working_folder = working_folder();
    let Some(root) = source.root().filter(|root| !working_folder.starts_with(root)) else {
        return given.map(Path::to_owned);
    };
    let shown = root.strip_prefix(&working_folder).unwrap_or(&root);
    Some(given.map_or_else(|| shown.to_owned(), |given| given.join(shown)))
}

/// Returns the working folder without links, or an empty path if it no longer exists.
#[allow(clippy::disallowed_methods, reason = "the only function that asks for the working folder")]
fn working_folder() -> PathBuf {
    std::env::current_dir().and_then(|folder| folder.canonicalize()).unwrap_or_default()
}

/// Converts a path on the command line to a path that is relative to the root of the flag repository. The result is
/// empty if the path is the root or a folder above it.
///
/// # Errors
/// Returns an error if a path in a folder does not exist, or if the path is outside the flag repository.
pub(crate) fn path_in_repository(path: &Path, source: &Source) -> Result<PathBuf> {
    let absolute = match source {
        Source::Folder(_) => path.canonicalize(),
        Source::Revision(_) => canonicalize_existing(path),
    };
    let absolute = absolute.with_context(|| format!("cannot read `{}`", path.display()))?;
    // A bare repository has no folders on disk, so the path is not resolved.
    let Some(root) = source.root() else { return Ok(path.to_owned()) };
    match absolute.strip_prefix(&root) {
        Ok(inside) => Ok(inside.to_owned()),
        Err(_) if root.starts_with(&absolute) => Ok(PathBuf::new()),
        Err(_) => bail!("`{}` is not in `{}`", path.display(), root.display()),
    }
}

/// Resolves the links in the existing part of a path and keeps the remaining part, because a revision may have files
/// that no longer exist on disk.
fn canonicalize_existing(path: &Path) -> io::Result<PathBuf> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new(""));
    let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
    let existing = if existing == Path::new("") { Path::new(".") } else { existing };
    Ok(existing.canonicalize()?.join(rest))
}
