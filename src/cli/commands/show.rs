//! `flagctl show`: shows one flag and its current state.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::bundle_arg;
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::unknown_flag::{unknown_flag_in_bundle, unknown_flag_in_source};
use crate::cli::until_exit::keep_until_exit;
use crate::compile::compile_environments;
use crate::report;
use crate::report::flags::{Dependants, FlagJson, FlagsJson, compiled_flag, written_flag};
use crate::report::{EnvironmentSets, Lines};

/// Show a flag: its file, what it does in each environment, and the flags that require it
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl show new-checkout")]
pub(crate) struct Args {
    /// The key of a flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    at: At,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository, and show the compiled flag
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    bundle: Option<PathBuf>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::read(path)?;
        let Some(flag) = bundle.flag(&args.flag) else {
            return Err(unknown_flag_in_bundle(&args.flag, bundle.flags.keys()));
        };
        let sets = EnvironmentSets::default();
        return write(args.format, &sets, compiled_flag(&bundle, flag, &Dependants::in_bundle(&bundle)));
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = keep_until_exit(progress::all(&source)?);
    let Some(flag) = loaded.project.flag(&args.flag) else {
        return Err(unknown_flag_in_source(&args.flag, &source));
    };
    let names: Vec<&str> = loaded.project.settings.environment_names().collect();
    let compiled = compile_environments(&loaded.project, &names);
    let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
    args.at.note(&source)?;
    let sets = EnvironmentSets::new(&loaded.project.settings);
    write(args.format, &sets, written_flag(flag, &loaded.snapshot, &bundles, &Dependants::in_project(&loaded.project)))
}

fn write(format: OutputFormat, sets: &EnvironmentSets, flag: FlagJson<'_>) -> Result<Exit> {
    let human = |flags: &FlagsJson<'_>| {
        let mut lines = Lines::default();
        flags.flags.iter().for_each(|flag| lines.append(&report::flags::human::flag(flag, sets)));
        lines
    };
    format.write(&FlagsJson { version: 1, flags: vec![flag] }, human)?;
    Ok(Exit::Yes)
}
