//! The endpoints for the people who operate the server. They have a port of their own, which is not for applications.

use std::sync::Arc;

use hyper::{Method, Request, StatusCode};

use crate::serve::application::Application;
use crate::serve::page::Page;
use crate::serve::response::{Response, content, empty};

/// The media type of the metrics.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers a request.
pub(super) async fn respond<B>(application: &Application, page: &Arc<Page>, request: &Request<B>) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    if let Some(response) = page.respond(request).await {
        return response;
    }
    match request.uri().path() {
        "/healthz" => content(StatusCode::OK, TEXT, "ok\n"),
        "/readyz" => ready(application),
        "/metrics" => content(StatusCode::OK, METRICS, application.metrics.text()),
        _ => content(StatusCode::NOT_FOUND, TEXT, "the paths are /, /healthz, /readyz and /metrics\n"),
    }
}

fn ready(application: &Application) -> Response {
    if application.environments.are_ready() {
        return content(StatusCode::OK, TEXT, "ok\n");
    }
    let missing = application.environments.iter().filter(|environment| environment.current().is_none());
    let missing: Vec<&str> = missing.map(|environment| environment.name()).collect();
    content(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("no bundle was loaded yet for {}\n", missing.join(", ")))
}
