//! The kinds of names that the published schemas mark.

/// The keyword of a schema whose strings are names of definitions. Its value is a [`NameKind`].
pub const NAMES: &str = "x-names";

/// What a string, or each string of a list, is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A declared attribute.
    Attribute,
    /// A lint code.
    Code,
    /// A context of the test file.
    Context,
    /// An environment.
    Environment,
    /// An environment or a group of environments.
    EnvironmentOrGroup,
    /// The key of a flag.
    Flag,
    /// A kind of flags.
    Kind,
    /// A team or a person.
    Owner,
    /// A segment.
    Segment,
    /// A layer and one of its slots.
    Slot,
    /// An attribute whose values are strings.
    StringAttribute,
    /// A tag of flags.
    Tag,
    /// A variant of the flag of the same file.
    Variant,
    /// A variant of the flag whose key is the nearest one above.
    VariantOfFlag,
}

impl NameKind {
    /// Returns the kind with this name in a schema.
    pub fn find(name: &str) -> Option<Self> {
        Some(match name {
            "attribute" => Self::Attribute,
            "code" => Self::Code,
            "context" => Self::Context,
            "environment" => Self::Environment,
            "environment-or-group" => Self::EnvironmentOrGroup,
            "flag" => Self::Flag,
            "kind" => Self::Kind,
            "owner" => Self::Owner,
            "segment" => Self::Segment,
            "slot" => Self::Slot,
            "string-attribute" => Self::StringAttribute,
            "tag" => Self::Tag,
            "variant" => Self::Variant,
            "variant-of-flag" => Self::VariantOfFlag,
            _ => return None,
        })
    }
}
