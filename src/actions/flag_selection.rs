//! The flags of an action: by their keys, or by a tag.

use std::collections::BTreeSet;

use crate::actions::error::ActionError;
use crate::actions::session::WriteSession;
use crate::load;

/// The flags that the user selects.
#[derive(Debug, Clone, Copy)]
pub struct FlagSelection<'r> {
    /// The keys of flags.
    pub flags: &'r [String],
    /// The tag whose flags are selected too.
    pub tag: Option<&'r str>,
}

impl FlagSelection<'_> {
    /// Returns the sorted keys of the flags that have the tag.
    ///
    /// # Errors
    /// Returns [`ActionError::UnknownTag`] if no flag has it and the user selects no other flags.
    pub(super) fn tagged(&self, session: &WriteSession) -> Result<BTreeSet<String>, ActionError> {
        let Some(tag) = self.tag else { return Ok(BTreeSet::new()) };
        let loaded = load::all(&session.source())?;
        let tagged = loaded.project.written_flags().filter(|flag| flag.tags.iter().any(|name| name.value == tag));
        let tagged: BTreeSet<String> = tagged.map(|flag| flag.key.clone()).collect();
        if tagged.is_empty() && self.flags.is_empty() {
            return Err(ActionError::UnknownTag(tag.to_owned()));
        }
        Ok(tagged)
    }
}
