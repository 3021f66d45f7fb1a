//! The errors of requests, as responses of the protocol.

use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Map, json};

use crate::serve::response::{Response, empty, json as json_response};

/// A request that gets no evaluation.
#[derive(Debug)]
pub(super) struct ProtocolError {
    status: StatusCode,
    /// OpenFeature's error code and the details, for the statuses that have a body.
    body: Option<(&'static str, Box<str>)>,
    /// The key of the flag that the request is about.
    key: Option<Box<str>>,
    hint: Hint,
}

/// What a header tells the client.
#[derive(Debug, Clone, Copy)]
enum Hint {
    /// Nothing.
    None,
    /// The way to authenticate.
    Authenticate,
    /// The methods of the path.
    Methods(&'static str),
    /// The number of seconds after which the client may ask again.
    Retry(u32),
}

impl Hint {
    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::None => None,
            Self::Authenticate => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Self::Methods(methods) => Some((ALLOW, HeaderValue::from_static(methods))),
            Self::Retry(seconds) => Some((RETRY_AFTER, HeaderValue::from(seconds))),
        }
    }
}

impl ProtocolError {
    fn new(status: StatusCode, code: &'static str, details: impl Into<String>) -> Self {
        Self { status, body: Some((code, details.into().into())), key: None, hint: Hint::None }
    }

    fn bare(status: StatusCode) -> Self {
        Self { status, body: None, key: None, hint: Hint::None }
    }

    fn with_hint(self, hint: Hint) -> Self {
        Self { hint, ..self }
    }

    /// The body is not JSON.
    pub(super) fn parse(details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "PARSE_ERROR", details)
    }

    /// The context is not one.
    pub(super) fn context(details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_CONTEXT", details)
    }

    /// The request does not say which environment it is about.
    pub(super) fn no_environment(names: &str) -> Self {
        let details = format!("the server has several environments: put one of {names} before `/ofrep` in the path");
        Self::new(StatusCode::BAD_REQUEST, "GENERAL", details)
    }

    /// The environment has no such flag.
    pub(super) fn no_flag(key: &str, environment: &str) -> Self {
        let details = format!("`{key}` is not a flag of the environment `{environment}`");
        Self::new(StatusCode::NOT_FOUND, "FLAG_NOT_FOUND", details).about(key)
    }

    /// The server has no such environment.
    pub(super) fn unknown_environment(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "GENERAL", format!("`{name}` is not an environment of this server"))
    }

    /// The path is not one of the server.
    pub(super) fn no_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "GENERAL", "the server has nothing at this path")
    }

    /// The request has no token, or an unknown one.
    pub(super) fn unauthorized() -> Self {
        Self::bare(StatusCode::UNAUTHORIZED).with_hint(Hint::Authenticate)
    }

    /// The token does not allow the request.
    pub(super) fn forbidden() -> Self {
        Self::bare(StatusCode::FORBIDDEN)
    }

    /// The path has another method.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self::bare(StatusCode::METHOD_NOT_ALLOWED).with_hint(Hint::Methods(allowed))
    }

    /// The body is not in a format that the server reads.
    pub(super) fn media_type(details: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "GENERAL", details)
    }

    /// The body is larger than the limit.
    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "GENERAL", format!("expected at most {limit} bytes"))
    }

    /// The body did not arrive in time.
    pub(super) fn timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "GENERAL", "the body did not arrive in time")
    }

    /// The server has no bundle of the environment yet, or has no capacity.
    pub(super) fn unavailable(details: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "GENERAL", details).with_hint(Hint::Retry(1))
    }

    /// The token has made more requests than it may.
    pub(super) fn too_many_requests(seconds: u32) -> Self {
        let details = format!("the token has made too many requests: wait {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "GENERAL", details).with_hint(Hint::Retry(seconds))
    }

    /// The environment cannot be written in the format of the path.
    pub(super) fn inexpressible(details: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "GENERAL", details)
    }

    /// Adds the key of the flag that the request is about.
    pub(super) fn about(self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Returns the response.
    pub(super) fn into_response(self) -> Response {
        let mut response = match self.body {
            Some((code, details)) => {
                let mut body = Map::new();
                body.extend(self.key.map(|key| ("key".to_owned(), json!(key))));
                body.insert("errorCode".to_owned(), json!(code));
                body.insert("errorDetails".to_owned(), json!(details));
                json_response(self.status, json!(body).to_string())
            }
            None => empty(self.status),
        };
        if let Some((name, value)) = self.hint.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
