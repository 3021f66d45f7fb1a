//! The schemas of one repository: the published schemas with the names of its definitions, for editors.
//!
//! The input is the definitions of a repository and a kind of file. The output is a JSON Schema, with which an editor
//! completes and describes the names: attributes with the operators of their types, segments, flags and their variants,
//! environments, owners, tags, kinds, slots, test contexts and lint codes. The published schemas mark where names are, with
//! the annotation `x-names`, which validators ignore.
//!
//! **Invariant:** a name that follows the rules for names is accepted, also if no definition has it yet, so that a schema that
//! is older than a definition refuses nothing. Only the type of a declared attribute is checked.

mod attribute;
mod name_kind;
mod names;
mod snippets;
mod specialize;

pub use crate::schema::project::name_kind::{NAMES, NameKind};
pub use crate::schema::project::names::{Name, Names};
pub use crate::schema::project::specialize::specialized;
