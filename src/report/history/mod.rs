//! What past commits did to flags.

pub(crate) mod blame;
pub(crate) mod log;
