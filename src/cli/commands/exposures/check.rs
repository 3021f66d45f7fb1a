//! `flagctl exposures check`: whether exposures agree with the definitions that they name.

use std::error::Error;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::console::stdout_width;
use crate::cli::environment_arg::{OneEnvironment, check_environment};
use crate::cli::event_file::open_events;
use crate::cli::exit::Exit;
use crate::cli::policy_check::LazyClock;
use crate::cli::progress;
use crate::cli::publish_target::Signers;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::exposures::{CheckSettings, ExposureCheck, VersionLogs, Versions};
use crate::git::CacheWrites;
use crate::live::Live;
use crate::load;
use crate::model::Target;
use crate::report;
use crate::report::exposures::{ExposureCheckJson, ExposuresFormat};
use crate::source::{FlagRepository, Source};
use crate::stage::PublishedLog;

/// Check that exposures agree with the definitions that they name
///
/// An exposure names the definitions that decided it, by the number of the published manifest or by the commit. The check
/// finds unknown flags and variants, variants that the unit cannot have had, times that cannot be, duplicates, units in several
/// variants, and rows that cannot be read. Files are NDJSON or CSV, also compressed with gzip. Exits with 0 if the
/// exposures are right, with 1 if not, and with 3 if a file, a commit or a log cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl exposures check exposures.ndjson -e production")]
pub(crate) struct Args {
    /// The files, or `-` for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    environment: OneEnvironment,
    /// How many units to remember, about 32 bytes each
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    max_units: u32,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    signers: Signers,
    /// The present, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ExposuresFormat,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let settings = load::settings(&Source::Revision(tip.clone()))?.project.settings;
    let names: Vec<String> = settings.environment_names().map(str::to_owned).collect();
    let environment = match (&args.environment.given, names.as_slice()) {
        (Some(name), _) => {
            check_environment(name, &settings)?;
            Some(name.clone())
        }
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    };
    let repository = FlagRepository::find(Path::new("."), CacheWrites::Allowed)?;
    let live = Live::new(FlagRepository::find(Path::new("."), CacheWrites::Allowed)?);
    let logs = DeclaredLogs { clock: LazyClock::new(&tip, &args.signers), targets: &settings.targets };
    let versions = Versions::new((&repository, &live), tip.commit(), names, &logs);
    let max_units = usize::try_from(args.max_units)?;
    let check_settings = CheckSettings { environment, now: given_or_now(args.now), max_units };
    let mut check = ExposureCheck::new(check_settings, versions);
    progress::shown("checking exposures", || {
        for path in &args.files {
            check.read(open_events(path)?)?;
        }
        anyhow::Ok(())
    })?;
    let checked = check.finish();
    let json = ExposureCheckJson::new(&checked);
    console::write(report::exposures::printable(&json, args.format, stdout_width())?)?;
    Ok(if json.sound { Exit::Yes } else { Exit::No })
}

/// The logs of the targets that the settings declare.
struct DeclaredLogs<'c> {
    clock: LazyClock<'c>,
    targets: &'c [Target],
}

impl VersionLogs for DeclaredLogs<'_> {
    fn publishes(&self, environment: &str) -> bool {
        self.targets.iter().any(|target| target.has_environment(environment))
    }

    fn open(&self, environment: &str) -> Result<Vec<PublishedLog<'_>>, Box<dyn Error + Send + Sync>> {
        Ok(self.clock.get()?.logs(environment))
    }
}
