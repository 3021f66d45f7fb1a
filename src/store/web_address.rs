//! Addresses of web servers as targets, which can only be read.
//!
//! Any server of static files is enough: only GET is used. Such a server cannot list its folders, and it has no
//! conditional writes, so it cannot be published to. The bucket or folder behind it can.
//!
//! **Invariant:** an address has no user, password, query and fragment. The password would be in messages, and the path
//! of an object cannot follow a query.

use std::net::IpAddr;
use std::sync::Arc;

use object_store::http::HttpBuilder;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use reqwest::Url;

use crate::store::bounded_http::{ResponseBudget, WithoutProxy};
use crate::store::error::StoreError;

/// Opens an address that begins with `https://`, or with `http://` and the name of this machine.
///
/// # Errors
/// Returns [`StoreError::Address`] for another address.
pub(super) fn open(
    target: &str,
    retry: RetryConfig,
    budget: &ResponseBudget,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let refused = |target: &str, why: String| StoreError::Address { target: target.to_owned(), why };
    let mut url = Url::parse(target).map_err(|error| refused(target, error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        // Both functions fail only for addresses without a host. Then the address is not shown at all.
        let is_removed = url.set_username("").is_ok() && url.set_password(None).is_ok();
        let shown = if is_removed { url.as_str() } else { url.scheme() };
        return Err(refused(shown, "expected an address without a user and a password".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused(target, "expected an address without `?` and `#`".to_owned()));
    }
    let is_plain = url.scheme() == "http";
    if is_plain && !is_this_machine(&url) {
        let why = "`http://` can be changed on its way, and is only for this machine: use `https://`";
        return Err(refused(target, why.to_owned()));
    }
    let builder = HttpBuilder::new()
        .with_url(target.trim_end_matches('/'))
        .with_client_options(ClientOptions::new().with_allow_http(is_plain))
        .with_retry(retry);
    let builder = if is_this_machine(&url) {
        builder.with_http_connector(WithoutProxy(budget.clone()))
    } else {
        builder.with_http_connector(budget.clone())
    };
    Ok(Arc::new(builder.build().map_err(|error| refused(target, error.to_string()))?))
}

/// Returns whether an address names the machine on which the program runs.
fn is_this_machine(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    // The brackets of an IPv6 address are part of the host.
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use object_store::RetryConfig;

    use super::open;
    use crate::store::bounded_http::ResponseBudget;

    fn refusal(target: &str) -> Option<String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        open(target, RetryConfig::default(), &ResponseBudget::default()).err().map(|error| error.to_string())
    }

    #[test]
    fn http_is_only_for_this_machine() {
        for target in ["http://127.0.0.1:8000/web", "http://127.8.9.1", "http://[::1]:80/", "http://LOCALHOST/a/b/"] {
            assert_eq!(refusal(target), None);
        }
        for target in [
            "http://flags.example.com",
            "http://128.0.0.1",
            "http://0.0.0.0",
            "http://10.0.0.7/",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://[::ffff:10.0.0.1]",
        ] {
            assert!(refusal(target).is_some_and(|why| why.contains("use `https://`")), "{target}");
        }
        assert_eq!(refusal("https://flags.example.com/acme"), None);
    }

    #[test]
    fn a_password_is_refused_and_is_not_in_the_message() {
        for target in ["https://dana:secret@example.com/acme", "http://secret@localhost", "https://:secret@example.com"]
        {
            let why = refusal(target).unwrap();
            assert!(why.contains("without a user and a password") && !why.contains("secret"), "{why}");
        }
        for target in ["https://example.com/?a", "https://example.com/#a", "https://", "https://exa mple.com"] {
            assert!(refusal(target).is_some(), "{target}");
        }
    }
}
