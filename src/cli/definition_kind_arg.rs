//! The kind of definition that `list` and `show` are about, as the first word of their arguments.
//!
//! Keys of flags and names of segments, layers, attributes and environments may be equal, so the kind is never guessed from the
//! name. Without a kind, the arguments are about flags.

/// A kind of definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefinitionKind {
    Flag,
    Segment,
    Layer,
    Attribute,
    Environment,
}

impl DefinitionKind {
    pub(crate) const ALL: [Self; 5] = [Self::Flag, Self::Segment, Self::Layer, Self::Attribute, Self::Environment];

    /// Returns the noun for one definition, which is the word for `show`.
    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Layer => "layer",
            Self::Attribute => "attribute",
            Self::Environment => "environment",
        }
    }

    /// Returns the noun for several definitions, which is the word for `list`.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Flag => "flags",
            Self::Segment => "segments",
            Self::Layer => "layers",
            Self::Attribute => "attributes",
            Self::Environment => "environments",
        }
    }

    /// Splits the arguments of `list`: the kind, and the patterns of keys or names.
    pub(crate) fn of_list(words: &[String]) -> (Self, &[String]) {
        match words {
            [first, rest @ ..] if let Some(kind) = Self::ALL.into_iter().find(|kind| kind.plural() == first) => {
                (kind, rest)
            }
            words => (Self::Flag, words),
        }
    }

    /// Returns the kind with a word for `show`.
    pub(crate) fn of_show(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.singular() == word)
    }
}
