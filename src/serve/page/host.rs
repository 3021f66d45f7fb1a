//! The hosts for which pages are made.
//!
//! A web site can give its own name the address of this machine, so that the browser of a visitor sends
//! requests to the page and lets the site read them. Such a request has the name of the site as its host.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::HOST;

/// Returns whether the request is for an IP address, for `localhost`, or for one of the names that the operator has given.
pub(super) fn is_expected(headers: &HeaderMap, names: &[String]) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(name) = host.to_str().ok().and_then(without_port) else { return false };
    let is_local = name.eq_ignore_ascii_case("localhost");
    is_local || name.parse::<IpAddr>().is_ok() || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Returns a host without its port, and an IPv6 address without its brackets.
fn without_port(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map(|(address, _)| address);
    }
    Some(host.rsplit_once(':').map_or(host, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::is_expected;
    use hyper::HeaderMap;
    use hyper::header::{HOST, HeaderValue};

    #[test]
    fn a_name_of_somebody_else_is_not_expected() {
        let known = ["flags.internal".to_owned()];
        let expected = |hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, HeaderValue::from_static(host));
            }
            is_expected(&headers, &known)
        };
        for host in
            ["127.0.0.1:8017", "127.0.0.1", "[::1]:8017", "[::1]", "localhost:1", "LOCALHOST", "Flags.Internal:8017"]
        {
            assert!(expected(&[host]), "{host}");
        }
        for host in ["evil.example", "evil.example:8017", "localhost.evil.example", "127.0.0.1.evil.example", "", ":1"]
        {
            assert!(!expected(&[host]), "{host}");
        }
        assert!(!expected(&[]) && !expected(&["localhost", "evil.example"]));
    }
}
