//! Reads an input from its first to its last line, and gives each event to a function.

use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use crate::events::column::Column;
use crate::events::counts::{Kind, Position, Refusal, RowCounts};
use crate::events::error::InputError;
use crate::events::exposure::Exposure;
use crate::events::input::Input;
use crate::events::metric_event::MetricEvent;
use crate::events::parser::{Parser, Sha256};
use crate::events::row::Row;
use crate::events::shadow_record::ShadowRecord;

/// How many blocks wait for this thread at most.
const BLOCKS_AHEAD: usize = 2;

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
    const REQUIRED: [Column; 5] = [Column::Time, Column::Flag, Column::Pair, Column::ControlOk, Column::CandidateOk];
    rows(input, &REQUIRED, counts, |row, position| match ShadowRecord::from_row(row)? {
        Ok(record) => visit(record, position).map(|()| Kind::Event),
        Err(kind) => Ok(kind),
    })
}

/// Reads the rows of an input. One thread finds the fields of the lines while this one reads the events, in the order of the lines.
fn rows(
    input: Input,
    required: &'static [Column],
    counts: &mut RowCounts,
    mut read: impl for<'a> FnMut(&Row<'a>, Position<'_>) -> Result<Kind, Refusal>,
) -> Result<Sha256, InputError> {
    let file = input.name().to_owned();
    let (parsed, blocks) = sync_channel(BLOCKS_AHEAD);
    let (used, free) = channel();
    let parser = Parser { file: file.clone(), required, parsed, free };
    let parser = thread::Builder::new()
        .spawn(move || parser.run(input))
        .map_err(|source| InputError::Read { file: file.clone(), source })?;
    for block in blocks {
        for (line, row) in block.rows() {
            let position = Position { file: &file, line };
            match row.map_err(Refusal::from).and_then(|row| read(&row, position)) {
                Ok(kind) => counts.count(Ok(kind), position),
                Err(Refusal::BadRow(bad)) => counts.count(Err(bad), position),
                // The thread ends at its next block, because it cannot send it.
                Err(Refusal::Stop) => return Err(InputError::Stopped(file)),
            }
        }
        // The thread has ended if it does not take the block back.
        let _ = used.send(block);
    }
    parser.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
