//! The edit of a flag's file that sets the rollout of a rule.

use crate::actions::rule_selector::RuleLocation;
use crate::bundle::Percent;
use crate::commit::{Changes, CommitError, CommitFiles, Message};
use crate::edit;
use crate::edit::{Refusal, Scalar, Step};
use crate::model::Rule;

/// Sets the rollout of a rule in the text of a flag's file, and returns the new text. Everything else in the text stays
/// the same.
pub(super) fn with_rollout(text: &str, location: &RuleLocation, percent: Percent) -> Result<String, Refusal> {
    let (rule_path, percent) = (location.yaml_path(), percent.to_string());
    if location.rule.rollout.is_some() {
        let path: Vec<Step<'_>> = rule_path.into_iter().chain([Step::Key("rollout")]).collect();
        return edit::set(text, &path, Scalar::Text(&percent));
    }
    let previous_key = match &location.rule {
        Rule { condition: Some(_), .. } => "if",
        Rule { name: Some(_), .. } => "name",
        _ => "serve",
    };
    edit::insert(text, &rule_path, previous_key, "rollout", Scalar::Text(&percent))
}

/// The planned edit of a file.
pub(super) struct RolloutEdit<'e> {
    /// The path of the file, from the root of the git repository.
    pub(super) path: String,
    /// The text of the file at the time of the plan.
    pub(super) old_text: &'e str,
    /// The planned text of the file, with the new rollout.
    pub(super) new_text: String,
    pub(super) location: &'e RuleLocation,
    pub(super) percent: Percent,
}

impl RolloutEdit<'_> {
    /// Returns the changes to the current files of the branch, or `None` if the file already has the new rollout.
    ///
    /// # Errors
    /// Returns [`CommitError::Apply`] if the values in the file differ from those at the time of the plan.
    pub(super) fn apply(&self, tree: &CommitFiles, message: &Message) -> Result<Changes, CommitError> {
        let path = &self.path;
        let refusal = |problem: &str| CommitError::Apply(format!("`{path}` {problem}").into());
        let bytes = tree.read(path)?.ok_or_else(|| refusal("was removed or moved in the meantime"))?;
        let text = String::from_utf8(bytes).map_err(|_| refusal("is no longer text in UTF-8"))?;
        let mut changes = Changes::new(message.clone());
        if edit::same(&text, &self.new_text) {
            return Ok(changes);
        }
        if !edit::same(&text, self.old_text) {
            return Err(refusal("was changed in the meantime: review the change, and run the command again"));
        }
        let edited = with_rollout(&text, self.location, self.percent);
        changes.write(path.clone(), edited.map_err(|refusal| CommitError::Apply(Box::new(refusal)))?);
        Ok(changes)
    }
}
