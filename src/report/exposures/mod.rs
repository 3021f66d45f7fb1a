//! The check of exposures as text.

mod formats;
mod human;
mod json;

pub use crate::report::exposures::formats::{ExposuresFormat, printable};
pub use crate::report::exposures::json::{ExposureCheckJson, ExposureFlagJson, ExposureProblemJson, RowsJson};
