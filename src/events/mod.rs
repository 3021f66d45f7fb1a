//! Reads the events of experiments and dark launches: exposures, metric events, and comparison records of shadow traffic.
//!
//! A file has one event in each line, as JSON (NDJSON) or as CSV whose first line has the names of the columns. Both may be
//! compressed with gzip. One thread finds the fields of a block of lines, and the caller's thread gets the events of the
//! block before it, which borrow their texts. So an input of any size is read with constant memory. A line that is not an event is counted in [`RowCounts`] under the
//! name of the reason, with the first line as an example.
//!
//! One line is one row also in CSV: a quoted value contains no line break. So a quote that is never closed costs one row,
//! and cannot hide the rows after it.
//!
//! **Invariant:** every line that is not blank is counted exactly once: as an event, as a row of another kind, or as bad.
//! **Invariant:** the memory depends neither on the size of the input, nor on the length of a line, nor on what a
//! compressed file expands to.

mod attributes;
mod bad_row;
mod blocks;
mod column;
mod counts;
mod csv_row;
mod error;
mod exposure;
mod input;
mod json_row;
mod layout;
mod limits;
mod metric_event;
mod parsed_block;
mod parser;
mod read;
mod row;
mod schema;
mod shadow_record;
mod written_exposure;

pub use crate::events::attributes::Attributes;
pub use crate::events::bad_row::BadRow;
pub use crate::events::column::Column;
pub use crate::events::counts::{BadRows, Position, Refusal, RowCounts};
pub use crate::events::error::InputError;
pub use crate::events::exposure::{Exposure, ExposureReason};
pub use crate::events::input::Input;
pub use crate::events::limits::{MAX_LINE_BYTES, MAX_TEXT_BYTES};
pub use crate::events::metric_event::MetricEvent;
pub use crate::events::read::{exposures, metric_events, shadow_records};
pub use crate::events::schema::{EventKind, schema};
pub use crate::events::shadow_record::{Order, Pair, ShadowRecord, Side};
pub use crate::events::written_exposure::{DecidedVariant, WrittenExposure};
