//! The results of `flagctl publish`, `flagctl verify` and `flagctl pull`.

pub mod human;
mod json;

pub use crate::report::publication::json::{
    BundleJson, KillsJson, LogEntryJson, OutcomeJson, PublicationJson, PublicationScope, PublicationsJson, PullJson,
    PullOutcomeJson, VerificationJson, VerificationsJson,
};
