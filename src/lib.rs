//! flagctl
pub mod bundle;
pub mod eval;
#[cfg(feature = "cli")]
pub mod codes;
#[cfg(feature = "cli")]
pub mod diag;
#[cfg(feature = "cli")]
pub mod source;
#[cfg(feature = "cli")]
pub mod yaml;
#[cfg(feature = "cli")]
pub mod model;
#[cfg(feature = "cli")]
pub mod schema;
