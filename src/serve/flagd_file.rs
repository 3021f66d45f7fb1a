//! flagd's file of an environment, so that flagd can read its flags from the server.

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use serde_json::Value as Json;

use crate::bundle::Flag;
use crate::flagd;
use crate::serve::access::Visibility;
use crate::serve::entity_tag;
use crate::serve::protocol_error::ProtocolError;
use crate::serve::response::{Response, json};
use crate::serve::served_bundle::ServedBundle;

/// The maximum number of problems in an error.
const MAX_PROBLEMS: usize = 10;

/// Answers a request for the file.
///
/// # Errors
/// Returns an error if the request may not see all flags, or if flagd cannot express one of them.
pub(super) fn respond(
    bundle: &ServedBundle,
    visibility: Visibility,
    headers: &HeaderMap,
) -> Result<Response, ProtocolError> {
    if visibility != Visibility::AllFlags {
        return Err(ProtocolError::forbidden());
    }
    let etag = format!("\"{}\"", bundle.tag());
    let mut response = if entity_tag::is_known(headers, &etag) {
        entity_tag::not_modified()
    } else {
        let file = bundle.flagd_file(|| file(bundle)).clone();
        json(StatusCode::OK, file.map_err(ProtocolError::inexpressible)?)
    };
    entity_tag::add(&mut response, &etag);
    Ok(response)
}

fn file(bundle: &ServedBundle) -> Result<Bytes, String> {
    let flags: Vec<&Flag> = bundle.bundle().flags().iter().collect();
    let metadata = flagd::metadata(bundle.bundle(), bundle.origin().commit.as_deref());
    let file: Json = flagd::export(bundle.bundle(), &flags, metadata).map_err(|refusals| {
        let problems = refusals.iter().take(MAX_PROBLEMS).map(|refusal| format!("{}: {}", refusal.flag, refusal.why));
        let problems = problems.collect::<Vec<_>>().join("; ");
        format!("flagd cannot express {} parts of flags: {problems}", refusals.len())
    })?;
    Ok(file.to_string().into())
}
