//! Finds the fields of the lines of an input, from its first to its last line.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender};

use crate::events::bad_row::BadRow;
use crate::events::blocks::{Block, Blocks};
use crate::events::column::Column;
use crate::events::error::InputError;
use crate::events::input::Input;
use crate::events::layout::{FirstLine, Layout};
use crate::events::parsed_block::ParsedBlock;

/// The SHA-256 digest of an input, as it is stored.
pub(super) type Sha256 = [u8; 32];

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Finds the fields of the lines of an input.
pub(super) struct Parser {
    /// The name of the input.
    pub(super) file: String,
    /// The columns that CSV must have.
    pub(super) required: &'static [Column],
    /// Takes the blocks. The parser stops if it is closed.
    pub(super) parsed: SyncSender<ParsedBlock>,
    /// Blocks whose memory can be used again.
    pub(super) free: Receiver<ParsedBlock>,
}

impl Parser {
    /// Reads the input to its end, and returns its digest.
    ///
    /// # Errors
    /// Returns an error if the input cannot be read, if blocks are not taken any more, or if the input is CSV without the
    /// required columns.
    pub(super) fn run(self, input: Input) -> Result<Sha256, InputError> {
        let cannot_read = |source: io::Error| InputError::Read { file: self.file.clone(), source };
        let mut blocks = Blocks::new(input.open().map_err(cannot_read)?);
        let mut layout = None;
        while let Some(block) = blocks.next().map_err(cannot_read)? {
            let mut parsed = self.free.try_recv().unwrap_or_else(|_| ParsedBlock::new());
            parsed.clear();
            match block {
                Block::LongLine(line) => parsed.add_bad(line, BadRow::TooLong),
                Block::Damaged(line) => parsed.add_bad(line, BadRow::DamagedGzip),
                Block::Lines { bytes, first } => self.add_lines(bytes, first, &mut layout, &mut parsed)?,
            }
            self.parsed.send(parsed).map_err(|_| InputError::Stopped(self.file.clone()))?;
        }
        blocks.into_reader().digest().map_err(cannot_read)
    }

    /// Adds the lines of a block. The first line that is not blank says what the layout is.
    fn add_lines(
        &self,
        bytes: &[u8],
        first: u64,
        layout: &mut Option<Layout>,
        parsed: &mut ParsedBlock,
    ) -> Result<(), InputError> {
        let mut rest = bytes;
        for line in first.. {
            if rest.is_empty() {
                break;
            }
            let (text, others) = match memchr::memchr(b'\n', rest) {
                Some(index) => (rest.get(..index).unwrap_or_default(), rest.get(index + 1..).unwrap_or_default()),
                None => (rest, &[][..]),
            };
            rest = others;
            let text = if line == 1 { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text };
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Ok(text) = std::str::from_utf8(text) else {
                parsed.add_bad(line, BadRow::NotUtf8);
                continue;
            };
            let text = text.strip_suffix('\r').unwrap_or(text);
            let layout = match layout {
                Some(layout) => layout,
                None => {
                    let header = |message| InputError::Header { file: self.file.clone(), line, message };
                    let (found, first_line) = Layout::find(text, others, self.required).map_err(header)?;
                    let layout = layout.insert(found);
                    if first_line == FirstLine::Header {
                        continue;
                    }
                    layout
                }
            };
            parsed.add_line(line, layout.syntax(), |add| layout.read(text, add));
        }
        Ok(())
    }
}
