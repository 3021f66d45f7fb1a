//! `flagctl publish`: environments to where fleets read them.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rayon::prelude::*;

use crate::bundle::{Bundle, BundleError};
use crate::check::check;
use crate::cli::commands::export;
use crate::cli::environment_arg::check_environment;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::exit::Exit;
use crate::cli::exit::UsageError;
use crate::cli::global::Global;
use crate::cli::output_format::OutputFormat;
use crate::cli::revision_arg::At;
use crate::cli::until_exit::keep_until_exit;
use crate::cli::{progress, publish_target};
use crate::commit;
use crate::compile::compile_environments;
use crate::flagd;
use crate::flagd::Refusal;
use crate::git::{CacheWrites, CommitRelation, Revision};
use crate::load;
use crate::model::{FLAGS, KILLS, SEGMENTS, TESTS};
use crate::publish;
use crate::publish::{
    Ancestry, BundleFormat, Channel, EntryKind, NAMESPACE, NewBundle, PublishContent, PublishMode, PublishOutcome,
    PublishRequest,
};
use crate::report;
use crate::report::publication::{PublicationJson, PublicationsJson};
use crate::snapshot::PROJECT_FILE;
use crate::source::{FlagRepository, Source};
use crate::store::Store;

/// Compile environments, and make them current where fleets read them
///
/// TARGET is a folder, or `s3://BUCKET/…`, `gs://BUCKET/…`, `az://CONTAINER/…`, with the settings that the
/// environment has for these stores, such as AWS_ACCESS_KEY_ID. Whoever publishes an older commit after a newer one,
/// or the same twice, changes nothing. What has errors is refused, as `flagctl validate` refuses it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl publish s3://acme-flags -e production --format flagd --sign")]
pub(crate) struct Args {
    /// Where to publish to
    #[arg(value_name = "TARGET")]
    target: String,
    /// Which environment, instead of all; may be repeated
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
    #[command(flatten)]
    at: At,
    /// What bundles are written for
    #[arg(long, value_name = "FORMAT", default_value = "flagctl")]
    format: PublishFormat,
    /// Why it is published, instead of what the commit says of itself: a kill is an emergency
    #[arg(long, value_name = "KIND")]
    kind: Option<PublishKind>,
    /// Sign with the ssh key that git's `user.signingkey` names
    #[arg(long)]
    sign: bool,
    /// Make current again what had that number, under a new number
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["at", "format", "kind", "allow_dirty", "allow_diverged"])]
    rollback_to: Option<u64>,
    /// Publish HEAD although files differ from it
    #[arg(long)]
    allow_dirty: bool,
    /// Publish a commit that was not made on top of the published one, as after rewriting history
    #[arg(long)]
    allow_diverged: bool,
    /// Say what would be published, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How to write what became of it
    ///
    /// JSON has of each environment its `outcome` (`published`, `unchanged`, `overtaken`, `rolled-back`) and what is
    /// `current`: its `sequence`, the `sha256` of its manifest, its `commit`, and its `bundle` with `sha256` and size in
    /// `bytes`. `cacheSeconds` is how long caches may keep what was there before, `problem` why it went no further.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    report: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PublishFormat {
    /// For flagctl's own evaluator
    Flagctl,
    /// For flagd and its clients
    Flagd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PublishKind {
    Normal,
    Emergency,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let store = publish_target::open(&args.target)?;
    if let Some(sequence) = args.rollback_to {
        let [environment] = args.environment.as_slice() else {
            let missing = "numbers are an environment's own: name one environment with `-e`";
            return Err(UsageError(missing.to_owned()).into());
        };
        // It is not asked: a rollback does not look at commits.
        let compare = |_: &str| Ok(Ancestry::Diverged);
        return all(args, &store, vec![(environment.clone(), PublishContent::Rollback(sequence))], &compare);
    }
    let revision = args.at.revision(Path::new("."), cache_writes(args))?;
    let changed = if args.at.is_given() || args.allow_dirty { Vec::new() } else { uncommitted(&revision)? };
    if !changed.is_empty() {
        let mut err = io::stderr().lock();
        let files = if changed.len() == 1 { "one file is".to_owned() } else { format!("{} files are", changed.len()) };
        writeln!(err, "error: HEAD would be published, and {files} not as committed there; commit first, or say")?;
        writeln!(err, "       `--allow-dirty`: {}", changed.join(", "))?;
        return Ok(Exit::No);
    }
    let source = Source::Revision(revision.clone());
    let loaded = keep_until_exit(load::tests(&source, progress::all(&source)?, |_| true)?);
    for name in &args.environment {
        check_environment(name, &loaded.project.settings)?;
    }
    // Whether a commit can be published does not depend on the day.
    let today = Timestamp::from_second(revision.seconds()?)?.to_zoned(TimeZone::UTC).date();
    let checked = progress::shown("checking", || check(&loaded, today));
    let _scratch = keep_until_exit(checked.scratch);
    if report_errors(&loaded, checked.findings, &source, global)? == Validity::Invalid {
        return Ok(Exit::No);
    }
    args.at.note(&source, &mut io::stderr().lock())?;
    let names = loaded.project.settings.environment_names();
    let asked_for = |name: &&str| args.environment.is_empty() || args.environment.iter().any(|wanted| wanted == name);
    let compiled = compile_environments(&loaded.project, &names.filter(asked_for).collect::<Vec<_>>());
    let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
    let Some(contents) = new_bundles(args, &bundles, &revision)? else { return Ok(Exit::No) };
    let compare = |published: &str| compare(&revision, published, args);
    all(args, &store, contents, &compare)
}

