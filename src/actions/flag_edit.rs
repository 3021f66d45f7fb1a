//! The edit of a flag's file in a commit.
//!
//! The plan of an action edits the text of the plan. If other commits have changed the layout of the file in the
//! meantime, but no value, the same edit is made to the newest text.

use crate::commit::{Changes, CommitError, CommitFiles, Message};
use crate::edit;
use crate::edit::Refusal;

/// The planned edit of a file.
pub(super) struct FlagEdit<'e> {
    /// The path of the file, from the root of the git repository.
    pub(super) path: String,
    /// The text of the file at the time of the plan.
    pub(super) old_text: &'e str,
    /// The planned text of the file.
    pub(super) new_text: &'e str,
    /// Makes the edit.
    pub(super) edit: &'e dyn Fn(&str) -> Result<String, Refusal>,
}

impl FlagEdit<'_> {
    /// Adds the change to the current files of the branch, unless the file already has the planned values.
    ///
    /// # Errors
    /// Returns [`CommitError::Apply`] if the values in the file differ from those at the time of the plan.
    pub(super) fn apply(&self, tree: &CommitFiles, changes: &mut Changes) -> Result<(), CommitError> {
        let path = &self.path;
        let refusal = |problem: &str| CommitError::Apply(format!("`{path}` {problem}").into());
        let bytes = tree.read(path)?.ok_or_else(|| refusal("was removed or moved in the meantime"))?;
        let text = String::from_utf8(bytes).map_err(|_| refusal("is no longer text in UTF-8"))?;
        if edit::same(&text, self.new_text) {
            return Ok(());
        }
        if !edit::same(&text, self.old_text) {
            return Err(refusal("was changed in the meantime: review the change, and run the command again"));
        }
        let edited = (self.edit)(&text);
        changes.write(path.clone(), edited.map_err(|refusal| CommitError::Apply(Box::new(refusal)))?);
        Ok(())
    }

    /// Returns the changes of a commit with only this edit.
    ///
    /// # Errors
    /// Returns an error like [`FlagEdit::apply`].
    pub(super) fn changes(&self, tree: &CommitFiles, message: &Message) -> Result<Changes, CommitError> {
        let mut changes = Changes::new(message.clone());
        self.apply(tree, &mut changes)?;
        Ok(changes)
    }
}
