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
use crate::cli::environment_arg::EnvironmentFilter;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::publish_target;
use crate::cli::publish_target::{ExpectedTarget, Signers};
use crate::cli::revision_arg;
use crate::cli::target_arg::OptionalTargetArg;
use crate::cli::time_arg::given_or_now;
use crate::git::{CacheWrites, RevisionSpec};
use crate::load;
use crate::model::is_name;
use crate::report::server;
use crate::report::server::ServerEvent;
use crate::serve;
use crate::serve::follow::{Branch, BundleFile, Fetch, Named, PublishedTarget, TargetChecks, WorkingTree};
use crate::serve::{
    CertificateFiles, Cors, Follower, HeaderAttributes, Limits, Log, Override, ServeSettings, TokenSource, Tokens,
    WebhookSecret,
};
use crate::source::{FlagRepository, Folder, Source};

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
    /// A target that `flagctl.yaml` declares, or a location such as `./dist/`; see `flagctl help targets` [default: the
    /// working tree]
    ///
    /// With several targets, each has a name, as in `shop=s3://acme-shop`, and the name of an environment begins with it, as in
    /// `shop/production`.
    #[arg(id = "target-location", value_name = "TARGET")]
    targets: Vec<String>,
    /// Serve the newest commit of a branch, instead of the working tree
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["target-location", "bundle"])]
    follow: Option<String>,
    /// Fetch the branch from this remote before each reading
    #[arg(long, value_name = "REMOTE", requires = "follow")]
    fetch: Option<String>,
    /// Serve a bundle that `flagctl export bundle` or `flagctl pull` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target-location", "environment"])]
    bundle: Option<PathBuf>,
    /// The address for applications
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8016")]
    listen: SocketAddr,
    /// The address for health, readiness and metrics, or `off`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8017", value_parser = parse_management)]
    management: Management,
    /// The longest time between two readings of the source, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=3600))]
    poll: u64,
    /// The folder for the last bundles of a target, which are served after a restart if the target cannot be read
    #[arg(long, value_name = "DIR", requires = "target-location")]
    cache: Option<PathBuf>,
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
    /// Let pages of this origin ask the server, such as `https://shop.example.com`, or `*`; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// Set an attribute from a header of the request, as in `X-Country=country`; may be repeated
    #[arg(long, value_name = "HEADER=ATTRIBUTE", value_parser = parse_pair)]
    header_attribute: Vec<(String, String)>,
    /// Serve one variant of a flag to every context, for development; may be repeated
    #[arg(long = "override", value_name = "FLAG=VARIANT", value_parser = parse_pair)]
    overrides: Vec<(String, String)>,
    /// The address at which clients reach the server, if a proxy changes it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Read the sources once, and exit with 0 if every environment can be served
    #[arg(long)]
    check: bool,
    /// Read options from a YAML file; those of the command line and of FLAGCTL_SERVE_… variables are stronger
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    environments: EnvironmentFilter,
    /// The published branch, which declares the targets [default: the default branch of `origin`]
    #[arg(long, value_name = "REV", value_parser = revision_arg::parse, requires = "target-location")]
    base: Option<RevisionSpec>,
    #[command(flatten)]
    expected: ExpectedTarget,
    #[command(flatten)]
    signers: Signers,
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
    #[arg(long, value_name = "NUMBER", default_value = "20000")]
    max_connections: usize,
    /// The maximum number of open event streams
    #[arg(long, value_name = "NUMBER", default_value = "15000")]
    max_streams: usize,
    /// The maximum time to wait for a part of a request, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    max_wait: u64,
}

