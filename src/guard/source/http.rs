//! One request to a server of metrics, with bounds that the server cannot move.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::runtime::{self, Runtime};

use crate::guard::source::address::Credential;
use crate::guard::source::problem::DataProblem;
use crate::guard::source::settings::SourceSettings;

/// The maximum time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum time for a request and its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// The maximum time for all requests of a verdict.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(120);
/// The maximum size of an answer.
const MAX_ANSWER: usize = 4 << 20;
/// The maximum length of a server's own words in a message.
const MAX_WORDS: usize = 200;
/// The minimum length of a secret in bytes. A shorter value, such as the number of a tenant, is part of many texts.
const MIN_SECRET: usize = 8;
/// The maximum difference between the clocks.
const MAX_CLOCK_DIFFERENCE: i64 = 30;

/// A client for the requests of one verdict.
pub(super) struct HttpClient {
    client: Client,
    runtime: Runtime,
    credential: HeaderMap,
    /// The values that no message may have, with the texts that replace them.
    secrets: Vec<(String, &'static str)>,
    end: Instant,
}

impl HttpClient {
    /// # Errors
    /// Returns [`DataProblem`] if a setting is not a header, or the client cannot be made.
    pub(super) fn new(settings: &SourceSettings) -> Result<Self, DataProblem> {
        // An error means that the process has a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |error: &dyn std::fmt::Display| DataProblem::Unreachable(error.to_string());
        let client = Client::builder()
            .redirect(Policy::none())
            .user_agent(concat!("flagctl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| failed(&error))?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
        let credential = credential(settings)?;
        Ok(Self { client, runtime, credential, secrets: secrets(settings), end: Instant::now() + TOTAL_TIMEOUT })
    }

    /// Requests an address and returns what `parse` reads in the body of the answer.
    ///
    /// `now` is the local clock, with which that of the server is compared.
    ///
    /// # Errors
    /// Returns [`DataProblem`] for every answer but a complete one with status 200, in time and from a server with the
    /// same clock. No message has the credential, even if the server repeats it: the logs of a job are often public.
    pub(super) fn get<T>(
        &self,
        url: Url,
        credential: Credential,
        now: Timestamp,
        parse: impl Fn(&[u8]) -> Result<T, DataProblem>,
    ) -> Result<T, DataProblem> {
        let body = self.body(url, credential, now)?;
        parse(&body).map_err(|problem| match self.without_secrets(&body) {
            // A message has a part of the body, which is cut at any character, so the secrets are replaced before.
            Some(text) => parse(text.as_bytes()).err().unwrap_or(problem),
            None => problem,
        })
    }

    /// Returns a text in which the secrets are replaced, or `None` if it has none.
    fn without_secrets(&self, body: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(body);
        let is_in_text = |(secret, _): &&(String, &str)| text.contains(secret.as_str());
        let found: Vec<_> = self.secrets.iter().filter(is_in_text).collect();
        let replace = |text: String, (secret, name): &(String, &str)| text.replace(secret.as_str(), name);
        (!found.is_empty()).then(|| found.into_iter().fold(text.to_string(), replace))
    }

    fn body(&self, url: Url, credential: Credential, now: Timestamp) -> Result<Vec<u8>, DataProblem> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(DataProblem::Timeout(TOTAL_TIMEOUT.as_secs()));
        }
        let start = Instant::now();
        self.runtime.block_on(async {
            let mut request = self.client.get(url).timeout(left.min(REQUEST_TIMEOUT));
            if credential == Credential::Sent {
                request = request.headers(self.credential.clone());
            }
            let mut response = request.send().await.map_err(|error| failure(&error))?;
            let status = response.status();
            if status.is_redirection() {
                return Err(DataProblem::Redirect(status.as_u16()));
            }
            let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
                if body.len() + chunk.len() > MAX_ANSWER {
                    return Err(DataProblem::TooLarge(MAX_ANSWER as u64));
                }
                body.extend_from_slice(&chunk);
            }
            if status.as_u16() != 200 {
                let text = self.without_secrets(&body).unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
                let message = words(&text);
                return Err(DataProblem::Status { status: status.as_u16(), message });
            }
            // The command began before the request, and an answer may take its time.
            let elapsed = i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX);
            compare_clocks(date.as_deref(), now, elapsed)?;
            Ok(body)
        })
    }
}

/// Returns the secrets of the settings, with the texts that replace them.
fn secrets(settings: &SourceSettings) -> Vec<(String, &'static str)> {
    let header = settings.header.as_deref().and_then(|header| header.split_once(':'));
    let values = [
        (settings.token.as_deref(), "[FLAGCTL_GUARD_TOKEN]"),
        (header.map(|(_, value)| value.trim()), "[FLAGCTL_GUARD_HEADER]"),
    ];
    let secret = |(value, name): (Option<&str>, _)| Some((value?.to_owned(), name));
    values.into_iter().filter_map(secret).filter(|(value, _)| value.len() >= MIN_SECRET).collect()
}

/// Returns the headers with the credential.
fn credential(settings: &SourceSettings) -> Result<HeaderMap, DataProblem> {
    let mut headers = HeaderMap::new();
    let invalid = |name: &str| DataProblem::Unreachable(format!("`{name}` has a value that no header can have"));
    if let Some(token) = &settings.token {
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| invalid("FLAGCTL_GUARD_TOKEN"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if let Some(header) = &settings.header {
        let invalid = || invalid("FLAGCTL_GUARD_HEADER");
        let (name, value) = header.split_once(':').ok_or_else(invalid)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| invalid())?;
        let mut value = HeaderValue::from_str(value.trim()).map_err(|_| invalid())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn compare_clocks(date: Option<&str>, now: Timestamp, elapsed: i64) -> Result<(), DataProblem> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    // A server is free to leave the header out. One that is there must be right.
    let Some(date) = date else { return Ok(()) };
    let time = PARSER.parse_timestamp(date);
    let time = time.map_err(|_| DataProblem::Malformed("its `Date` is not a date".to_owned()))?;
    let difference = time.as_second() - now.as_second();
    if (-MAX_CLOCK_DIFFERENCE..=MAX_CLOCK_DIFFERENCE + elapsed).contains(&difference) {
        return Ok(());
    }
    Err(DataProblem::Clock(difference))
}

fn failure(error: &reqwest::Error) -> DataProblem {
    if error.is_timeout() {
        return DataProblem::Timeout(REQUEST_TIMEOUT.as_secs());
    }
    // The last cause says the most, and none has the headers of the request.
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    DataProblem::Unreachable(words(&cause.to_string()))
}

/// Shortens a server's own words to one line.
pub(super) fn words(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(MAX_WORDS).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::compare_clocks;

    #[test]
    fn the_clocks_may_differ_by_thirty_seconds() {
        let now = "2026-11-22T11:00:00Z".parse().unwrap();
        let at = |time: &str, elapsed| compare_clocks(Some(&format!("Sun, 22 Nov 2026 {time} GMT")), now, elapsed);
        assert_eq!(at("11:00:30", 0), Ok(()));
        assert_eq!(at("10:59:30", 0), Ok(()));
        assert_eq!(at("11:00:31", 1), Ok(()));
        assert!(at("11:00:31", 0).is_err());
        assert!(at("10:59:29", 5).is_err());
        assert!(compare_clocks(Some("yesterday"), now, 0).is_err());
    }
}
