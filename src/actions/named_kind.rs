//! The kinds of definitions that can be renamed and removed.

use crate::model::{flag_file_name, is_attribute_name, is_name};
use crate::references::NameKind;

/// The kind of a definition that can be renamed and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedKind {
    /// A flag, with its file.
    Flag,
    /// A segment, with its file.
    Segment,
    /// An attribute, which `flagctl.yaml` declares.
    Attribute,
}

impl NamedKind {
    /// Returns the noun for messages, which is also the word for `show`.
    pub fn noun(self) -> &'static str {
        self.name_kind().noun()
    }

    /// Returns the noun with its article.
    pub(super) fn with_article(self) -> &'static str {
        match self {
            Self::Flag => "a flag",
            Self::Segment => "a segment",
            Self::Attribute => "an attribute",
        }
    }

    /// Returns the noun for several, which is also the word for `list`.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Flag => "flags",
            Self::Segment => "segments",
            Self::Attribute => "attributes",
        }
    }

    /// Returns the name of the trailer in commits.
    pub(super) fn trailer(self) -> &'static str {
        match self {
            Self::Flag => "Flag",
            Self::Segment => "Segment",
            Self::Attribute => "Attribute",
        }
    }

    pub(super) fn name_kind(self) -> NameKind {
        match self {
            Self::Flag => NameKind::Flag,
            Self::Segment => NameKind::Segment,
            Self::Attribute => NameKind::Attribute,
        }
    }

    /// Returns the name of the file that defines it. Returns `None` if the text is not a name of this kind.
    pub(super) fn file_name(self, name: &str) -> Option<String> {
        match self {
            Self::Flag => flag_file_name(name),
            Self::Segment => is_name(name).then(|| format!("{name}.yaml")),
            Self::Attribute => is_attribute_name(name).then(|| crate::snapshot::PROJECT_FILE.to_owned()),
        }
    }

    /// Returns the form of a name, for a message.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Flag => {
                "expected letters, digits, `.`, `_` and `-`, beginning with a letter or digit, also after each `/` or `:`"
            }
            Self::Segment => "expected letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
            Self::Attribute => "expected words of letters, digits, `_`, `$` and `-`, joined by dots",
        }
    }
}
