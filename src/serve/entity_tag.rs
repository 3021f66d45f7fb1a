//! Entity tags: whether a client has the current answer.

use hyper::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use hyper::{HeaderMap, StatusCode};

use crate::serve::response::{Response, empty};

/// Returns whether the client has the answer with this entity tag, which is in double quotes.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(str::trim).any(|known| {
        // A proxy that compresses an answer makes its tag weak.
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

/// Returns the response for a client that has the current answer.
pub(super) fn not_modified() -> Response {
    let mut response = empty(StatusCode::NOT_MODIFIED);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Adds an entity tag to a response.
pub(super) fn add(response: &mut Response, tag: &str) {
    // A tag of this server has only hexadecimal digits and quotes.
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
}