fn uncommitted(revision: &Revision) -> Result<Vec<String>> {
    Ok(revision.uncommitted_files(&[PROJECT_FILE, FLAGS, SEGMENTS, KILLS, TESTS])?)
}

/// What is to be published; none if flagd cannot have it, which has been said.
fn new_bundles(args: &Args, bundles: &[Bundle], revision: &Revision) -> Result<Option<Vec<(String, PublishContent)>>> {
    let about = revision.details()?;
    let killed = about.trailers("Flagctl-Action").any(|action| action == "kill");
    let kind = match args.kind {
        Some(PublishKind::Emergency) => EntryKind::Emergency,
        None if killed => EntryKind::Emergency,
        Some(PublishKind::Normal) | None => EntryKind::Normal,
    };
    let created = Timestamp::from_second(about.seconds)?.to_string();
    let written = bundles.par_iter().map(|bundle| write(bundle, args, &about.commit)).collect::<Result<Vec<_>, _>>()?;
    let mut contents = Vec::new();
    let mut lost = 0;
    for (bundle, written) in bundles.iter().zip(written) {
        let (bytes, format) = match written {
            Ok(written) => written,
            Err(refusals) => {
                for refusal in &refusals {
                    let environment = &bundle.environment;
                    writeln!(io::stderr(), "error: flag {} in {environment}: {}", refusal.flag, refusal.why)?;
                }
                lost += refusals.len();
                continue;
            }
        };
        let (commit, created) = (about.commit.clone(), created.clone());
        let new = NewBundle { commit, created, kind, format, flags: bundle.flags.len(), bytes };
        contents.push((bundle.environment.to_string(), PublishContent::Bundle(new)));
    }
    if lost > 0 {
        writeln!(io::stderr(), "error: flagd cannot have these flags, so nothing was published")?;
        return Ok(None);
    }
    Ok(Some(contents))
}

/// An environment's bytes, or what flagd cannot have of it.
type Bytes = Result<(Vec<u8>, BundleFormat), Vec<Refusal>>;

fn write(bundle: &Bundle, args: &Args, commit: &str) -> Result<Bytes, BundleError> {
    Ok(match args.format {
        PublishFormat::Flagctl => {
            let mut bytes = bundle.to_json()?;
            bytes.push(b'\n');
            Ok((bytes, BundleFormat::Flagctl))
        }
        PublishFormat::Flagd => {
            let flags: Vec<_> = bundle.flags.iter().collect();
            flagd::export(bundle, &flags, export::metadata(bundle, Some(commit)))
                .map(|json| (report::json_layout::fitted(&json).into_bytes(), BundleFormat::Flagd))
        }
    })
}

fn compare(revision: &Revision, published: &str, args: &Args) -> Result<Ancestry, Box<dyn Error + Send + Sync>> {
    let ancestry = match revision.relation_to(published) {
        Ok(CommitRelation::Same) => Ancestry::Same,
        Ok(CommitRelation::Descendant) => Ancestry::Newer,
        Ok(CommitRelation::Ancestor) => Ancestry::Older,
        Ok(CommitRelation::Diverged) | Err(_) if args.allow_diverged => Ancestry::Newer,
        Ok(CommitRelation::Diverged) => Ancestry::Diverged,
        Err(error) => return Err(error.into()),
    };
    Ok(ancestry)
}

/// Whether git's folder may be written: a dry run writes nothing.
fn cache_writes(args: &Args) -> CacheWrites {
    if args.dry_run { CacheWrites::Forbidden } else { CacheWrites::Allowed }
}

/// Publishes one environment after the other, and says what became of each.
fn all(
    args: &Args,
    store: &Store,
    contents: Vec<(String, PublishContent)>,
    compare: publish::Compare<'_>,
) -> Result<Exit> {
    let place = if args.sign {
        Some(FlagRepository::find(Path::new("."), cache_writes(args))?.git().top_folder().to_owned())
    } else {
        None
    };
    let sign = |bytes: &[u8]| -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let place = place.as_deref().ok_or_else(|| anyhow!("there is no key"))?;
        Ok(commit::sign_text(place, NAMESPACE, std::str::from_utf8(bytes)?)?.into_bytes())
    };
    let sign: Option<publish::Sign<'_>> = if args.sign { Some(&sign) } else { None };
    let mode = if args.dry_run { PublishMode::DryRun } else { PublishMode::Write };
    let mut result = PublicationsJson {
        version: 1,
        target: store.name().to_owned(),
        dry_run: args.dry_run,
        environments: Vec::new(),
        cache_seconds: None,
        problem: None,
    };
    let mut failure = None;
    for (environment, content) in &contents {
        let channel = Channel::new(store, environment);
        let request = PublishRequest { content, compare, sign, mode };
        match progress::shown("publishing", || publish::publish(&channel, &request)) {
            Ok(outcome) => {
                if matches!(outcome, PublishOutcome::Published(_)) && mode == PublishMode::Write {
                    result.cache_seconds = Some(store.delay().as_secs());
                }
                result.environments.push(PublicationJson::new(environment, &outcome));
            }
            Err(error) => {
                result.problem = Some(error.to_string());
                failure = Some(error);
                break;
            }
        }
    }
    // Also where one failed: what was published before it is.
    args.report.write(&result, report::publication::human::publications)?;
    failure.map_or(Ok(Exit::Yes), publish_target::refused)
}
