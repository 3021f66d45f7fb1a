//! A name, and the positions at which definitions write it.

use crate::snapshot::{FileId, Span};

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// The key of a flag. Its file defines it.
    Flag,
    /// A variant. Its scope is the key of the flag.
    Variant,
    /// A rule. Its scope is the key of the flag.
    Rule,
    /// A segment. Its file defines it.
    Segment,
    /// A layer. Its file defines it.
    Layer,
    /// A slot. Its scope is the name of the layer.
    Slot,
    /// An attribute of the context schema.
    Attribute,
    /// An environment.
    Environment,
    /// A group of environments.
    Group,
    /// A kind of flags that `flagctl.yaml` declares.
    FlagKind,
    /// A context of a test file. Its scope is the path of the file.
    Context,
}

impl NameKind {
    /// Returns the noun for messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Variant => "variant",
            Self::Rule => "rule",
            Self::Segment => "segment",
            Self::Layer => "layer",
            Self::Slot => "slot",
            Self::Attribute => "attribute",
            Self::Environment => "environment",
            Self::Group => "group of environments",
            Self::FlagKind => "kind of flags",
            Self::Context => "context",
        }
    }
}

/// A name that definitions share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// What it is the name of.
    pub kind: NameKind,
    /// The flag, layer or file inside which the name is unique, or an empty text if it is unique in the project.
    pub scope: String,
    /// The name.
    pub text: String,
}

impl Name {
    /// Returns a name that is unique in the project.
    pub fn new(kind: NameKind, text: &str) -> Self {
        Self::within(kind, "", text)
    }

    /// Returns a name that is unique in a flag, a layer or a file.
    pub fn within(kind: NameKind, scope: &str, text: &str) -> Self {
        Self { kind, scope: scope.to_owned(), text: text.to_owned() }
    }
}

/// One position at which a name is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The position.
    pub site: Site,
    /// Whether the name is defined here.
    pub role: Role,
}

/// Whether an occurrence defines its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The name is defined here.
    Definition,
    /// The name is used here.
    Reference,
}

/// The place of an occurrence: in a text, or in the path of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// Bytes of a file.
    Text(TextSite),
    /// The last part of a file's path: `flags/NAME.yaml`, or `kills/production/NAME.yaml`.
    FileName(FileId),
    /// The folder of a kill's file: `kills/NAME/new-cart.yaml`.
    Folder(FileId),
}

/// A name inside a scalar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextSite {
    /// The bytes of the name.
    pub span: Span,
    /// The scalar with its quotes.
    pub scalar: Span,
    /// What the scalar's text has before the name: the layer of a slot, as `checkout/`.
    pub before: String,
    /// What the scalar's text has after the name: the slot of a layer, as `/new-cart`, or `.shadow`.
    pub after: String,
    /// The beginning of the name that the keys of outer mappings contain: `app.` of `app.version` for the key `version`
    /// in `app: {version: 1.0.0}`.
    pub implied: String,
}

impl Site {
    /// Returns the file.
    pub fn file(&self) -> FileId {
        match self {
            Self::Text(site) => site.span.file,
            Self::FileName(file) | Self::Folder(file) => *file,
        }
    }

    /// Returns the bytes of the name, or the empty range at the start of a file whose path contains the name.
    pub fn span(&self) -> Span {
        match self {
            Self::Text(site) => site.span,
            Self::FileName(file) | Self::Folder(file) => Span { file: *file, start: 0, end: 0 },
        }
    }
}
