//! The results of `flagctl publish`, `flagctl verify`, `flagctl pull` and `flagctl status`.

pub mod human;
mod json;
pub mod status;

pub use crate::report::publication::json::{
    BundleJson, KillsJson, LogEntryJson, OutcomeJson, PublicationJson, PublicationScope, PublicationsJson, PullJson,
    PullOutcomeJson, VerificationJson, VerificationsJson,
};
