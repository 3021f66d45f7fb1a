//! The endpoints for applications: from a request to its response.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::serve::access::{Access, authenticate, authorize};
use crate::serve::clock::Clock;
use crate::serve::cors::Cors;
use crate::serve::environments::Environments;
use crate::serve::evaluate::{Evaluation, HeaderAttributes};
use crate::serve::events::{EventStream, address};
use crate::serve::exposures::ExposureRecorder;
use crate::serve::flagd_file;
use crate::serve::limits::Limits;
use crate::serve::metrics::Metrics;
use crate::serve::permissions::Permissions;
use crate::serve::protocol_error::ProtocolError;
use crate::serve::response::{Response, empty};
use crate::serve::route::{Endpoint, Route};
use crate::serve::served_bundle::ServedBundle;
use crate::serve::tokens::TokenUse;
use crate::serve::wake::Wake;
use crate::serve::webhook::WebhookSecret;

/// Everything that the endpoints for applications need.
pub(super) struct Application {
    pub(super) environments: Environments,
    pub(super) permissions: watch::Sender<Arc<Permissions>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) webhook_secret: Option<WebhookSecret>,
    pub(super) cors: Cors,
    pub(super) header_attributes: HeaderAttributes,
    /// The address at which clients reach the server, if it differs from the one that they use for evaluations.
    pub(super) public_url: Option<String>,
    pub(super) limits: Limits,
    pub(super) streams: Arc<Semaphore>,
    pub(super) wake: Wake,
    pub(super) clock: Clock,
    pub(super) exposures: Option<ExposureRecorder>,
}

impl Application {
    /// Answers a request.
    pub(super) async fn respond(&self, request: Request<Incoming>) -> Response {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let route = Route::of(head.uri.path());
        let endpoint = route.endpoint.name();
        let mut body = Some(body);
        let answered = self.answer(&head.method, &route, head.uri.query(), &head.headers, &mut body).await;
        let mut response = answered.unwrap_or_else(ProtocolError::into_response);
        // hyper closes a connection on which a body was not read, and the client should know that.
        if body.is_some_and(|body| !body.is_end_stream()) || is_body_refused(response.status()) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.cors.allow(&head.headers, &mut response);
        self.metrics.request(endpoint, response.status().as_u16(), started.elapsed());
        response
    }

    async fn answer(
        &self,
        method: &Method,
        route: &Route<'_>,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &mut Option<Incoming>,
    ) -> Result<Response, ProtocolError> {
        let methods = route.endpoint.methods().ok_or_else(ProtocolError::no_path)?;
        if method == Method::OPTIONS {
            return Ok(Cors::preflight(methods));
        }
        if !methods.split(", ").any(|allowed| method == allowed) {
            return Err(ProtocolError::method(methods));
        }
        let permissions = Arc::clone(&self.permissions.borrow());
        if let Endpoint::Events(address) = route.endpoint {
            return self.events(address, headers, &permissions);
        }
        if route.endpoint == Endpoint::Refresh {
            return self.refresh(headers, body, &permissions).await;
        }
        let token = authenticate(headers, &permissions.tokens)?;
        let access = authorize(headers, token, route.environment.as_deref(), &self.environments);
        let access = access.map_err(|error| match &route.endpoint {
            Endpoint::Flag(key) => error.about(key),
            _ => error,
        })?;
        match &route.endpoint {
            Endpoint::Flag(key) => {
                let body = self.read(headers, body).await.map_err(|error| error.about(key))?;
                let bundle = current(&access)?;
                self.evaluation(&bundle, &access, headers, &body).flag(key)
            }
            Endpoint::Flags => {
                let body = self.read(headers, body).await?;
                let bundle = current(&access)?;
                let events = self.event_stream(&address(access.environment.name(), token));
                self.evaluation(&bundle, &access, headers, &body).flags(&events, query)
            }
            Endpoint::FlagdFile => {
                let bundle = current(&access)?;
                flagd_file::respond(&bundle, access.visibility, headers)
            }
            Endpoint::Events(_) | Endpoint::Refresh | Endpoint::Unknown => Err(ProtocolError::no_path()),
        }
    }

