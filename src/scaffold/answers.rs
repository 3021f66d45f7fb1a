//! The answers from which a flag repository is made.

use jiff::civil::Date;

use crate::bundle::Bucketing;
use crate::model::Client;

/// The key of the first flag.
pub const FIRST_FLAG: &str = "welcome-banner";

/// The name of the target to which the environments are published.
pub const TARGET: &str = "main";

/// How applications read the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Serving {
    /// OpenFeature asks `flagctl serve` over HTTP, in any language
    Ofrep,
    /// flagd, or a provider of flagd that decides in the application
    Flagd,
    /// `flagctl pull` writes a local file, which the application reads
    Files,
    /// flagctl's library for Rust decides in the application
    Library,
}

/// The service that checks changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CiService {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// No file for CI
    None,
}

/// The answers about a new flag repository.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The environments, in the order of promotion. There is at least one.
    pub environments: Vec<String>,
    /// How applications read the flags.
    pub serving: Serving,
    /// The clients of flagd that decide in the application. All have the same buckets.
    pub clients: Vec<Client>,
    /// Where bundles are published.
    pub location: String,
    /// The owner of the first flag.
    pub owner: String,
    /// The day after which the first flag should be gone.
    pub expires: Date,
}

impl Answers {
    /// Returns the algorithm that maps units to buckets as the readers of the flags do.
    pub fn bucketing(&self) -> Bucketing {
        match self.serving {
            Serving::Ofrep | Serving::Files | Serving::Library => Bucketing::Siphash,
            Serving::Flagd => self.clients.first().map_or(Bucketing::FlagdV2, |client| client.bucketing()),
        }
    }

    /// Returns whether the location is a bucket, to which the CI service can publish, and not a folder of some machine.
    pub fn publishes_to_bucket(&self) -> bool {
        self.location.contains("://")
    }

    /// Returns the last environment, which the others are promoted to.
    pub fn last_environment(&self) -> &str {
        self.environments.last().map_or("", String::as_str)
    }
}
