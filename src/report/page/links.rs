//! The addresses of the pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that a part of a path cannot have.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

/// Returns the address of the page of a flag.
pub(super) fn flag(environment: &str, key: &str) -> String {
    format!("/flags/{}/{}", encoded(environment), encoded(key))
}

/// Returns the address of the page of an environment.
pub(super) fn environment(name: &str) -> String {
    format!("/environments/{}", encoded(name))
}

fn encoded(part: &str) -> String {
    utf8_percent_encode(part, ENCODED).to_string()
}
