//! Which address a query is sent to, and whether a credential goes with it.

use reqwest::Url;

use crate::guard::source::problem::DataProblem;
use crate::guard::source::settings::{PlainHttp, SourceSettings};
use crate::model::PrometheusQueries;

/// An address that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) url: Url,
    pub(super) credential: Credential,
}

/// Whether a request has the credential of the environment variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// The command line names the address.
    Sent,
    /// Only a file names the address.
    Withheld,
}

/// Returns the address of a guardrail's queries.
///
/// # Errors
/// Returns [`DataProblem`] if there is no address, or if it must not be asked.
pub(super) fn address(source: &PrometheusQueries, settings: &SourceSettings) -> Result<Address, DataProblem> {
    let own = source.url.as_ref().map(|url| url.value.as_str());
    let (text, credential) = match (own, settings.allowed.as_slice()) {
        (None, []) => return Err(DataProblem::NoSource),
        (None, [first, ..]) => (first.as_str(), Credential::Sent),
        (Some(own), []) => (own, Credential::Withheld),
        (Some(own), allowed) => {
            let is_allowed = |allowed: &String| is_same_address(own, allowed);
            if !allowed.iter().any(is_allowed) {
                let reason = "the command line names others with `--source-url`";
                return Err(DataProblem::Address(own.to_owned(), reason));
            }
            (own, Credential::Sent)
        }
    };
    let refused = |reason| DataProblem::Address(text.to_owned(), reason);
    let url = Url::parse(text).map_err(|_| refused("it is not the address of a server"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it contains a credential, which belongs into `FLAGCTL_GUARD_TOKEN`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it has `?` or `#`"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(&url) || settings.plain_http == PlainHttp::Allowed => {}
        "http" => return Err(refused("it is `http://` on another machine; `--allow-http` allows it")),
        _ => return Err(refused("it is neither `https://` nor `http://`")),
    }
    Ok(Address { url, credential })
}

/// Returns whether two addresses have the same scheme, host and port, and the first is below the path of the second.
fn is_same_address(own: &str, allowed: &str) -> bool {
    let (Ok(own), Ok(allowed)) = (Url::parse(own), Url::parse(allowed)) else { return false };
    let prefix = allowed.path().trim_end_matches('/');
    own.origin() == allowed.origin()
        && own.path().strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Credential, address};
    use crate::guard::source::settings::{PlainHttp, SourceSettings};
    use crate::model::PrometheusQueries;
    use crate::snapshot::{FileId, Span, Spanned};

    fn credential(own: Option<&str>, allowed: &[&str]) -> Result<Credential, String> {
        let span = Span { file: FileId(0), start: 0, end: 0 };
        let url = own.map(|url| Spanned { value: url.to_owned(), span });
        let allowed = allowed.iter().map(|url| (*url).to_owned()).collect();
        let settings = SourceSettings { allowed, token: None, header: None, plain_http: PlainHttp::Refused };
        let found = address(&PrometheusQueries { span, url, queries: Vec::new() }, &settings);
        found.map(|address| address.credential).map_err(|problem| problem.name().to_owned())
    }

    #[test]
    fn a_credential_goes_only_to_an_address_of_the_command_line() {
        let prom = "https://prom.example";
        assert_eq!(credential(Some(prom), &[]), Ok(Credential::Withheld));
        assert_eq!(credential(None, &[prom]), Ok(Credential::Sent));
        assert_eq!(credential(Some("https://prom.example/x"), &[prom]), Ok(Credential::Sent));
        assert_eq!(credential(None, &[]), Err("no-source".to_owned()));
        let refused = Err("refused-address".to_owned());
        for hostile in [
            "https://prom.example.evil.example",
            "https://prom.example:444",
            "http://prom.example",
            "https://prom.example@evil.example",
        ] {
            assert_eq!(credential(Some(hostile), &[prom]), refused, "{hostile}");
        }
        assert_eq!(credential(Some("https://a/teamx"), &["https://a/team"]), refused);
        assert_eq!(credential(Some("http://prom.example"), &[]), refused);
        assert_eq!(credential(Some("http://localhost.evil.example"), &[]), refused);
        assert_eq!(credential(Some("http://[::1]:9090"), &[]), Ok(Credential::Withheld));
    }
}
