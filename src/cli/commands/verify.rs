//! `flagctl verify`: checks that the published files are complete, unchanged, signed and recent.

use std::path::PathBuf;

use crate::cli::environment_arg::EnvironmentFilter;
use crate::cli::exit::Exit;
use crate::cli::max_age_arg::MaxAgeArg;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_target;
use crate::cli::publish_target::{ExpectedTarget, Signers};
use crate::cli::target_arg::TargetArg;
use crate::publish;
use crate::publish::{Channel, PullState, VerifyOptions};
use crate::report;
use crate::report::publication::{VerificationJson, VerificationsJson};
use anyhow::{Result, bail};

/// Check what is published: digests, the chain of the log, signatures and age
///
/// Exits with 1 if a check fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl verify ./live/ -e production")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArg,
    #[command(flatten)]
    environments: EnvironmentFilter,
    #[command(flatten)]
    expected: ExpectedTarget,
    #[command(flatten)]
    signers: Signers,
    /// Require that the published sequence number is not lower than in FILE, which `flagctl pull` keeps
    #[arg(long = "state-file", value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    max_age: MaxAgeArg,
    /// Read the log since number SEQ only, instead of the whole log
    ///
    /// With allowed signers, the manifest of that number must be signed, too. The numbers before it were checked by an
    /// earlier `flagctl verify`.
    #[arg(long = "since-number", value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    since: Option<u64>,
    /// How to write the result
    ///
    /// JSON has for each environment what is `current`, as `flagctl publish --format json` has it, its `signer`, how many
    /// `manifests` and `bundles` were read, and all `problems`.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let target = args.target.resolve()?;
    let store = target.open()?;
    let signers = args.signers.read(target.signing())?;
    let state = match &args.state {
        None => None,
        Some(file) => match PullState::read(file) {
            Ok(Some(state)) => Some(state),
            Ok(None) => bail!("`{}` does not exist; `flagctl pull` writes it", file.display()),
            Err(error) => return publish_target::refused(error),
        },
    };
    let options = VerifyOptions {
        signers: signers.as_ref(),
        target: args.expected.named.as_deref().or(target.name()),
        state: state.as_ref(),
        max_age: args.max_age.read(),
        since: args.since,
    };
    let mut environments = target.environments(&args.environments.given)?;
    if environments.is_empty() {
        environments = publish_target::published_environments(&store)?;
    }
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
    publish_target::note_trust(signers.as_ref());
    let is_sound = result.environments.iter().all(|environment| environment.problems.is_empty());
    Ok(if is_sound { Exit::Yes } else { Exit::No })
}
