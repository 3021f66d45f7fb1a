//! The paths of the server.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The start of all paths of the protocol.
const PROTOCOL: &str = "/ofrep/v1/";

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route<'p> {
    /// The environment, if the path names it.
    pub(super) environment: Option<Cow<'p, str>>,
    /// The endpoint.
    pub(super) endpoint: Endpoint<'p>,
}

/// The endpoints of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Endpoint<'p> {
    /// One flag, with its key.
    Flag(Cow<'p, str>),
    /// All flags.
    Flags,
    /// The stream of events with this address.
    Events(&'p str),
    /// flagd's file of the environment in the path.
    FlagdFile,
    /// The webhook, which makes the server look for a new bundle.
    Refresh,
    /// No endpoint.
    Unknown,
}

impl<'p> Route<'p> {
    /// Returns the route of a path.
    ///
    /// Clients do not encode the key of a flag, so it is everything to the end of the path. A key cannot contain `%`, so
    /// a key that is encoded is not ambiguous.
    pub(super) fn of(path: &'p str) -> Self {
        if let Some(name) = path.strip_prefix("/flagd/").and_then(|rest| rest.strip_suffix(".json")) {
            return Self { environment: Some(decoded(name)), endpoint: Endpoint::FlagdFile };
        }
        let Some((environment, rest)) = path.split_once(PROTOCOL) else {
            let endpoint = if path == "/refresh" { Endpoint::Refresh } else { Endpoint::Unknown };
            return Self { environment: None, endpoint };
        };
        // A base address of a client may end with a `/`.
        let environment = environment.trim_matches('/');
        let environment = (!environment.is_empty()).then(|| decoded(environment));
        let endpoint = match rest.strip_prefix("evaluate/flags") {
            Some("") => Endpoint::Flags,
            Some(key) => key.strip_prefix('/').map_or(Endpoint::Unknown, |key| Endpoint::Flag(decoded(key))),
            None => rest.strip_prefix("events/").map_or(Endpoint::Unknown, Endpoint::Events),
        };
        Self { environment, endpoint }
    }
}

impl Endpoint<'_> {
    /// Returns the name of the endpoint in metrics and logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Flags => "flags",
            Self::Events(_) => "events",
            Self::FlagdFile => "flagd",
            Self::Refresh => "refresh",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the methods of the endpoint, as in the header `Allow`, or `None` if it is unknown.
    pub(super) fn methods(&self) -> Option<&'static str> {
        match self {
            Self::Flag(_) | Self::Flags | Self::Refresh => Some("POST, OPTIONS"),
            Self::FlagdFile => Some("GET, HEAD, OPTIONS"),
            Self::Events(_) => Some("GET, OPTIONS"),
            Self::Unknown => None,
        }
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Route};

    fn route(path: &str) -> (Option<String>, Endpoint<'_>) {
        let route = Route::of(path);
        (route.environment.map(std::borrow::Cow::into_owned), route.endpoint)
    }

    #[test]
    fn a_path_names_an_endpoint_and_perhaps_an_environment() {
        assert_eq!(route("/ofrep/v1/evaluate/flags/new-cart"), (None, Endpoint::Flag("new-cart".into())));
        assert_eq!(route("/ofrep/v1/evaluate/flags"), (None, Endpoint::Flags));
        assert_eq!(route("/staging/ofrep/v1/evaluate/flags"), (Some("staging".to_owned()), Endpoint::Flags));
        // A client that does not check its keys may send an empty one.
        assert_eq!(route("/ofrep/v1/evaluate/flags/"), (None, Endpoint::Flag("".into())));
        assert_eq!(route("/ofrep/v1/events/0123"), (None, Endpoint::Events("0123")));
        assert_eq!(route("/flagd/production.json"), (Some("production".to_owned()), Endpoint::FlagdFile));
        assert_eq!(route("/refresh"), (None, Endpoint::Refresh));
        for path in ["/", "/ofrep/v1/configuration", "/ofrep/v1/evaluate/flagsx", "/ofrep", "/flagd/", "//refresh"] {
            assert_eq!(route(path), (None, Endpoint::Unknown), "{path}");
        }
    }

    #[test]
    fn a_key_is_read_whether_a_client_encodes_it_or_not() {
        for path in ["/ofrep/v1/evaluate/flags/a/b c", "/ofrep/v1/evaluate/flags/a%2Fb%20c"] {
            assert_eq!(route(path), (None, Endpoint::Flag("a/b c".into())), "{path}");
        }
        assert_eq!(route("/ofrep/v1/evaluate/flags/%FF"), (None, Endpoint::Flag("\u{fffd}".into())));
    }
}
