//! Answers requests for pages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY};
use hyper::header::{RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use hyper::{Request, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::report::Printable;
use crate::report::page;
use crate::report::page::{FlagFilter, FlagHistory};
use crate::serve::application::Application;
use crate::serve::follower::HistorySource;
use crate::serve::page::address::{Address, context};
use crate::serve::page::facts::Snapshot;
use crate::serve::page::{history, host};
use crate::serve::response::{Response, content};
use crate::serve::served_bundle::Override;

const HTML: &str = "text/html; charset=utf-8";
/// The maximum number of pages that are made at the same time.
const PAGES: usize = 2;
/// The maximum time for which a request waits until another page is made.
const WAIT: Duration = Duration::from_secs(5);
/// The headers of every page, beside the security policy.
const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    // The address of a page can have a context.
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The page for the people who operate the server.
pub(crate) struct Page {
    application: Arc<Application>,
    overrides: Arc<[Override]>,
    /// Where the history of each environment is.
    histories: BTreeMap<String, HistorySource>,
    /// The names of hosts with which people open the page.
    hosts: Vec<String>,
    permits: Arc<Semaphore>,
}

impl Page {
    /// Creates the page of a server.
    pub(crate) fn new(
        application: Arc<Application>,
        overrides: Arc<[Override]>,
        histories: BTreeMap<String, HistorySource>,
        hosts: Vec<String>,
    ) -> Self {
        Self { application, overrides, histories, hosts, permits: Arc::new(Semaphore::new(PAGES)) }
    }

    /// Answers a GET request. Returns `None` if the path is not that of a page.
    pub(crate) async fn respond<B>(self: &Arc<Self>, request: &Request<B>) -> Option<Response> {
        Address::of(request.uri().path())?;
        if !host::is_expected(request.headers(), &self.hosts) {
            let sentence = "The page is for IP addresses, for localhost, and for the names of --page-host.";
            return Some(html(StatusCode::MISDIRECTED_REQUEST, &page::problem("Unknown host", sentence)));
        }
        let Some(permit) = self.permit().await else {
            let sentence = "The server is making other pages. Load the page again in a few seconds.";
            let mut response = html(StatusCode::SERVICE_UNAVAILABLE, &page::problem("Too many requests", sentence));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            return Some(response);
        };
        let (page, uri) = (Arc::clone(self), request.uri().clone());
        let made = spawn_blocking(move || {
            let response = page.make(uri.path(), uri.query().unwrap_or_default());
            drop(permit);
            response
        });
        let failed = || html(StatusCode::INTERNAL_SERVER_ERROR, &page::problem("Error", "The page cannot be made."));
        Some(made.await.unwrap_or_else(|_| failed()))
    }

    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        timeout(WAIT, Arc::clone(&self.permits).acquire_owned()).await.ok()?.ok()
    }

    fn make(&self, path: &str, query: &str) -> Response {
        let snapshot = Snapshot::take(&self.application);
        let facts = snapshot.facts(&self.overrides);
        let made = match Address::of(path) {
            None => None,
            Some(Address::Overview) => Some(page::overview(&facts, &FlagFilter::new(query))),
            Some(Address::Environment(name)) => page::environment(&facts, &name),
            Some(Address::Flag(environment, key)) => {
                let bundle = snapshot.bundle(&environment).filter(|served| served.bundle().flag(&key).is_some());
                bundle.and_then(|served| {
                    let text = context(query);
                    let asked = text.as_deref().map(|text| Snapshot::question(served, text));
                    let commit = served.origin().commit.as_deref();
                    let history = self.histories.get(environment.as_ref());
                    let read = |source| history::read(source, commit, served.bundle().environment(), &key);
                    let history = history.map_or(FlagHistory::NoHistory, read);
                    page::flag(&facts, &environment, &key, asked.as_ref(), &history)
                })
            }
        };
        match made {
            Some(page) => html(StatusCode::OK, &page),
            None => {
                let sentence = "The server has no such flag or environment now.";
                html(StatusCode::NOT_FOUND, &page::problem("Not found", sentence))
            }
        }
    }
}

fn html(status: StatusCode, page: &Printable) -> Response {
    let mut response = content(status, HTML, page.as_str().to_owned());
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
