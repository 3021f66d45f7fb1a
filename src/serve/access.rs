//! What a request may do: its token, and the environment that it is about.

use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use crate::serve::environments::{Environments, ServedEnvironment};
use crate::serve::protocol_error::ProtocolError;
use crate::serve::tokens::{Token, TokenUse, Tokens};

/// The header with the environment of a request, for clients that cannot put it into the path.
const ENVIRONMENT: &str = "x-flagctl-environment";
/// The header with a token, beside `Authorization`.
const API_KEY: &str = "x-api-key";
/// The header with the token of a webhook of GitLab.
const GITLAB_TOKEN: &str = "x-gitlab-token";

/// The flags that a request may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    /// All flags.
    AllFlags,
    /// The flags with `client: true`.
    ClientFlags,
}

/// An authorized request.
pub(super) struct Access {
    /// The environment.
    pub(super) environment: Arc<ServedEnvironment>,
    /// The flags that it may see.
    pub(super) visibility: Visibility,
}

/// Returns the token of a request, or `None` if the server has no tokens so everyone may send requests.
///
/// # Errors
/// Returns an error if the request has no token, or an unknown one, or if the token has made too many requests.
pub(super) fn authenticate<'t>(headers: &HeaderMap, tokens: &'t Tokens) -> Result<Option<&'t Token>, ProtocolError> {
    if tokens.is_empty() {
        return Ok(None);
    }
    let text = given_token(headers).ok_or_else(ProtocolError::unauthorized)?;
    let token = tokens.find(text).ok_or_else(ProtocolError::unauthorized)?;
    token.admit().map_err(ProtocolError::too_many_requests)?;
    Ok(Some(token))
}

/// Returns what a request for evaluations may do. `named` is the environment in its path.
///
/// # Errors
/// Returns an error if the token does not allow the request, or if the environment is unknown.
pub(super) fn authorize(
    headers: &HeaderMap,
    token: Option<&Token>,
    named: Option<&str>,
    environments: &Environments,
) -> Result<Access, ProtocolError> {
    let visibility = match token.map(|token| token.usage) {
        None | Some(TokenUse::Server) => Visibility::AllFlags,
        Some(TokenUse::Browser) => Visibility::ClientFlags,
        Some(TokenUse::Webhook) => return Err(ProtocolError::forbidden()),
    };
    let in_header = || headers.get(ENVIRONMENT).and_then(|value| value.to_str().ok());
    let of_token = || token.and_then(Token::only_environment);
    let environment = match named.or_else(in_header).or_else(of_token) {
        Some(name) => {
            // Without the permission, an unknown environment looks like a known one.
            if !token.is_none_or(|token| token.allows(name)) {
                return Err(ProtocolError::forbidden());
            }
            environments.find(name).ok_or_else(|| ProtocolError::unknown_environment(name))?
        }
        None => {
            let allowed = |name: &str| token.is_none_or(|token| token.allows(name));
            let only = environments.only().filter(|environment| allowed(environment.name()));
            let names = || environments.iter().map(|environment| environment.name()).filter(|name| allowed(name));
            only.ok_or_else(|| match names().collect::<Vec<_>>().as_slice() {
                [] => ProtocolError::forbidden(),
                names => ProtocolError::no_environment(&format!("`/{}`", names.join("`, `/"))),
            })?
        }
    };
    Ok(Access { environment: Arc::clone(environment), visibility })
}

fn given_token(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
    });
    let plain =
        || headers.get(API_KEY).or_else(|| headers.get(GITLAB_TOKEN)).map(|value| value.as_bytes().trim_ascii());
    bearer.or_else(plain).filter(|token| !token.is_empty())
}
