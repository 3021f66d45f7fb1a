//! The files that a rename or a removal changes: edited, moved or removed.

use crate::actions::error::ActionError;
use crate::actions::session::{CommittedAction, WriteSession};
use crate::commit::{Changes, CommitError, Message};
use crate::source::Source;

/// A file that a change of a name edits, moves or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// The path from the root of the flag repository.
    pub path: String,
    /// The path after the change, if the file moves.
    pub new_path: Option<String>,
    /// The text.
    pub before: String,
    /// The text after the change, or `None` if the file is removed.
    pub after: Option<String>,
    /// The number of positions in the text at which the name is changed.
    pub places: usize,
}

/// Returns the definitions at the tip of the branch with the changed files. Nothing is written.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub(super) fn with_changes(session: &WriteSession, files: &[ChangedFile]) -> Result<Source, ActionError> {
    let removed = files.iter().filter(|file| file.after.is_none() || file.new_path.is_some());
    let removed = removed.map(|file| (file.path.as_str(), None));
    let written = files.iter().filter_map(|file| {
        let path = file.new_path.as_ref().unwrap_or(&file.path);
        Some((path.as_str(), Some(file.after.as_deref()?)))
    });
    Ok(Source::Revision(session.tip().with_changed_files(removed.chain(written))?))
}

/// Commits the changed files.
///
/// # Errors
/// Returns an error if the branch has other commits than at the time of the plan, because they may have new references, or if
/// the commit cannot be made.
pub(super) fn commit(
    session: &WriteSession,
    files: &[ChangedFile],
    message: &Message,
) -> Result<CommittedAction, ActionError> {
    session.commit(|tree| {
        if tree.commit() != session.tip().commit() {
            let problem =
                "the branch got other commits in the meantime: run the command again, and review the new plan";
            return Err(CommitError::Apply(problem.into()));
        }
        let mut changes = Changes::new(message.clone());
        for file in files {
            let path = session.git_path(&file.path);
            match (&file.after, &file.new_path) {
                (Some(text), None) => changes.write(path, text.as_bytes()),
                (Some(text), Some(new_path)) => {
                    changes.remove(path);
                    changes.write(session.git_path(new_path), text.as_bytes());
                }
                (None, _) => changes.remove(path),
            }
        }
        Ok(changes)
    })
}
