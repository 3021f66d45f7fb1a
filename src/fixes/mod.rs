//! Quick fixes: changes of files that remove findings.
//!
//! A diagnostic that has exactly one remedy carries it as a [`Fix`](crate::diag::Fix), which names a position and what is to
//! be written there. This module turns it into the replaced bytes of the file, and `fix_all` applies all fixes of a folder
//! until no finding has one.
//!
//! **Invariant:** a fix is offered only if the text after it has no problem that the text before it does not have. The file
//! is parsed again for each fix, up to a limit on the bytes that are parsed.
//! **Invariant:** nothing is written here. The result is texts.

mod fix_all;
mod offered;
mod resolve;

pub use crate::fixes::fix_all::{AppliedFix, Fixed, FixedFile, fix_all};
pub use crate::fixes::offered::{OfferedFix, offered, offered_for};
