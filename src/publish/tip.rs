//! The end of an environment's log: the newest complete entry, and the numbers after it.

use crate::publish::channel::{Channel, LogEntry, entry_path};
use crate::publish::digest::Digest;
use crate::publish::error::PublishError;
use crate::publish::manifest::{MAX_SEQUENCE, MAX_VOID, VoidEntry};
use crate::publish::seal::Seal;

/// The maximum number of complete entries after the current one. Each program makes its entry current before another
/// entry follows, so more than one of them means that the store was changed.
const MAX_AHEAD: usize = 100;

/// The end of a log.
pub(super) struct Tip {
    /// The newest complete entry, which may not be current yet.
    pub(super) head: Option<LogEntry>,
    /// The void entries after it.
    pub(super) void: Vec<VoidEntry>,
    /// The entry after them, if a program has taken its number and has not completed it.
    pub(super) open: Option<OpenEntry>,
}

/// An entry without a seal.
pub(super) struct OpenEntry {
    pub(super) sequence: u64,
    /// The bytes of its file. They are compared, and never interpreted or signed.
    pub(super) bytes: Vec<u8>,
}

impl Tip {
    /// Reads the log from the current entry to its end.
    ///
    /// # Errors
    /// Returns [`PublishError`] if a complete entry does not contain the digest of the previous one, if there are too
    /// many entries after the current one, or if the log cannot be read.
    pub(super) fn read(channel: &Channel<'_>) -> Result<Self, PublishError> {
        let mut tip = Self { head: channel.current()?, void: Vec::new(), open: None };
        let mut ahead = 0;
        loop {
            let sequence = tip.next_sequence(channel)?;
            let path = || channel.path(&entry_path(sequence));
            let Some(bytes) = channel.entry_bytes(sequence)? else { return Ok(tip) };
            match channel.seal(sequence)? {
                None => {
                    tip.open = Some(OpenEntry { sequence, bytes });
                    return Ok(tip);
                }
                Some(Seal::Void) => tip.void.push(VoidEntry { sequence, sha256: Digest::sha256(&bytes) }),
                Some(Seal::Signature(_) | Seal::Unsigned) => {
                    let entry = channel.parse_entry(sequence, bytes)?;
                    if !entry.follows(tip.head.as_ref()) || entry.manifest.void != tip.void {
                        return Err(PublishError::broken(path(), "does not follow the entry before it"));
                    }
                    ahead += 1;
                    tip = Self { head: Some(entry), void: Vec::new(), open: None };
                }
            }
            if ahead > MAX_AHEAD || tip.void.len() > MAX_VOID {
                return Err(PublishError::broken(
                    path(),
                    "has too many entries before it that never became current: remove those that no publisher wrote",
                ));
            }
        }
    }

    /// Returns the number after the last one that is complete or void.
    pub(super) fn next_sequence(&self, channel: &Channel<'_>) -> Result<u64, PublishError> {
        let head = self.head.as_ref().map_or(0, |head| head.manifest.sequence);
        let next = head.checked_add(self.void.len() as u64 + 1).filter(|next| *next <= MAX_SEQUENCE);
        next.ok_or_else(|| PublishError::broken(channel.path(&entry_path(head)), "has the last number that exists"))
    }
}
