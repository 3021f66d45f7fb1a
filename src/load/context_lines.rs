//! Reads contexts in JSON Lines format, one JSON object on each line, in blocks that are processed on all cores.
//!
//! The input is a reader. The output is blocks of lines, in their order. A block has a bounded size, so a file of any
//! length is read in constant memory. This module does not parse the lines. It skips a byte order mark.

use std::io::{self, BufRead, ErrorKind, Read as _};
use std::ops::Range;

use rayon::prelude::*;

use crate::snapshot::{Fault, without_byte_order_mark};

/// The maximum size of a context, in bytes. A longer line is not stored.
pub const MAX_CONTEXT_BYTES: u64 = 16 << 20;

/// The number of bytes of lines in a block, for each core. The results for this number of bytes fit into the cache of
/// the core.
const BLOCK_BYTES: usize = 256 << 10;
/// The maximum number of stored results of a block, for each core.
const BLOCK_RESULTS: usize = 1 << 15;
/// The maximum number of lines that one core takes at a time.
const CHUNK_LINES: usize = 256;

/// Consecutive lines of the input.
#[derive(Debug, Default)]
pub struct ContextBlock {
    bytes: Vec<u8>,
    /// The number of each line, and its range in `bytes`. The range is `None` if the line is too long.
    lines: Vec<(u64, Option<Range<usize>>)>,
}

/// A line of a [`ContextBlock`].
#[derive(Debug, Clone, Copy)]
pub struct ContextLine<'b> {
    /// The number of the line, counted from one.
    pub number: u64,
    /// The text of the line, or `None` if it is longer than [`MAX_CONTEXT_BYTES`].
    pub bytes: Option<&'b [u8]>,
}

impl ContextBlock {
    /// Applies `work` to chunks of the lines, on all cores, and collects the results in the order of the lines. Blank
    /// lines are skipped.
    pub fn map_chunks<T: Send, C: FromParallelIterator<T>>(
        &self,
        work: impl Fn(&mut dyn Iterator<Item = ContextLine<'_>>) -> T + Sync,
    ) -> C {
        let line = |(number, range): &(u64, Option<Range<usize>>)| ContextLine {
            number: *number,
            bytes: range.clone().map(|range| self.bytes.get(range).unwrap_or_default()),
        };
        let is_blank = |line: &ContextLine<'_>| line.bytes.is_some_and(|bytes| bytes.trim_ascii().is_empty());
        let lines_per_core = self.lines.len().div_ceil(rayon::current_num_threads());
        let chunks = self.lines.par_chunks(lines_per_core.clamp(1, CHUNK_LINES));
        chunks.map(|lines| work(&mut lines.iter().map(line).filter(|line| !is_blank(line)))).collect()
    }
}

/// A reader of contexts, with one context on each line.
#[derive(Debug)]
pub struct ContextLines<R> {
    reader: R,
    max_lines: usize,
    bytes_read: u64,
    lines_read: u64,
}

impl<R: BufRead> ContextLines<R> {
    /// Creates a reader. `results_per_line` is the number of results that the caller stores for each line until the
    /// block is finished. Blocks have fewer lines if this number is large.
    pub fn new(reader: R, results_per_line: usize) -> Self {
        let max_lines = (BLOCK_RESULTS * rayon::current_num_threads() / results_per_line.max(1)).max(1);
        Self { reader, max_lines, bytes_read: 0, lines_read: 0 }
    }

    /// Returns the number of bytes of the input that were read.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads the next block, or returns `None` at the end of the input.
    ///
    /// # Errors
    /// Returns the error of the reader.
    pub fn next_block(&mut self) -> io::Result<Option<ContextBlock>> {
        let mut block = ContextBlock::default();
        let size = BLOCK_BYTES * rayon::current_num_threads();
        block.bytes.reserve(size);
        while block.bytes.len() < size && block.lines.len() < self.max_lines {
            let start = block.bytes.len();
            let read = (&mut self.reader).take(MAX_CONTEXT_BYTES).read_until(b'\n', &mut block.bytes)?;
            if read == 0 {
                break;
            }
            self.bytes_read += read as u64;
            self.lines_read += 1;
            let is_too_long = read as u64 == MAX_CONTEXT_BYTES && block.bytes.last() != Some(&b'\n');
            if is_too_long {
                self.bytes_read += self.reader.skip_until(b'\n')? as u64;
                block.bytes.truncate(start);
            }
            let mut text = start..block.bytes.len();
            if self.lines_read == 1 && !is_too_long {
                let refused =
                    |fault: Fault| io::Error::new(ErrorKind::InvalidData, format!("it {fault}; {}", fault.help()));
                text.start = text.end - without_byte_order_mark(&block.bytes).map_err(refused)?.len();
            }
            block.lines.push((self.lines_read, (!is_too_long).then_some(text)));
        }
        Ok((!block.lines.is_empty()).then_some(block))
    }
}
