//! `--format` of `flagctl diff`.

use clap::ValueEnum;

/// How the result of `flagctl diff` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Human,
    /// For a comment on a pull request
    Markdown,
    Json,
}
