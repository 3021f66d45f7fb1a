//! `flagctl export`: writes an environment in a format that other tools read.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use serde_json::Value as Json;

use crate::bundle::{Bundle, Flag};
use crate::cli::console;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::revision_arg::At;
use crate::cli::unknown_flag::{unknown_flag_in_bundle, unknown_flag_in_source};
use crate::cli::{bundle_arg, progress};
use crate::compile::compile;
use crate::flagd;
use crate::flagd::Refusal;
use crate::git::Revision;
use crate::load::Loaded;
use crate::openfeature::{DescribedFlag, manifest};
use crate::report;
use crate::report::Printable;

/// Write an environment in a format that other tools read
///
/// If flagd cannot do what a flag needs, every reason is reported, nothing is written, and the exit code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl export bundle -e production > production.json")]
pub(crate) struct Args {
    /// The format that is written
    #[arg(value_name = "FORMAT")]
    format: ExportFormat,
    /// Keys of flags; without them, all flags are exported
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    #[command(flatten)]
    environment: OneEnvironment,
    #[command(flatten)]
    at: At,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "environment"])]
    bundle: Option<PathBuf>,
    /// Leave out the flags that cannot be written, instead of writing nothing
    #[arg(long)]
    partial: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// For flagd and its in-process clients, which then decide as `flagctl eval` does, for every context
    Flagd,
    /// Keys, types, descriptions, and the values of `off` as defaults, for `openfeature generate`
    OpenfeatureManifest,
    /// flagctl's own format, for `--bundle` and the library
    Bundle,
}

/// The flags to export.
struct Exported {
    bundle: Bundle,
    /// The definitions, or `None` if a bundle was read.
    loaded: Option<Loaded>,
    /// The full id of the commit, if the definitions are from a revision.
    commit: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    if args.format == ExportFormat::Bundle && !args.flags.is_empty() {
        return Err(UsageError("a bundle has all flags of an environment: name none".to_owned()).into());
    }
    let Some(exported) = read(args)? else { return Ok(Exit::Failed) };
    let bundle = &exported.bundle;
    let flags: Vec<&Flag> = match args.flags.as_slice() {
        [] => bundle.flags.iter().collect(),
        keys => bundle.flags.iter().filter(|flag| keys.iter().any(|key| *key == *flag.key)).collect(),
    };
    match args.format {
        ExportFormat::Flagd => return flagd(args, &exported, flags),
        ExportFormat::OpenfeatureManifest => {
            let description = |flag: &Flag| {
                let written = exported.loaded.as_ref()?.project.flag(&flag.key)?;
                Some(written.description.as_ref()?.value.as_str())
            };
            let described: Vec<_> =
                flags.into_iter().map(|flag| DescribedFlag { flag, description: description(flag) }).collect();
            console::write(fitted(&manifest(&described)))?;
        }
        ExportFormat::Bundle => {
            let document = String::from_utf8(bundle.to_json()?)?;
            console::write(Printable::json_document(document + "\n"))?;
        }
    }
    Ok(Exit::Yes)
}

/// Reads the flags to export. If the definitions have errors, reports them and returns `None`.
fn read(args: &Args) -> Result<Option<Exported>> {
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::read(path)?;
        if let Some(missing) = args.flags.iter().find(|key| bundle.flag(key).is_none()) {
            return Err(unknown_flag_in_bundle(missing, bundle.flags.keys()));
        }
        return Ok(Some(Exported { bundle, loaded: None, commit: None }));
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = progress::all(&source)?;
    let environment = args.environment.or_only(&loaded.project.settings)?;
    if let Some(missing) = args.flags.iter().find(|key| loaded.project.flag(key).is_none()) {
        return Err(unknown_flag_in_source(missing, &source));
    }
    let (bundle, diagnostics) = compile(&loaded.project, &environment);
    if report_errors(&loaded, loaded.settle(diagnostics), &source)? == Validity::Invalid {
        return Ok(None);
    }
    args.at.note(&source)?;
    let commit = source.revision().map(Revision::commit);
    Ok(Some(Exported { bundle, loaded: Some(loaded), commit }))
}

/// Writes flags for flagd. If flagd does not support some of the flags, writes nothing, or, with `--partial`, writes
/// only the other flags.
fn flagd(args: &Args, exported: &Exported, mut flags: Vec<&Flag>) -> Result<Exit> {
    let bundle = &exported.bundle;
    let metadata = flagd::metadata(bundle, exported.commit.as_deref());
    let refusals = match flagd::export(bundle, &flags, metadata.clone()) {
        Ok(json) => {
            console::write(fitted(&json))?;
            return Ok(Exit::Yes);
        }
        Err(refusals) => refusals,
    };
    let all = flags.len();
    flags.retain(|flag| !refusals.iter().any(|refusal| *refusal.flag == *flag.key));
    let lost = all - flags.len();
    let message = if args.partial { console::note } else { console::error };
    for Refusal { flag, why, .. } in &refusals {
        message(format!("flag {flag}: {why}"));
    }
    if args.partial {
        console::note(format!("left out {lost} of {all} flags; applications get their own defaults for them"));
        // The first export did not refuse the remaining flags, so this call does not fail.
        let json = flagd::export(bundle, &flags, metadata).unwrap_or_default();
        console::write(fitted(&json))?;
        return Ok(Exit::Yes);
    }
    console::error(format!(
        "flagd cannot express {lost} of {all} flags, so nothing was written; `--partial` leaves them out"
    ));
    Ok(Exit::No)
}

/// Returns JSON in the layout for people.
fn fitted(json: &Json) -> Printable {
    Printable::json_document(report::json_layout::fitted(json))
}
