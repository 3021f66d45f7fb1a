//! `flagctl log`: what each commit did to a flag.

use std::io;
use std::path::Path;

use anyhow::{Result, anyhow};

use crate::bundle::Bundle;
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::{At, note_end};
use crate::compile::compile;
use crate::diff;
use crate::diff::DefinitionChange;
use crate::git::{CacheWrites, CloneDepth, Revision};
use crate::history::FlagVersions;
use crate::load;
use crate::load::Loaded;
use crate::report;
use crate::report::{CommitJson, HistoryJson};
use crate::source::Source;

/// Show what each commit did to a flag, newest first
///
/// Follows first parents: a merged branch is one commit, the one that brought it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A flag's key
    #[arg(value_name = "FLAG")]
    flag: String,
    /// At most so many commits
    #[arg(short, value_name = "NUMBER")]
    number: Option<usize>,
    #[command(flatten)]
    at: At,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let (commits, end) = progress::shown("reading history", || walk(&tip, args))?;
    if let Some(end) = &end {
        note_end(end, &mut io::stderr().lock())?;
    } else if commits.is_empty() {
        return Err(anyhow!("no commit up to {} has a flag `{}`", tip.name(), args.flag));
    }
    let history = HistoryJson { version: 1, flag: &args.flag, commits };
    args.format.write(&history, report::history)?;
    Ok(Exit::Yes)
}

/// The commits that changed the flag, newest first, and where a shallow clone ends before its history does.
fn walk(tip: &Revision, args: &Args) -> Result<(Vec<CommitJson>, Option<Revision>)> {
    let mut commits = Vec::new();
    let mut here = tip.clone();
    let mut now = FlagVersions::read(&here, &args.flag, None)?;
    loop {
        let parent = here.parent()?;
        // What was there before is not known, so nothing is known to have changed.
        if parent.is_none() && !now.files.is_empty() && here.depth()? == CloneDepth::Shallow {
            return Ok((commits, Some(here)));
        }
        let before = match &parent {
            Some(parent) => FlagVersions::read(parent, &args.flag, now.path.as_deref())?,
            None => FlagVersions::default(),
        };
        if before.files != now.files {
            let changes = changes(&args.flag, parent.as_ref(), &here)?;
            commits.push(CommitJson::new(here.details()?, &args.flag, &changes));
        }
        match parent {
            Some(parent) if args.number.is_none_or(|number| commits.len() < number) => (here, now) = (parent, before),
            _ => return Ok((commits, None)),
        }
    }
}

/// What a flag does otherwise than at the parent, in each environment of either.
fn changes(key: &str, parent: Option<&Revision>, here: &Revision) -> Result<Vec<(String, DefinitionChange)>> {
    let source = |revision: &Revision| Source::Revision(revision.clone());
    let (old, new) = (parent.map(source), source(here));
    let old_settings = old.as_ref().map(load::settings).transpose()?;
    let new_settings = load::settings(&new)?;
    let names =
        |loaded: &Loaded| -> Vec<String> { loaded.project.settings.environment_names().map(str::to_owned).collect() };
    let mut environments = names(&new_settings);
    let gone = old_settings.iter().flat_map(names).filter(|name| !environments.contains(name));
    environments.extend(gone.collect::<Vec<_>>());
    let bundle = |source: &Source, settings: &Loaded, environment: &str| -> Result<Bundle> {
        let loaded = load::flags(source, settings.clone(), &[key.to_owned()], &[environment])?;
        Ok(compile(&loaded.project, environment).0)
    };
    let mut changes = Vec::new();
    for environment in environments {
        let after = bundle(&new, &new_settings, &environment)?;
        let before = match old.as_ref().zip(old_settings.as_ref()) {
            Some((old, settings)) => bundle(old, settings, &environment)?,
            None => compile(&Default::default(), &environment).0,
        };
        let found = diff::compare_flag([&before, &after], key);
        changes.extend(found.into_iter().map(|change| (environment.clone(), change)));
    }
    Ok(changes)
}
