//! The definition of one flag in its file at the tip of the branch.

use crate::actions::error::ActionError;
use crate::actions::session::WriteSession;
use crate::model::Flag;
use crate::yaml::Completeness;

/// A flag whose file has no errors.
#[derive(Debug)]
pub(super) struct FlagDefinition {
    /// The definition of the flag.
    pub(super) flag: Flag,
    /// The path of its file, from the root of the flag repository.
    pub(super) path: String,
    /// The text of its file.
    pub(super) text: String,
}

impl FlagDefinition {
    /// Reads the definition of a flag.
    ///
    /// # Errors
    /// Returns an error if the flag is unknown, or if its file has errors.
    pub(super) fn read(session: &WriteSession, key: &str) -> Result<Self, ActionError> {
        let path = session.flag_path(key)?;
        let environments: Vec<&str> = session.settings().environment_names().collect();
        let loaded = session.load(&[key.to_owned()], environments.get(..1).unwrap_or_default())?;
        let flag = loaded.project.flag(key).filter(|flag| flag.completeness == Completeness::Complete);
        let flag = flag.ok_or_else(|| ActionError::InvalidDefinition(key.to_owned()))?.clone();
        let text = loaded.snapshot.file(flag.file).text.clone();
        Ok(Self { flag, path, text })
    }
}
