//! One input: its bytes, decompressed, and the digest of the bytes as they were.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

const BUFFER_BYTES: usize = 256 << 10;
/// The first bytes of a file that gzip compressed.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How many times its size a compressed input may expand to, once it is larger than [`FREE_BYTES`]. Events shrink to about
/// a tenth, and gzip can shrink zeros to a thousandth.
const MAX_EXPANSION: u64 = 200;
const FREE_BYTES: u64 = 64 << 20;

/// A file of events, or stdin.
pub struct Input {
    name: String,
    reader: Box<dyn Read + Send>,
}

impl Input {
    /// Returns an input with the name that messages show.
    pub fn new(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self { name: name.into(), reader: Box::new(reader) }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts to read.
    pub(super) fn open(self) -> io::Result<Decompressed> {
        let source = Source { reader: self.reader, hasher: Sha256::new(), bytes: 0 };
        let mut start = BufReader::with_capacity(BUFFER_BYTES, source);
        // A pipe may return one byte at first. The file is not gzip if the first byte differs.
        let is_gzip = match start.fill_buf()? {
            [first, second, ..] => [*first, *second] == GZIP,
            [first] => *first == GZIP[0],
            [] => false,
        };
        Ok(if is_gzip {
            Decompressed::Gzip { decoder: Box::new(MultiGzDecoder::new(start)), expanded: 0 }
        } else {
            Decompressed::Plain(start)
        })
    }
}

/// The bytes as they are stored.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    hasher: Sha256,
    bytes: u64,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }
}

/// The bytes of an input, decompressed.
pub(super) enum Decompressed {
    /// The input is not compressed.
    Plain(BufReader<Source>),
    /// The input is compressed.
    Gzip {
        /// The decompressed stream.
        decoder: Box<MultiGzDecoder<BufReader<Source>>>,
        /// The number of bytes after decompression.
        expanded: u64,
    },
}

/// The error of an input that expands to far more than events do.
#[derive(Debug, thiserror::Error)]
#[error("the compressed data expands to more than {MAX_EXPANSION} times its size, which events do not")]
struct Expansion;

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip { decoder, expanded } => {
                let count = decoder.read(buffer)?;
                *expanded += count as u64;
                if *expanded > FREE_BYTES && *expanded / MAX_EXPANSION > decoder.get_ref().get_ref().bytes {
                    return Err(io::Error::other(Expansion));
                }
                Ok(count)
            }
        }
    }
}

impl Decompressed {
    /// Returns the SHA-256 digest of the input, of which the rest is read first.
    pub(super) fn digest(self) -> io::Result<[u8; 32]> {
        let mut source = match self {
            Self::Plain(reader) => reader.into_inner(),
            Self::Gzip { decoder, .. } => decoder.into_inner().into_inner(),
        };
        io::copy(&mut source, &mut io::sink())?;
        Ok(source.hasher.finalize().into())
    }
}

/// Returns whether an error says that compressed data is cut or damaged.
pub(super) fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof)
}
