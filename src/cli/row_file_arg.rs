//! A file of rows on the command line: the numbers of a guard, or the statistics of an experiment.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::cli::context_arg;
use crate::row_file::MAX_FILE_BYTES;
use crate::snapshot::without_byte_order_mark;

/// Reads a file, or stdin if the path is `-`.
///
/// # Errors
/// Returns an error if the file cannot be read, is too large, or is not UTF-8.
pub(crate) fn read(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let read = context_arg::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        bail!("`{}` has more than {MAX_FILE_BYTES} bytes, which no file of rows may have", path.display());
    }
    match without_byte_order_mark(&bytes) {
        Ok(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        Err(fault) => bail!("`{}` {fault}; {}", path.display(), fault.help()),
    }
}
