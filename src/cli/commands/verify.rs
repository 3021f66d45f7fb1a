//! `flagctl verify`: checks that the published files are complete, unchanged, signed and recent.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::{Span, SpanRelativeTo};

use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_target;
use crate::cli::publish_target::Signers;
use crate::cli::time_arg::given_or_now;
use crate::publish;
use crate::publish::{Channel, PullState, VerifyOptions};
use crate::report;
use crate::report::publication::{VerificationJson, VerificationsJson};

/// Check what is published: digests, the chain of the log, signatures and age
///
/// Exits with 1 if a check fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl verify s3://acme-flags -e production --allowed-signers publishers")]
pub(crate) struct Args {
    /// The folder or object store that `flagctl publish` publishes to
    #[arg(value_name = "TARGET")]
    target: String,
    /// Check this environment only; may be repeated
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
    #[command(flatten)]
    signers: Signers,
    /// Require that the published sequence number is not lower than in FILE, which `flagctl pull` keeps
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Require that the published commit is not older than AGE, such as `36h` or `7d`
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    max_age: Option<Duration>,
    /// How to write the result
    ///
    /// JSON has for each environment what is `current`, as `flagctl publish --report json` has it, its `signer`, how many
    /// `manifests` and `bundles` were read, and all `problems`.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let store = publish_target::open(&args.target)?;
    let signers = args.signers.read()?;
    let state = match &args.state {
        None => None,
        Some(file) => match PullState::read(file) {
            Ok(Some(state)) => Some(state),
            Ok(None) => bail!("`{}` does not exist; `flagctl pull` writes it", file.display()),
            Err(error) => return publish_target::refused(error),
        },
    };
    let max_age = args.max_age.map(|age| (age, given_or_now(None)));
    let options = VerifyOptions { signers: signers.as_ref(), state: state.as_ref(), max_age };
    let environments = if args.environment.is_empty() { store.folders()? } else { args.environment.clone() };
    if environments.is_empty() {
        bail!("nothing is published to `{}`", store.name());
    }
    let mut result = VerificationsJson {
        version: 1,
        target: store.name().to_owned(),
        signatures_checked: signers.is_some(),
        environments: Vec::new(),
    };
    let mut failure = None;
    for environment in &environments {
        let channel = Channel::new(&store, environment);
        match progress::shown("verifying", || publish::verify(&channel, &options)) {
            Ok(verified) => result.environments.push(VerificationJson::new(environment, verified)),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    // The environments before a failed environment were checked, so the result is always written.
    args.format.write(&result, report::publication::human::verifications)?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    if signers.is_none() {
        writeln!(io::stderr(), "note: signatures were not checked; `--allowed-signers` names who may publish")?;
    }
    let is_sound = result.environments.iter().all(|environment| environment.problems.is_empty());
    Ok(if is_sound { Exit::Yes } else { Exit::No })
}

/// Parses a duration such as `36h` or `7d`. A day has 24 hours.
fn parse_age(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration such as `36h` or `7d`".to_owned();
    let span: Span = text.parse().map_err(|_| expected())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| expected())?;
    duration.try_into().map_err(|_| expected())
}
