//! Responses, whose bodies are either complete or a stream of events.

use std::convert::Infallible;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http_body_util::{Either, Full, StreamBody};
use hyper::StatusCode;
use hyper::body::Frame;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

/// The frames of an event stream.
pub(super) type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;
/// The body of a response.
pub(super) type Body = Either<Full<Bytes>, StreamBody<Frames>>;
/// A response to an application.
pub(super) type Response = hyper::Response<Body>;

/// Returns a response with JSON.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    content(status, "application/json", body)
}

/// Returns a response with a complete body. Caches must ask the server before they use it again.
pub(super) fn content(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = with_status(status, Either::Left(Full::new(body.into())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Returns a response without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    with_status(status, Either::Left(Full::default()))
}

/// Returns a response with a stream of events.
pub(super) fn events(frames: Frames) -> Response {
    let mut response = with_status(StatusCode::OK, Either::Right(StreamBody::new(frames)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies such as nginx hold events back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
