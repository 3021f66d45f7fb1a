//! Cross-origin requests: which pages in browsers may ask the server.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, StatusCode, Uri};

use crate::serve::response::{Response, empty};

/// The headers that a page may send.
const REQUEST_HEADERS: &str =
    "Authorization, Cache-Control, Content-Type, If-None-Match, Last-Event-ID, X-API-Key, X-Flagctl-Environment";
/// The headers that a page may read.
const RESPONSE_HEADERS: &str = "ETag, Retry-After";
/// The number of seconds for which a browser may keep the permission.
const MAX_AGE: &str = "600";

/// The origins whose pages may ask the server. Without any, a browser refuses to let a page read an answer.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    origins: Vec<HeaderValue>,
}

impl Cors {
    /// Creates the permission for these origins, such as `https://shop.example.com`, or `*` for all.
    ///
    /// # Errors
    /// Returns the first text that is not an origin.
    pub fn new(origins: &[String]) -> Result<Self, String> {
        let origin = |text: &String| written(text).ok_or_else(|| text.clone());
        Ok(Self { origins: origins.iter().map(origin).collect::<Result<_, _>>()? })
    }

    /// Answers the question of a browser whether a page may send a request.
    pub(super) fn preflight(methods: &'static str) -> Response {
        let mut response = empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
        response
    }

    /// Adds the permission to a response, if the page of the request has it.
    pub(super) fn allow(&self, request: &HeaderMap, response: &mut Response) {
        if self.origins.is_empty() {
            return;
        }
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = request.get(ORIGIN) else { return };
        if self.origins.iter().any(|allowed| allowed == origin || allowed == "*") {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(RESPONSE_HEADERS));
        }
    }
}

/// Returns an origin as browsers write it: in lower case, and without the usual port of its scheme.
fn written(text: &str) -> Option<HeaderValue> {
    if text == "*" {
        return Some(HeaderValue::from_static("*"));
    }
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
    let usual_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    if text.ends_with('/') || uri.path() != "/" || uri.query().is_some() || authority.contains('@') {
        return None;
    }
    let host = authority.strip_suffix(usual_port).unwrap_or(authority).to_ascii_lowercase();
    HeaderValue::from_str(&format!("{scheme}://{host}")).ok()
}
