//! The reasons why exposures cannot be checked.

use std::error::Error;

use crate::events::InputError;
use crate::live::LiveError;
use crate::publish::PublishError;
use crate::source::SourceError;

/// The reason why exposures cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum ExposureError {
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There are more units than may be remembered.
    #[error(
        "the exposures have more than {0} units of flags: allow more with `--max-units`, each of which takes about 32 bytes, \
         or check fewer files at once"
    )]
    TooManyUnits(usize),
    /// A commit cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A published commit cannot be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A target cannot be opened.
    #[error(transparent)]
    Target(Box<dyn Error + Send + Sync>),
    /// A published log cannot be read.
    #[error("the published log of `{environment}` cannot be read: {source}")]
    Log {
        /// The environment's name.
        environment: String,
        /// The reason.
        source: PublishError,
    },
}
