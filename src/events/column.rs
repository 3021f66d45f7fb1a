//! The names of the fields of events. The names of exposures are those of OpenTelemetry's semantic conventions.

/// A field of an event: a key in JSON, or a column in CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Column {
    /// The name of the event.
    Event,
    /// The time of the event.
    Time,
    /// The key of the flag.
    Flag,
    /// The name of the variant.
    Variant,
    /// The reason of the decision.
    Reason,
    /// The value of the unit by which the decision was made.
    Unit,
    /// The environment.
    Set,
    /// The commit of the definitions, or the sequence number of the published manifest.
    Version,
    /// The name of the provider.
    Provider,
    /// The kind of error of a decision that failed.
    Error,
    /// Attributes of the context, as a JSON object.
    Attributes,
    /// The value of a metric event.
    Value,
    /// The identity of a request.
    RequestId,
    /// What a comparison record compares.
    Pair,
    /// The object with the result of the control.
    Control,
    /// The object with the result of the candidate.
    Candidate,
    /// Whether the control succeeded.
    ControlOk,
    /// The digest of the control's result.
    ControlHash,
    /// The duration of the control in milliseconds.
    ControlMs,
    /// The error of the control.
    ControlError,
    /// Whether the candidate succeeded.
    CandidateOk,
    /// The digest of the candidate's result.
    CandidateHash,
    /// The duration of the candidate in milliseconds.
    CandidateMs,
    /// The error of the candidate.
    CandidateError,
    /// Whether the results are equal.
    Match,
    /// Whether the comparison is to be ignored.
    Ignored,
    /// Which of the two ran first.
    Order,
    /// The paths at which the results differ, as a JSON list.
    DiffPaths,
}

/// The number of columns.
pub(super) const COLUMNS: usize = Column::DiffPaths as usize + 1;

impl Column {
    /// Returns the column with a name, which may be a name of an older version of the conventions.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "event" => Self::Event,
            "ts" => Self::Time,
            "feature_flag.key" => Self::Flag,
            "feature_flag.result.variant" | "feature_flag.variant" => Self::Variant,
            "feature_flag.result.reason" | "feature_flag.evaluation.reason" => Self::Reason,
            "feature_flag.context.id" | "context.id" => Self::Unit,
            "feature_flag.set.id" => Self::Set,
            "feature_flag.version" => Self::Version,
            "feature_flag.provider.name" | "feature_flag.provider_name" => Self::Provider,
            "error.type" => Self::Error,
            "attrs" => Self::Attributes,
            "value" => Self::Value,
            "request_id" => Self::RequestId,
            "pair" => Self::Pair,
            "control" => Self::Control,
            "candidate" => Self::Candidate,
            "control.ok" => Self::ControlOk,
            "control.hash" => Self::ControlHash,
            "control.ms" => Self::ControlMs,
            "control.error" => Self::ControlError,
            "candidate.ok" => Self::CandidateOk,
            "candidate.hash" => Self::CandidateHash,
            "candidate.ms" => Self::CandidateMs,
            "candidate.error" => Self::CandidateError,
            "match" => Self::Match,
            "ignored" => Self::Ignored,
            "order" => Self::Order,
            "diff_paths" => Self::DiffPaths,
            _ => return None,
        })
    }

    /// Returns the column of a key in the object `control`.
    pub(super) fn of_control(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::ControlOk,
            "hash" => Self::ControlHash,
            "ms" => Self::ControlMs,
            "error" => Self::ControlError,
            _ => return None,
        })
    }

    /// Returns the column of a key in the object `candidate`.
    pub(super) fn of_candidate(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::CandidateOk,
            "hash" => Self::CandidateHash,
            "ms" => Self::CandidateMs,
            "error" => Self::CandidateError,
            _ => return None,
        })
    }

    /// Returns the name in the published schemas.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Time => "ts",
            Self::Flag => "feature_flag.key",
            Self::Variant => "feature_flag.result.variant",
            Self::Reason => "feature_flag.result.reason",
            Self::Unit => "feature_flag.context.id",
            Self::Set => "feature_flag.set.id",
            Self::Version => "feature_flag.version",
            Self::Provider => "feature_flag.provider.name",
            Self::Error => "error.type",
            Self::Attributes => "attrs",
            Self::Value => "value",
            Self::RequestId => "request_id",
            Self::Pair => "pair",
            Self::Control => "control",
            Self::Candidate => "candidate",
            Self::ControlOk => "control.ok",
            Self::ControlHash => "control.hash",
            Self::ControlMs => "control.ms",
            Self::ControlError => "control.error",
            Self::CandidateOk => "candidate.ok",
            Self::CandidateHash => "candidate.hash",
            Self::CandidateMs => "candidate.ms",
            Self::CandidateError => "candidate.error",
            Self::Match => "match",
            Self::Ignored => "ignored",
            Self::Order => "order",
            Self::DiffPaths => "diff_paths",
        }
    }
}
