//! Where definitions write each name: flags, segments, attributes, environments and all other names of a project.
//!
//! The input is a [`Project`](crate::model::Project) and the texts of its files. The output is an [`Index`], which has the
//! definition and every reference of each name, with the exact bytes of the name. Editors use it to go to a definition and
//! to find references; renaming uses it to change every occurrence.
//!
//! The names come from the typed definitions and not from a search for words, so a text that only looks like a name, such
//! as a word in a description, is not in the index. If a definition could be read only in part, the index has the names of
//! that part. A name without a definition is indexed too: it has only references.
//!
//! **Invariant:** the bytes of an occurrence are the name itself, without quotes and without what else its scalar
//! contains. The exception is a name that is written with escapes, such as `"new\x2dcart"`: its bytes are all bytes between
//! the quotes.

mod condition;
mod flag;
mod index;
mod name;
mod recorder;
mod rewrite;
mod settings;
mod suite;

pub use crate::references::index::Index;
pub use crate::references::name::{Name, NameKind, Occurrence, Role, Site, TextSite};
pub use crate::references::rewrite::rewrite;