    fn evaluation<'r>(
        &'r self,
        bundle: &'r ServedBundle,
        access: &Access,
        headers: &'r HeaderMap,
        body: &'r [u8],
    ) -> Evaluation<'r> {
        let header_attributes = &self.header_attributes;
        let (now, exposures) = ((self.clock)(), self.exposures.as_ref());
        Evaluation { bundle, visibility: access.visibility, headers, header_attributes, body, now, exposures }
    }

    /// Reads the body of a request for evaluations.
    async fn read(&self, headers: &HeaderMap, body: &mut Option<Incoming>) -> Result<Bytes, ProtocolError> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        if let Some(encoding) = text(CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(ProtocolError::media_type(format!("the body is encoded as `{encoding}`, which is not read")));
        }
        if let Some(media_type) = text(CONTENT_TYPE) {
            let name = media_type.split(';').next().unwrap_or_default().trim();
            if !name.eq_ignore_ascii_case("application/json") {
                return Err(ProtocolError::media_type(format!("expected `application/json`, found `{media_type}`")));
            }
        }
        self.read_bytes(body).await
    }

    async fn read_bytes(&self, body: &mut Option<Incoming>) -> Result<Bytes, ProtocolError> {
        let Some(body) = body.take() else { return Ok(Bytes::new()) };
        let limit = self.limits.body_bytes;
        if body.size_hint().lower() > limit as u64 {
            return Err(ProtocolError::too_large(limit));
        }
        match timeout(self.limits.request_time, Limited::new(body, limit).collect()).await {
            Err(_) => Err(ProtocolError::timeout()),
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ProtocolError::too_large(limit)),
            Ok(Err(error)) => Err(ProtocolError::parse(format!("the body is not complete: {error}"))),
        }
    }

    fn events(&self, address: &str, headers: &HeaderMap, permissions: &Permissions) -> Result<Response, ProtocolError> {
        let environment = permissions.addresses.find(address).ok_or_else(ProtocolError::no_path)?;
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        let permit = permit.map_err(|_| ProtocolError::unavailable("too many event streams are open"))?;
        let open_streams = self.metrics.streams.clone();
        Ok(EventStream::open(environment, headers, permissions.end(), open_streams, permit).into_response())
    }

    /// Returns the members that describe the event stream with an address.
    fn event_stream(&self, address: &str) -> String {
        match &self.public_url {
            Some(url) => format!(r#""url":{}"#, json!(format!("{url}/ofrep/v1/events/{address}"))),
            None => format!(r#""endpoint":{{"requestUri":"/ofrep/v1/events/{address}"}}"#),
        }
    }

    /// Makes all sources look for new bundles. The request has a token, or the signature of a webhook.
    async fn refresh(
        &self,
        headers: &HeaderMap,
        body: &mut Option<Incoming>,
        permissions: &Permissions,
    ) -> Result<Response, ProtocolError> {
        let is_signed = match &self.webhook_secret {
            Some(secret) => secret.has_signed(headers, &self.read_bytes(body).await?),
            None => false,
        };
        if !is_signed {
            // Without tokens, a secret is the only permission.
            if self.webhook_secret.is_some() && permissions.tokens.is_empty() {
                return Err(ProtocolError::unauthorized());
            }
            let token = authenticate(headers, &permissions.tokens)?;
            if token.is_some_and(|token| token.usage == TokenUse::Browser) {
                return Err(ProtocolError::forbidden());
            }
        }
        self.wake.all();
        Ok(empty(StatusCode::ACCEPTED))
    }
}

/// Returns whether a response with this status refuses a body that was read in part.
fn is_body_refused(status: StatusCode) -> bool {
    matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT)
}

fn current(access: &Access) -> Result<Arc<ServedBundle>, ProtocolError> {
    let missing = || ProtocolError::unavailable("the server has not loaded the environment yet");
    access.environment.current().ok_or_else(missing)
}
