//! The HTTP client of object stores and web servers, with bounds that a server cannot move.
//!
//! The client of `object_store` follows redirects, and would send the token of a session, which is an ordinary header,
//! to the host that a redirect names. It also reads as many bytes as a server sends. This client does neither.
//!
//! **Invariant:** a request goes to the host that the target and the settings name, and to no other.
//! **Invariant:** the responses to one operation, with all retries and pages, never have more bytes than its budget.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Body, Frame};
use object_store::ClientConfigKey::AllowHttp;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, Error};
use reqwest::redirect::Policy;

/// The maximum time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum time between two parts of a response.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The maximum time for a request and its response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// The number of bytes that the responses to the current operation may still have.
#[derive(Debug, Clone, Default)]
pub(super) struct ResponseBudget(Arc<AtomicU64>);

/// The error of a response that is larger than the budget.
#[derive(Debug, thiserror::Error)]
#[error("the store sends more bytes than expected")]
struct BudgetExceeded;

/// The error of a response that names another address.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store redirects to another address ({0}), which is not followed: check the address, or the endpoint and the \
         region"
)]
struct Redirected(u16);

impl ResponseBudget {
    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Returns whether the responses to the current operation have reached the budget.
    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn take(&self, bytes: u64) -> Result<(), HttpError> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
        // An error of this kind is not retried.
        if bytes < left { Ok(()) } else { Err(HttpError::new(HttpErrorKind::Decode, BudgetExceeded)) }
    }
}

impl HttpConnector for ResponseBudget {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient, Error> {
        connect(reqwest::Client::builder(), options, self)
    }
}

/// Connects to this machine directly. For a proxy, `localhost` would be the machine of the proxy.
#[derive(Debug)]
pub(super) struct WithoutProxy(pub(super) ResponseBudget);

impl HttpConnector for WithoutProxy {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient, Error> {
        connect(reqwest::Client::builder().no_proxy(), options, &self.0)
    }
}

fn connect(
    builder: reqwest::ClientBuilder,
    options: &ClientOptions,
    budget: &ResponseBudget,
) -> Result<HttpClient, Error> {
    let allows_http = options.get_config_value(&AllowHttp).is_some_and(|value| value == "true");
    let client = builder
        .redirect(Policy::none())
        .https_only(!allows_http)
        .user_agent(concat!("flagctl/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .build()
        .map_err(|error| Error::Generic { store: "HTTP client", source: Box::new(error) })?;
    Ok(HttpClient::new(BoundedClient { client, budget: budget.clone() }))
}

/// A client whose responses have a budget.
#[derive(Debug)]
struct BoundedClient {
    client: reqwest::Client,
    budget: ResponseBudget,
}

impl HttpService for BoundedClient {
    fn call<'c, 'f>(
        &'c self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let (mut parts, body) = HttpService::call(&self.client, request).await?.into_parts();
            if parts.status.is_redirection() && parts.headers.contains_key("location") {
                return Err(HttpError::new(HttpErrorKind::Decode, Redirected(parts.status.as_u16())));
            }
            let body = HttpResponseBody::new(BoundedBody { body, budget: self.budget.clone() });
            if !parts.status.is_success() || parts.headers.contains_key("content-length") {
                return Ok(HttpResponse::from_parts(parts, body));
            }
            // A web server or a cache may send a body without its length, which `object_store` needs. The budget bounds
            // the memory.
            let bytes = body.bytes().await?;
            parts.headers.insert("content-length", bytes.len().into());
            Ok(HttpResponse::from_parts(parts, bytes.into()))
        })
    }
}

/// The body of a response. It hides the size that the server claims, so that no memory is reserved for it.
struct BoundedBody {
    body: HttpResponseBody,
    budget: ResponseBudget,
}

impl Body for BoundedBody {
    type Data = <HttpResponseBody as Body>::Data;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, HttpError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && let Err(error) = self.budget.take(data.len() as u64)
        {
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
