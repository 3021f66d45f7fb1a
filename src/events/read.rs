//! Reads an input from its first to its last line, and gives each event to a function.

use std::io;

use crate::events::bad_row::BadRow;
use crate::events::blocks::{Block, Blocks};
use crate::events::column::Column;
use crate::events::counts::{Kind, Position, Refusal, RowCounts};
use crate::events::error::InputError;
use crate::events::exposure::Exposure;
use crate::events::input::Input;
use crate::events::layout::{FirstLine, Layout};
use crate::events::metric_event::MetricEvent;
use crate::events::row::Row;
use crate::events::shadow_record::ShadowRecord;

/// The SHA-256 digest of an input, as it is stored.
type Sha256 = [u8; 32];

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the exposures of an input. The function may refuse an event, which is then counted as a bad row,
/// or stop.
///
/// # Errors
/// Returns an error if the input cannot be read, if the function stops, or if the input is CSV without the columns of exposures.
pub fn exposures(
    input: Input,
    counts: &mut RowCounts,
    mut visit: impl for<'a> FnMut(Exposure<'a>, Position<'_>) -> Result<(), Refusal>,
) -> Result<Sha256, InputError> {
    rows(input, &[Column::Time, Column::Flag], counts, |row, position| match Exposure::from_row(row)? {
        Ok(exposure) => visit(exposure, position).map(|()| Kind::Event),
        Err(kind) => Ok(kind),
    })
}

/// Reads the metric events of an input. The function may refuse an event, which is then counted as a bad row,
/// or stop.
///
/// # Errors
/// Returns an error if the input cannot be read, if the function stops, or if the input is CSV without the columns of metric events.
pub fn metric_events(
    input: Input,
    counts: &mut RowCounts,
    mut visit: impl for<'a> FnMut(MetricEvent<'a>, Position<'_>) -> Result<(), Refusal>,
) -> Result<Sha256, InputError> {
    rows(input, &[Column::Event, Column::Time], counts, |row, position| match MetricEvent::from_row(row)? {
        Ok(event) => visit(event, position).map(|()| Kind::Event),
        Err(kind) => Ok(kind),
    })
}

/// Reads the comparison records of an input. The function may refuse a record, which is then counted as a bad
/// row, or stop.
///
/// # Errors
/// Returns an error if the input cannot be read, if the function stops, or if the input is CSV without the columns of comparison records.
pub fn shadow_records(
    input: Input,
    counts: &mut RowCounts,
    mut visit: impl for<'a> FnMut(ShadowRecord<'a>, Position<'_>) -> Result<(), Refusal>,
) -> Result<Sha256, InputError> {
    let required = [Column::Time, Column::Flag, Column::Pair, Column::ControlOk, Column::CandidateOk];
    rows(input, &required, counts, |row, position| match ShadowRecord::from_row(row)? {
        Ok(record) => visit(record, position).map(|()| Kind::Event),
        Err(kind) => Ok(kind),
    })
}

fn rows(
    input: Input,
    required: &[Column],
    counts: &mut RowCounts,
    mut read: impl for<'a> FnMut(&Row<'a>, Position<'_>) -> Result<Kind, Refusal>,
) -> Result<Sha256, InputError> {
    let file = input.name().to_owned();
    let cannot_read = |source: io::Error| InputError::Read { file: file.clone(), source };
    let mut blocks = Blocks::new(input.open().map_err(cannot_read)?);
    let mut layout = None;
    while let Some(block) = blocks.next().map_err(cannot_read)? {
        let (bytes, first) = match block {
            Block::Lines { bytes, first } => (bytes, first),
            Block::LongLine(line) => {
                counts.count(Err(BadRow::TooLong), Position { file: &file, line });
                continue;
            }
            Block::Damaged(line) => {
                counts.count(Err(BadRow::DamagedGzip), Position { file: &file, line });
                continue;
            }
        };
        let mut line = first;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (text, others) = match memchr::memchr(b'\n', rest) {
                Some(index) => (rest.get(..index).unwrap_or_default(), rest.get(index + 1..).unwrap_or_default()),
                None => (rest, &[][..]),
            };
            let position = Position { file: &file, line };
            let text = if line == 1 { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text };
            rest = others;
            line += 1;
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Ok(text) = std::str::from_utf8(text) else {
                counts.count(Err(BadRow::NotUtf8), position);
                continue;
            };
            let text = text.strip_suffix('\r').unwrap_or(text);
            let layout = match &mut layout {
                Some(layout) => layout,
                None => {
                    let header = |message| InputError::Header { file: file.clone(), line: position.line, message };
                    let (found, first_line) = Layout::find(text, others, required).map_err(header)?;
                    let layout = layout.insert(found);
                    if first_line == FirstLine::Header {
                        continue;
                    }
                    layout
                }
            };
            let row = layout.row(text).map_err(Refusal::from).and_then(|row| read(&row, position));
            match row {
                Ok(kind) => counts.count(Ok(kind), position),
                Err(Refusal::BadRow(bad)) => counts.count(Err(bad), position),
                Err(Refusal::Stop) => return Err(InputError::Stopped(file)),
            }
        }
    }
    blocks.into_reader().digest().map_err(cannot_read)
}
