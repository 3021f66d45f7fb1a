//! `flagctl pull`: updates a local copy of the published bundle.

use std::path::PathBuf;

use anyhow::Result;

use crate::cli::console;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::max_age_arg::MaxAgeArg;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_target;
use crate::cli::publish_target::{ExpectedTarget, Signers};
use crate::cli::target_arg::TargetArg;
use crate::publish;
use crate::publish::{Channel, PullOptions};
use crate::report;
use crate::report::publication::PullJson;

/// Replace a local file with the bundle that is published, after checking it
///
/// If a check fails, the file stays as it is and the exit code is 1. The sequence number of the file is kept beside it, in
/// FILE.state, and never decreases. Run the command every few seconds for a program that reads the file, such as flagd.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl pull ./live/ -e production --to flags.json")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArg,
    #[command(flatten)]
    environment: OneEnvironment,
    /// The file to replace
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    expected: ExpectedTarget,
    #[command(flatten)]
    signers: Signers,
    #[command(flatten)]
    max_age: MaxAgeArg,
    /// How to write the result
    ///
    /// JSON has the `outcome` (`replaced`, `unchanged`, `refused`), what is `current`, as `flagctl publish --format json`
    /// has it, and the `problem` if the file stays as it is.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let target = args.target.resolve()?;
    let environments = target.environments(args.environment.given.as_slice())?;
    let [environment] = environments.as_slice() else {
        return Err(UsageError("expected one environment: pass `-e`".to_owned()).into());
    };
    let store = target.open()?;
    let signers = args.signers.read(target.signing())?;
    let channel = Channel::new(&store, environment);
    let options = PullOptions {
        signers: signers.as_ref(),
        target: args.expected.named.as_deref().or(target.name()),
        max_age: args.max_age.read(),
    };
    publish_target::note_trust(signers.as_ref());
    let pulled = progress::shown("pulling", || publish::pull(&channel, &args.to, &options));
    let result = |pulled| PullJson::new(&args.to, environment, pulled);
    match pulled {
        Ok(pulled) => {
            args.format.write(&result(Ok(&pulled)), report::publication::human::pull)?;
            Ok(Exit::Yes)
        }
        Err(error) if error.is_answer() => {
            args.format.write(&result(Err(error.to_string())), report::publication::human::pull)?;
            let exit = publish_target::refused(error)?;
            console::note(format!("`{}` stays as it is", args.to.display()));
            Ok(exit)
        }
        Err(error) => Err(error.into()),
    }
}