/// The address for the people who operate the server.
#[derive(Debug, Clone, Copy)]
enum Management {
    Off,
    At(SocketAddr),
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let followers = args.followers()?;
    let format = args.format;
    // A check has no time, because its result does not depend on it.
    let time: fn() -> Option<Timestamp> = if args.check { || None } else { || Some(now()) };
    let log = Log::new(move |event| write_event(event, time(), format));
    let certificate = args.tls_certificate.clone().zip(args.tls_key.clone());
    let defaults = Limits::default();
    let wait = Duration::from_secs(args.limits.max_wait);
    let settings = ServeSettings {
        listen: args.listen,
        management: match args.management {
            Management::Off => None,
            Management::At(address) => Some(address),
        },
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
    /// Creates the followers of the sources that the arguments name.
    fn followers(&self) -> Result<Vec<Box<dyn Follower>>> {
        match self.targets.as_slice() {
            [] => Ok(vec![self.follower()?]),
            [only] if name_of(only).is_none() => Ok(vec![self.target(only, self.cache.clone())?]),
            targets => targets.iter().map(|target| self.named(target)).collect(),
        }
    }

    /// Creates the follower of one of several targets.
    fn named(&self, target: &str) -> Result<Box<dyn Follower>> {
        let (name, location) = name_of(target).ok_or_else(|| {
            UsageError(format!("`{target}` has no name, which each of several targets needs, as in `shop={target}`"))
        })?;
        let cache = self.cache.as_ref().map(|cache| cache.join(name));
        Ok(Box::new(Named::new(name.to_owned(), self.target(location, cache)?)))
    }

    /// Creates the follower of a source that is no target.
    fn follower(&self) -> Result<Box<dyn Follower>> {
        let here = Path::new(".");
        if let Some(file) = &self.bundle {
            let follower = BundleFile::new(file.clone());
            return Ok(Box::new(follower.map_err(|error| anyhow!("cannot serve `{}`: {error}", file.display()))?));
        }
        if let Some(branch) = &self.follow {
            let (spec, fetch) = match &self.fetch {
                Some(remote) => (
                    format!("refs/remotes/{remote}/{branch}"),
                    Some(Fetch { remote: remote.clone(), branch: branch.clone() }),
                ),
                None => (branch.clone(), None),
            };
            let spec = RevisionSpec::new(spec);
            let revision = FlagRepository::find(here, CacheWrites::Forbidden)?.revision(&spec)?;
            let environments = self.declared_environments(&Source::Revision(revision))?;
            return Ok(Box::new(Branch::new(here.to_owned(), spec, fetch, environments)));
        }
        let folder = Folder::find(here)?;
        let environments = self.declared_environments(&Source::Folder(folder.clone()))?;
        Ok(Box::new(WorkingTree::new(folder, environments, now)))
    }

    fn target(&self, target: &str, cache: Option<PathBuf>) -> Result<Box<dyn Follower>> {
        let targets = OptionalTargetArg::new(Some(target), self.base.as_ref());
        let [target] = targets.resolve()?.try_into().map_err(|_| UsageError("expected one target".to_owned()))?;
        let store = target.open()?;
        let mut environments = target.environments(&self.environments.given)?;
        if environments.is_empty() {
            environments = publish_target::published_environments(&store)?;
        }
        if environments.is_empty() {
            bail!("nothing is published at `{}`: pass `-e` to wait for an environment", store.name());
        }
        let signers = self.signers.read(target.signing())?;
        publish_target::note_trust(signers.as_ref());
        let expected = self.expected.named.clone().or_else(|| target.name().map(str::to_owned));
        let checks = TargetChecks { signers, target: expected };
        Ok(Box::new(PublishedTarget::new(store, environments, checks, cache)))
    }

    fn declared_environments(&self, source: &Source) -> Result<Vec<String>> {
        let settings = load::settings(source)?.project.settings;
        Ok(self.environments.select(&settings)?.into_iter().map(str::to_owned).collect())
    }

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
            Err(_) => Ok(TokenSource::Nowhere),
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

/// Returns the name of a target on this server, and the target, if it has such a name.
fn name_of(target: &str) -> Option<(&str, &str)> {
    target.split_once('=').filter(|(name, _)| is_name(name))
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
