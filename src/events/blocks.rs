//! Cuts a stream into blocks of complete lines.
//!
//! A block is parsed without copying, and independently of the other blocks. The part of a line that the buffer ends with
//! moves to the start of the buffer before the next block is read.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use crate::events::input::is_damage;
use crate::events::limits::MAX_LINE_BYTES;

/// A stream of bytes as blocks of lines.
pub(super) struct Blocks<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and not yet returned.
    pending: std::ops::Range<usize>,
    /// The number of the first line that was not yet returned, counted from one.
    line: u64,
    end: End,
}

#[derive(PartialEq, Eq)]
enum End {
    Open,
    /// The stream is at its end.
    Reached,
    /// The compressed data of the stream is damaged, which was not yet returned.
    Damaged,
}

/// A part of the stream.
#[derive(Debug)]
pub(super) enum Block<'b> {
    /// Complete lines. The last line of the stream may have no line break.
    Lines {
        /// The lines.
        bytes: &'b [u8],
        /// The number of the first line, counted from one.
        first: u64,
    },
    /// A line that is too long, and was skipped.
    LongLine(u64),
    /// The line at which the compressed data is damaged.
    Damaged(u64),
}

impl<R: Read> Blocks<R> {
    /// Returns the blocks of a stream.
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; MAX_LINE_BYTES], pending: 0..0, line: 1, end: End::Open }
    }

    /// Returns the reader.
    pub(super) fn into_reader(self) -> R {
        self.reader
    }

    /// Returns the next block, or `None` at the end.
    ///
    /// # Errors
    /// Returns an error if the stream cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<Block<'_>>> {
        self.fill()?;
        let pending = self.buffer.get(self.pending.clone()).unwrap_or_default();
        if pending.is_empty() {
            return Ok(match self.end {
                End::Damaged => {
                    self.end = End::Reached;
                    Some(Block::Damaged(self.line))
                }
                _ => None,
            });
        }
        let length = match memrchr(b'\n', pending) {
            Some(index) => index + 1,
            None if pending.len() == self.buffer.len() => return self.skip_line().map(Some),
            None => pending.len(),
        };
        let range = self.pending.start..self.pending.start + length;
        let first = self.line;
        let bytes = self.buffer.get(range.clone()).unwrap_or_default();
        self.line += memchr_iter(b'\n', bytes).count() as u64;
        self.pending.start = range.end;
        Ok(Some(Block::Lines { bytes, first }))
    }

    /// Moves what is pending to the start of the buffer, and reads until the buffer is full or the stream ends.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.pending.clone(), 0);
        self.pending = 0..self.pending.len();
        while self.end == End::Open {
            let free = self.buffer.get_mut(self.pending.end..).unwrap_or_default();
            if free.is_empty() {
                break;
            }
            match self.reader.read(free) {
                Ok(0) => self.end = End::Reached,
                Ok(count) => self.pending.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_damage(&error) => self.end = End::Damaged,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Skips the rest of a line that fills the buffer.
    fn skip_line(&mut self) -> io::Result<Block<'_>> {
        let line = self.line;
        loop {
            self.pending = 0..0;
            self.fill()?;
            let pending = self.buffer.get(self.pending.clone()).unwrap_or_default();
            if let Some(index) = memchr(b'\n', pending) {
                self.pending.start += index + 1;
                self.line += 1;
                return Ok(Block::LongLine(line));
            }
            if self.end != End::Open {
                self.pending = 0..0;
                return Ok(Block::LongLine(line));
            }
        }
    }
}
