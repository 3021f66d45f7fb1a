//! Keeps large values until the process ends.

use std::mem::ManuallyDrop;

/// Keeps a value and never drops it. Commands use this for the definitions and results of a complete flag repository.
/// Dropping ten thousand definitions takes about a tenth of the time of `flagctl validate`, and is unnecessary, because
/// the end of the process frees all memory.
pub(crate) fn keep_until_exit<T>(value: T) -> ManuallyDrop<T> {
    ManuallyDrop::new(value)
}
