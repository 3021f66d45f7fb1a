//! Exposures: the decisions that an application made for a unit.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::events::attributes::Attributes;
use crate::events::bad_row::BadRow;
use crate::events::column::Column;
use crate::events::counts::Kind;
use crate::events::row::Row;

/// The name of the event.
pub(super) const EVENT: &str = "feature_flag.evaluation";

/// The decision of a flag for a unit, as an application recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure<'a> {
    /// The time of the decision.
    pub at: Timestamp,
    /// The key of the flag.
    pub flag: Cow<'a, str>,
    /// The name of the variant.
    pub variant: Cow<'a, str>,
    /// The reason of the decision.
    pub reason: ExposureReason,
    /// The value of the unit of the rule that decided.
    pub unit: Cow<'a, str>,
    /// The environment.
    pub environment: Option<Cow<'a, str>>,
    /// The commit of the definitions, or the sequence number of the published manifest.
    pub version: Option<Cow<'a, str>>,
    /// Attributes of the context.
    pub attributes: Option<Attributes<'a>>,
}

/// The reason of a decision, as OpenTelemetry names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExposureReason {
    /// A split decided, so the variant is random.
    Split,
    /// A rule without a split decided.
    TargetingMatch,
    /// The flag has no rules.
    Static,
    /// No rule decided.
    Default,
    /// The provider returned a value that it kept, and does not say how that was decided.
    Cached,
    /// The flag is off.
    Disabled,
    /// The value may be out of date.
    Stale,
    /// The provider compares results, and the application did not get the variant.
    Shadow,
    /// The reason is absent, unknown, or not one of the conventions.
    Unknown,
}

impl ExposureReason {
    /// Returns the reason with a name, in any case.
    pub fn from_name(name: &str) -> Self {
        let reasons = [
            Self::Split,
            Self::TargetingMatch,
            Self::Static,
            Self::Default,
            Self::Cached,
            Self::Disabled,
            Self::Stale,
            Self::Shadow,
        ];
        reasons.into_iter().find(|reason| name.eq_ignore_ascii_case(reason.name())).unwrap_or(Self::Unknown)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::TargetingMatch => "targeting_match",
            Self::Static => "static",
            Self::Default => "default",
            Self::Cached => "cached",
            Self::Disabled => "disabled",
            Self::Stale => "stale",
            Self::Shadow => "shadow",
            Self::Unknown => "unknown",
        }
    }
}

impl<'a> Exposure<'a> {
    /// Reads an exposure, or says which other kind of event the row is.
    pub(super) fn from_row(row: &Row<'a>) -> Result<Result<Self, Kind>, BadRow> {
        match row.optional_text(Column::Event)?.as_deref() {
            Some(EVENT) | None => {}
            Some(_) => return Ok(Err(Kind::Other)),
        }
        let flag = row.text(Column::Flag)?;
        let at = row.time()?;
        let reason = row.optional_text(Column::Reason)?;
        let is_error = reason.as_deref().is_some_and(|reason| reason.eq_ignore_ascii_case("error"));
        if is_error || row.optional_text(Column::Error)?.is_some() {
            return Ok(Err(Kind::Failed));
        }
        Ok(Ok(Self {
            at,
            flag,
            variant: row.text(Column::Variant)?,
            reason: reason.map_or(ExposureReason::Unknown, |reason| ExposureReason::from_name(&reason)),
            unit: row.text(Column::Unit)?,
            environment: row.optional_text(Column::Set)?,
            version: row.optional_text(Column::Version)?,
            attributes: row.attributes()?,
        }))
    }
}
