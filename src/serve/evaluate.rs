//! The evaluation endpoints of the OpenFeature Remote Evaluation Protocol.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

use hyper::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::bundle::{Attribute, Flag};
use crate::eval::{Context, ContextError, Value};
use crate::serve::access::Visibility;
use crate::serve::entity_tag;
use crate::serve::exposures::ExposureRecorder;
use crate::serve::prepared_flag::AnswerKind;
use crate::serve::protocol_error::ProtocolError;
use crate::serve::response::{Response, json};
use crate::serve::served_bundle::ServedBundle;

/// The number of bytes to reserve for the answer of a flag.
const ANSWER_BYTES: usize = 384;
/// The number of seconds after which a hidden page should close its event stream.
const INACTIVITY_DELAY: u32 = 120;

/// The attributes that a request's headers set, with the names of the headers. The names are in lower case.
pub type HeaderAttributes = BTreeMap<String, String>;

/// A request for evaluations, after its body was read.
pub(super) struct Evaluation<'r> {
    pub(super) bundle: &'r ServedBundle,
    pub(super) visibility: Visibility,
    pub(super) headers: &'r HeaderMap,
    pub(super) header_attributes: &'r HeaderAttributes,
    pub(super) body: &'r [u8],
    pub(super) now: Timestamp,
    pub(super) exposures: Option<&'r ExposureRecorder>,
}

/// The body of a request.
#[derive(Deserialize)]
struct RequestBody<'b> {
    #[serde(borrow, default)]
    context: Option<&'b RawValue>,
}

impl Visibility {
    fn includes(self, flag: &Flag) -> bool {
        match self {
            Self::AllFlags => true,
            Self::ClientFlags => flag.client,
        }
    }
}

impl Evaluation<'_> {
    /// Answers a request for one flag.
    ///
    /// # Errors
    /// Returns an error if the body has no context, or if there is no such flag.
    pub(super) fn flag(&self, key: &str) -> Result<Response, ProtocolError> {
        let bundle = self.bundle;
        let find = || {
            let id = bundle.bundle().flags().find(key)?;
            bundle.bundle().flags.get(id).filter(|flag| self.visibility.includes(flag)).map(|_| id)
        };
        let id = find().ok_or_else(|| ProtocolError::no_flag(key, bundle.bundle().environment()))?;
        let context = self.context().map_err(|error| error.about(key))?;
        let mut body = Vec::with_capacity(ANSWER_BYTES);
        Ok(match bundle.answer(id, &context, (self.now, self.exposures), &mut body) {
            AnswerKind::Value => json(StatusCode::OK, body),
            AnswerKind::Error => json(StatusCode::BAD_REQUEST, body),
        })
    }

    /// Answers a request for all flags. `events` is the path of the event stream, and `query` the query of the request.
    ///
    /// # Errors
    /// Returns an error if the body has no context.
    pub(super) fn flags(&self, events: &str, query: Option<&str>) -> Result<Response, ProtocolError> {
        let context = self.context()?;
        let bundle = self.bundle;
        let mut body = Vec::with_capacity(bundle.bundle().flags().len().saturating_mul(ANSWER_BYTES).min(1 << 22));
        body.extend_from_slice(b"{\"flags\":[");
        bundle.answer_all(|flag| self.visibility.includes(flag), &context, self.now, &mut body);
        let streams = format!(
            r#"],"eventStreams":[{{"type":"sse",{events},"inactivityDelaySec":{INACTIVITY_DELAY}}}],"metadata":{}}}"#,
            bundle.metadata()
        );
        body.extend_from_slice(streams.as_bytes());
        let etag = self.etag(&body);
        let mut response = if entity_tag::is_known(self.headers, &etag) && !asks_for_other_bundle(query, bundle.tag()) {
            entity_tag::not_modified()
        } else {
            json(StatusCode::OK, body)
        };
        entity_tag::add(&mut response, &etag);
        Ok(response)
    }

    /// Reads the context of the request.
    fn context(&self) -> Result<Context<'_>, ProtocolError> {
        // serde would also read the members of a struct from a list.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(ProtocolError::context("expected an object with the member `context`, found a list"));
        }
        let body: RequestBody<'_> = serde_json::from_slice(self.body).map_err(|error| {
            let details = error.to_string();
            if error.is_data() { ProtocolError::context(details) } else { ProtocolError::parse(details) }
        })?;
        let context = body.context.ok_or_else(|| {
            ProtocolError::context("expected an object with the member `context`, as in {\"context\":{}}")
        })?;
        let attributes = self.bundle.bundle().attributes();
        let parsed = Context::from_slice(attributes, context.get().as_bytes()).map_err(|error| match error {
            ContextError::Syntax(_) => ProtocolError::parse(error.to_string()),
            _ => ProtocolError::context(error.to_string()),
        })?;
        let mut context = parsed.context;
        for (header, name) in self.header_attributes {
            if let Some(id) = attributes.find(name) {
                // Without the header, the attribute is missing: a client cannot choose it.
                let given = self.headers.get(header).and_then(|value| value.to_str().ok());
                let value = attributes.get(id).zip(given).map(|(attribute, text)| header_value(attribute, text));
                context.set(id, value.unwrap_or(Value::Absent));
            }
        }
        Ok(context)
    }

    /// Returns the entity tag of an answer. It covers the answer, with its values and the origin of its bundle, and the
    /// context: a client that changes only attributes gets another tag.
    fn etag(&self, answer: &[u8]) -> String {
        let mut hash = SipHasher13::new();
        hash.write(answer);
        hash.write(self.body);
        format!("\"{:032x}\"", hash.finish128().as_u128())
    }
}

/// Returns the value of an attribute in a header: JSON if that fits the attribute, such as a number, and otherwise text.
fn header_value(attribute: &Attribute, text: &str) -> Value<'static> {
    let read = |json: &Json| Value::from_json(attribute, json).into_owned();
    let as_json = serde_json::from_str(text).ok().map(|json| read(&json));
    let usable = as_json.filter(|value| !matches!(value, Value::Unusable(_) | Value::Null));
    usable.unwrap_or_else(|| read(&Json::String(text.to_owned())))
}

/// Returns whether the query names another bundle than the current one. A client that was told of a bundle must get an
/// answer of the server's bundle, and never be told that nothing changed.
fn asks_for_other_bundle(query: Option<&str>, tag: &str) -> bool {
    let parameters = query.unwrap_or_default().split('&');
    let mut named = parameters.filter_map(|parameter| parameter.strip_prefix("flagConfigEtag="));
    named.any(|value| percent_encoding::percent_decode_str(value).decode_utf8_lossy().trim_matches('"') != tag)
}
