//! The formats of `flagctl diff`, and the classes of a change on the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::diff::ImpactClass;
use crate::report::diff::RevisionNames;

/// The formats of the result of `flagctl diff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Human,
    /// For a comment on a pull request
    Markdown,
    /// One page with the whole plan and the definitions side by side, for a browser
    Html,
    Json,
}

impl DiffFormat {
    /// Returns how commands in the format name revisions. Only a terminal is read at once, in the same repository.
    pub(crate) fn revision_names(self) -> RevisionNames {
        match self {
            Self::Human => RevisionNames::Given,
            Self::Markdown | Self::Html | Self::Json => RevisionNames::Commits,
        }
    }
}

/// The classes that `--fail-on` accepts: all classes except [`ImpactClass::None`].
impl ValueEnum for ImpactClass {
    fn value_variants<'v>() -> &'v [Self] {
        &[Self::Removed, Self::Expand, Self::Shrink, Self::Reassign, Self::Relabel, Self::Reshuffle, Self::Metadata]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
