//! The settings of a server of metrics, from the command line and the environment variables.

/// Whether `http://` may be used with another machine than this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainHttp {
    /// Only `https://`, or this machine.
    Refused,
    /// Any address.
    Allowed,
}

/// The settings of a server of metrics.
///
/// A file in a branch can name any address. A credential therefore goes only to the addresses in `allowed`, which the
/// command line names, and if there are any, no other address is asked.
#[derive(Clone)]
pub struct SourceSettings {
    /// The addresses of the command line. The first is that of queries without an address.
    pub allowed: Vec<String>,
    /// A token, which is sent as `Authorization: Bearer`.
    pub token: Option<String>,
    /// Another header, as `Name: value`, such as that of a tenant.
    pub header: Option<String>,
    /// Whether `http://` may be used with another machine.
    pub plain_http: PlainHttp,
}
