//! `flagctl serve`: answers applications over HTTP.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::context_arg;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::serve_exposures::ServeExposureArgs;
use crate::cli::serve_sources::SourceArgs;
use crate::cli::time_arg::given_or_now;
use crate::report::server;
use crate::report::server::ServerEvent;
use crate::serve;
use crate::serve::{
    CertificateFiles, Cors, HeaderAttributes, Limits, Log, Override, ServeSettings, TokenSource, Tokens, WebhookSecret,
};

/// The environment variable with the text of a file of tokens.
const TOKENS: &str = "FLAGCTL_TOKENS";
/// The maximum size of the secret of a webhook.
const MAX_SECRET_BYTES: u64 = 4096;

/// Answer applications over HTTP, with the OpenFeature Remote Evaluation Protocol
///
/// Without TARGET, serves the files of the working tree as they are, which is for development. A source is read again
/// every few seconds, and a new version replaces the old one as a whole. If the new version has a problem, the problem is
/// written to stderr, and the old version stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl serve ./live/ -e production")]
pub(crate) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    /// The address for applications
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8016")]
    listen: SocketAddr,
    /// The address for the page, health, readiness and metrics, or `off`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8017", value_parser = parse_management)]
    management: Management,
    /// A name with which people open the page of the management address, beside `localhost`; may be repeated
    #[arg(long, value_name = "NAME")]
    page_host: Vec<String>,
    /// The longest time between two readings of the source, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=3600))]
    poll: u64,
    /// The file with the tokens of applications [default: the text in FLAGCTL_TOKENS, or no tokens]
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// The file with the secret of a GitHub webhook for `/refresh`
    #[arg(long, value_name = "FILE")]
    webhook_secret: Option<PathBuf>,
    /// The certificate of the server, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Allow pages of this origin to send requests, such as `https://shop.example.com`, or `*`; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// Set an attribute from a header of the request, as in `X-Country=country`; may be repeated
    #[arg(long, value_name = "HEADER=ATTRIBUTE", value_parser = parse_pair)]
    header_attribute: Vec<(String, String)>,
    /// Serve one variant of a flag to every context, for development; may be repeated
    #[arg(long = "override", value_name = "FLAG=VARIANT", value_parser = parse_pair)]
    overrides: Vec<(String, String)>,
    #[command(flatten)]
    exposures: ServeExposureArgs,
    /// The address at which clients reach the server, if a proxy changes it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Read the sources once, and exit with 0 if every environment can be served
    #[arg(long)]
    check: bool,
    /// Read options from a YAML file; those of the command line and of FLAGCTL_SERVE_… variables override it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
    /// How to write the log, which is on stderr; JSON has one object in each line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

/// The bounds that an operator may have to change.
#[derive(Debug, clap::Args)]
struct LimitArgs {
    /// The maximum size of the body of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value = "1048576")]
    max_body: usize,
    /// The maximum number of open connections
    #[arg(long, value_name = "NUMBER", default_value = "16000")]
    max_connections: usize,
    /// The maximum number of open event streams
    #[arg(long, value_name = "NUMBER", default_value = "15000")]
    max_streams: usize,
    /// The maximum time to wait for a part of a request, for the next request, or for a client that reads, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "75", value_parser = clap::value_parser!(u64).range(1..=3600))]
    max_wait: u64,
}

/// The address for the people who operate the server.
#[derive(Debug, Clone, Copy)]
enum Management {
    Off,
    At(SocketAddr),
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let format = args.format;
    // A check has no time, because its result does not depend on it.
    let time: fn() -> Option<Timestamp> = if args.check { || None } else { || Some(now()) };
    let log = Log::new(move |event| write_event(event, time(), format));
    let followers = args.sources.followers(&log, now)?;
    let certificate = args.tls_certificate.clone().zip(args.tls_key.clone());
    let defaults = Limits::default();
    let wait = Duration::from_secs(args.limits.max_wait);
    let settings = ServeSettings {
        listen: args.listen,
        management: match args.management {
            Management::Off => None,
            Management::At(address) => Some(address),
        },
        page_hosts: args.page_host.clone(),
        certificate: certificate.map(|(chain, key)| CertificateFiles { chain, key }),
        tokens: args.token_source()?,
        webhook_secret: args.webhook_secret.as_deref().map(read_secret).transpose()?,
        cors: Cors::new(&args.cors_origin).map_err(|origin| {
            UsageError(format!(
                "`{origin}` is not an origin: expected a scheme and a host, as in `https://shop.example.com`"
            ))
        })?,
        header_attributes: args.header_attributes()?,
        overrides: args
            .overrides
            .iter()
            .map(|(flag, variant)| Override { flag: flag.clone(), variant: variant.clone() })
            .collect(),
        exposures: args.exposures.settings(),
        public_url: args.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
        poll: Duration::from_secs(args.poll),
        limits: Limits {
            body_bytes: args.limits.max_body,
            connections: args.limits.max_connections,
            streams: args.limits.max_streams,
            request_time: wait,
            write_time: wait,
            ..defaults
        },
        clock: now,
        log,
    };
    if args.check {
        return Ok(if serve::check(&settings, followers)? { Exit::Yes } else { Exit::No });
    }
    serve::run(settings, followers)?;
    Ok(Exit::Yes)
}

fn now() -> Timestamp {
    given_or_now(None)
}

fn write_event(event: &ServerEvent, time: Option<Timestamp>, format: OutputFormat) {
    match format {
        OutputFormat::Human => console::write_stderr(server::human(event, time)),
        OutputFormat::Json => {
            // Every event has a JSON form.
            if let Ok(line) = server::json(event, time) {
                console::write_stderr(line);
            }
        }
    }
}

impl Args {
    fn token_source(&self) -> Result<TokenSource> {
        if let Some(file) = &self.tokens {
            return Ok(TokenSource::File(file.clone()));
        }
        match std::env::var(TOKENS) {
            Ok(text) => match Tokens::parse(&text) {
                Ok(tokens) if tokens.is_empty() => bail!("`{TOKENS}` has no tokens"),
                Ok(tokens) => Ok(TokenSource::Fixed(tokens)),
                Err(problem) => bail!("cannot use `{TOKENS}`: {problem}"),
            },
            Err(_) => Ok(TokenSource::NoTokens),
        }
    }

    fn header_attributes(&self) -> Result<HeaderAttributes> {
        let mut attributes = BTreeMap::new();
        for (header, attribute) in &self.header_attribute {
            if attributes.insert(header.to_ascii_lowercase(), attribute.clone()).is_some() {
                return Err(UsageError(format!("`--header-attribute` names `{header}` twice")).into());
            }
        }
        Ok(attributes)
    }
}

fn read_secret(path: &Path) -> Result<WebhookSecret> {
    let file = context_arg::open(path)?;
    let mut text = Vec::new();
    file.take(MAX_SECRET_BYTES).read_to_end(&mut text).with_context(|| format!("cannot read `{}`", path.display()))?;
    let secret = WebhookSecret::new(text.trim_ascii());
    secret.ok_or_else(|| anyhow!("`{}` has no secret: expected at least 16 bytes", path.display()))
}

fn parse_management(text: &str) -> Result<Management, String> {
    if text == "off" {
        return Ok(Management::Off);
    }
    text.parse().map(Management::At).map_err(|_| "expected an address such as `127.0.0.1:8017`, or `off`".to_owned())
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected two names with `=` between them")?;
    if name.is_empty() || value.is_empty() {
        return Err("expected a name on both sides of `=`".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
