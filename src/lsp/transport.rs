//! The framing of messages: headers, an empty line, and JSON.

use std::io::{self, BufRead, Read, Write};

use serde_json::Value as Json;

/// The maximum size of a message in bytes.
const MAX_MESSAGE: usize = 64 << 20;
/// The maximum size of a header in bytes.
const MAX_HEADER: u64 = 4096;
/// The maximum number of headers of a message.
const MAX_HEADERS: usize = 32;

/// What a client sent.
pub(super) enum Received {
    Message(Json),
    /// A frame whose content is not JSON.
    Malformed,
}

/// Reads one message. Returns `None` at the end of the input.
///
/// # Errors
/// Returns an error if the frame is broken, after which the start of the next message is unknown.
pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let broken = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason.to_owned());
    let mut length = None;
    for _ in 0..MAX_HEADERS {
        let mut line = Vec::new();
        let read = reader.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if read == 0 {
            return if length.is_none() { Ok(None) } else { Err(broken("the input ends inside a message")) };
        }
        let line = String::from_utf8_lossy(&line);
        let Some(line) = line.strip_suffix('\n') else { return Err(broken("a header is too long")) };
        let line = line.trim_end();
        if line.is_empty() {
            let length = length.ok_or_else(|| broken("a message has no `Content-Length`"))?;
            let mut body = Vec::new();
            // The memory grows with what arrives, and not with what the header promises.
            reader.by_ref().take(length).read_to_end(&mut body)?;
            if u64::try_from(body.len()).ok() != Some(length) {
                return Err(broken("the input ends inside a message"));
            }
            return Ok(Some(serde_json::from_slice(&body).map_or(Received::Malformed, Received::Message)));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            let value: usize = value.trim().parse().map_err(|_| broken("`Content-Length` is not a number"))?;
            if value > MAX_MESSAGE {
                return Err(broken("a message has more than 64 MiB"));
            }
            length = u64::try_from(value).ok();
        }
    }
    Err(broken("a message has too many headers"))
}

/// Writes one message.
pub(super) fn write(writer: &mut impl Write, message: &Json) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    write!(writer, "Content-Length: {}\r\n\r\n", body.len())?;
    writer.write_all(&body)?;
    writer.flush()
}
