//! `shadow:` of a flag in written form: which requests also run a candidate in the dark, and when it may be promoted.
//!
//! A shadow decides nothing about the flag itself. It becomes a second flag, whose key is that of the flag and
//! `.shadow`, and whose variants are `none`, `candidate` and `control`. Everything that reads flags therefore also reads
//! shadows: the compiler, the analysis, the export for flagd, the server and the clients.
//!
//! **Invariant:** no definition can refer to a shadow, so a shadow never changes what another flag serves.

mod definition;
mod flag;
mod ignored_path;
mod milliseconds;

pub use crate::model::shadow::definition::{PromotionCriteria, Shadow, Shadowed, SideEffects};
pub use crate::model::shadow::flag::{shadow_flag, shadow_key, shadow_salt, shadowed_key};
pub use crate::model::shadow::ignored_path::IgnoredPath;
pub use crate::model::shadow::milliseconds::Milliseconds;
