//! Metric events: what a unit did.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::events::attributes::Attributes;
use crate::events::bad_row::BadRow;
use crate::events::column::Column;
use crate::events::counts::Kind;
use crate::events::row::Row;

/// Events with names that start so are not metric events.
const FLAG_EVENTS: &str = "feature_flag.";

/// What a unit did, for example a purchase.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricEvent<'a> {
    /// The name of the event.
    pub name: Cow<'a, str>,
    /// The time of the event.
    pub at: Timestamp,
    /// The unit.
    pub unit: Cow<'a, str>,
    /// The value, for example the price.
    pub value: Option<f64>,
    /// Attributes of the context.
    pub attributes: Option<Attributes<'a>>,
}

impl<'a> MetricEvent<'a> {
    /// Reads a metric event, or says that the row is another kind of event.
    pub(super) fn from_row(row: &Row<'a>) -> Result<Result<Self, Kind>, BadRow> {
        let name = row.text(Column::Event)?;
        if name.starts_with(FLAG_EVENTS) {
            return Ok(Err(Kind::Other));
        }
        Ok(Ok(Self {
            name,
            at: row.time()?,
            unit: row.text(Column::Unit)?,
            value: row.number(Column::Value)?,
            attributes: row.attributes()?,
        }))
    }
}
