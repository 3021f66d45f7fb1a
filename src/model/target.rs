//! A target of publishing, as `flagctl.yaml` declares it.

use crate::bundle::Bucketing;
use crate::model::lower::{Fields, Lowering};
use crate::snapshot::Spanned;
use crate::yaml::Entry;

/// A location with a name, and what is published to it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The name on the command line and in manifests.
    pub name: Spanned<String>,
    /// The folder or the bucket.
    pub location: Spanned<String>,
    /// The program that the bundles are for.
    pub format: TargetFormat,
    /// The environments that are published, or none if all of them are.
    pub environments: Vec<Spanned<String>>,
    /// Whether manifests must be signed.
    pub signing: Signing,
    /// The clients that decide the flags of this target themselves, or none if they are not known.
    pub clients: Vec<Spanned<Client>>,
}

/// A client that reads flagd's format and computes buckets itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// npm `@openfeature/flagd-provider` from 0.16.
    Node016,
    /// PyPI `openfeature-provider-flagd` 0.4.
    Python04,
    /// PyPI `openfeature-provider-flagd` 0.5.
    Python05,
    /// PyPI `openfeature-provider-flagd` 0.6.
    Python06,
}

impl Client {
    /// All clients.
    pub const ALL: [Self; 4] = [Self::Node016, Self::Python04, Self::Python05, Self::Python06];

    /// Returns the name in `flagctl.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node016 => "node-0.16",
            Self::Python04 => "python-0.4",
            Self::Python05 => "python-0.5",
            Self::Python06 => "python-0.6",
        }
    }

    /// Returns the algorithm with which the client maps units to buckets.
    pub fn bucketing(self) -> Bucketing {
        match self {
            Self::Node016 | Self::Python04 | Self::Python05 => Bucketing::FlagdV2,
            Self::Python06 => Bucketing::FlagdV3,
        }
    }
}

/// The program that reads the bundles of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetFormat {
    /// flagctl's own evaluator.
    #[default]
    Flagctl,
    /// flagd and its clients.
    Flagd,
}

/// Whether the manifests of a target must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signing {
    /// Publishers sign, and readers require a signature.
    Required,
    /// Publishers and readers decide.
    #[default]
    Optional,
}

const LOCATION: &str = "a folder with a `/`, such as `./dist`, or a bucket, such as `s3://acme-flags/web`";

impl Target {
    pub(super) fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let name = lowering.key(entry);
        let fields = lowering.fields(&entry.value, &["to", "format", "environments", "sign", "clients"]);
        let location = Self::location(lowering, &fields);
        let formats = [("flagctl", TargetFormat::Flagctl), ("flagd", TargetFormat::Flagd)];
        let format = fields.get("format").and_then(|node| lowering.choice(node, &formats, "`flagctl` or `flagd`"));
        let format = format.map_or_else(TargetFormat::default, |format| format.value);
        let environments = fields.get("environments");
        let environments = environments.map_or_else(Vec::new, |node| lowering.distinct_list(node, Lowering::name));
        let sign = fields.get("sign").and_then(|sign| lowering.boolean(sign));
        let signing = if sign.is_some_and(|sign| sign.value) { Signing::Required } else { Signing::Optional };
        let clients = Self::clients(lowering, &fields, format);
        Some(Self { name: name?, location: location?, format, environments, signing, clients })
    }

    fn clients(lowering: &mut Lowering, fields: &Fields<'_>, format: TargetFormat) -> Vec<Spanned<Client>> {
        let Some(clients) = fields.get("clients") else { return Vec::new() };
        if format != TargetFormat::Flagd {
            lowering.misfit::<()>(clients.span, "`clients` only with `format: flagd`");
        }
        let choices = Client::ALL.map(|client| (client.name(), client));
        lowering.distinct_list(clients, |lowering, item| lowering.choice(item, &choices, "a client of flagd"))
    }

    fn location(lowering: &mut Lowering, fields: &Fields<'_>) -> Option<Spanned<String>> {
        let node = fields.required("to", lowering)?;
        let location = lowering.text(node)?;
        if is_location(&location.value) { Some(location) } else { lowering.misfit(node.span, LOCATION) }
    }

    /// Returns the location in the form in which two locations are compared.
    pub fn comparable_location(&self) -> &str {
        let location = self.location.value.trim_end_matches('/');
        location.strip_prefix("./").unwrap_or(location)
    }

    /// Returns whether this is the target of an environment.
    pub fn has_environment(&self, name: &str) -> bool {
        self.environments.is_empty() || self.environments.iter().any(|environment| environment.value == name)
    }
}

/// Returns the expected form of a location, unless a text is a location that a file may declare.
pub(crate) fn location_problem(text: &str) -> Option<&'static str> {
    (!is_location(text)).then_some(LOCATION)
}

/// Returns whether a text is a location that a file may declare. It has no user, password, query or fragment, because a
/// file must not contain credentials.
fn is_location(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.len() > 1024 {
        return false;
    }
    let Some((scheme, path)) = text.split_once("://") else {
        return text.contains('/') && text.bytes().all(|byte| is_plain(byte) || byte == b'/');
    };
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_plain) && !part.starts_with('.');
    matches!(scheme, "s3" | "gs" | "az")
        && path.split('/').all(is_part)
        && path.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}
