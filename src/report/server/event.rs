//! The events of a server.

use serde::Serialize;

/// Something that happens while a server runs. No event has values of contexts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ServerEvent {
    /// The server accepts connections.
    Listening {
        /// The users of the port: `applications` or `management`.
        purpose: &'static str,
        /// The address, such as `http://127.0.0.1:8016`.
        url: String,
    },
    /// Everyone who can reach the server may evaluate all flags, and the server is reachable from other machines.
    NoTokens,
    /// Signatures are not checked, so everyone who can write to the target is trusted.
    SignaturesUnchecked {
        /// The target.
        target: String,
    },
    /// The operating system allows fewer open files than the server has connections by its settings.
    FewFiles {
        /// The number of connections that the server accepts.
        connections: usize,
    },
    /// A bundle became current.
    BundleCurrent {
        /// The environment.
        environment: String,
        /// The full id of the commit, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
        /// The number in the log of the target, if the bundle was published.
        #[serde(skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
        /// The number of flags.
        flags: usize,
    },
    /// The differences between the current bundle and the one before it are known.
    BundleChanges {
        /// The environment.
        environment: String,
        /// The flags that decide differently, in the order of their keys.
        changes: Vec<ChangedFlag>,
    },
    /// The differences between two bundles could not be determined in the time for it.
    ChangesUnknown {
        /// The environment.
        environment: String,
        /// The reason.
        problem: String,
    },
    /// The flags of an override do not exist.
    OverrideIgnored {
        /// The environment.
        environment: String,
        /// The flag.
        flag: String,
        /// The variant.
        variant: String,
    },
    /// The source has no new bundle because of a problem. The current bundle stays.
    SourceFailed {
        /// The environment.
        environment: String,
        /// The problem.
        problem: String,
    },
    /// The problem of a source has ended.
    SourceRecovered {
        /// The environment.
        environment: String,
    },
    /// The last bundle that was read before the start became current, because the source cannot be read.
    CacheUsed {
        /// The environment.
        environment: String,
    },
    /// The file of tokens or certificates was read again.
    FileReloaded {
        /// The path.
        path: String,
    },
    /// The file of tokens or certificates cannot be used. What was read before stays valid.
    FileRefused {
        /// The path.
        path: String,
        /// The problem.
        problem: String,
    },
    /// Exposures cannot be written, so they are dropped until they can.
    ExposuresDropped {
        /// The file.
        file: String,
        /// The problem.
        problem: String,
    },
    /// The server answers the open requests and accepts no others.
    Stopping,
}

/// A flag that decides differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFlag {
    /// The key.
    pub flag: String,
    /// What changed, in a sentence.
    pub summary: String,
}

/// The importance of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The server works as intended.
    Info,
    /// A person should look at the server.
    Warning,
    /// The server does not do what it is told.
    Error,
}

impl ServerEvent {
    /// Returns the importance.
    pub fn severity(&self) -> Severity {
        match self {
            Self::SourceFailed { .. } | Self::FileRefused { .. } | Self::ExposuresDropped { .. } => Severity::Error,
            Self::NoTokens
            | Self::SignaturesUnchecked { .. }
            | Self::FewFiles { .. }
            | Self::OverrideIgnored { .. }
            | Self::CacheUsed { .. }
            | Self::ChangesUnknown { .. } => Severity::Warning,
            Self::Listening { .. }
            | Self::BundleCurrent { .. }
            | Self::BundleChanges { .. }
            | Self::SourceRecovered { .. }
            | Self::FileReloaded { .. }
            | Self::Stopping => Severity::Info,
        }
    }
}
