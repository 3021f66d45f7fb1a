//! `flagctl publish`: compiles environments and publishes the bundles to a folder or an object store.

use std::error::Error;
use std::path::Path;

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::check::check;
use crate::cli::console;
use crate::cli::environment_arg::check_environment;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_content;
use crate::cli::publish_content::{DivergedCommits, PublishFormat, PublishKind, ancestry, entry_kind};
use crate::cli::publish_target;
use crate::cli::revision_arg::At;
use crate::cli::target_arg::{ResolvedTarget, TargetArg};
use crate::cli::until_exit::keep_until_exit;
use crate::commit;
use crate::compile::compile_environments;
use crate::git::{CacheWrites, Revision, RevisionSpec};
use crate::load;
use crate::model::{FLAGS, KILLS, SEGMENTS, Signing, TESTS};
use crate::publish;
use crate::publish::{Channel, NAMESPACE, NewBundle, PublishContent, PublishMode, PublishOutcome, PublishRequest};
use crate::report;
use crate::report::publication::{PublicationJson, PublicationsJson};
use crate::snapshot::PROJECT_FILE;
use crate::source::{FlagRepository, Source};
use crate::store::Store;

/// Compile environments and publish them to where fleets read them
///
/// Publishing an older commit after a newer one, or the same commit twice, changes nothing. Definitions with errors are refused, as `flagctl validate` reports them; then the exit code is
/// 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl publish s3://acme-flags -e production --format flagd --sign")]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArg,
    /// Publish this environment only; may be repeated
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
    #[command(flatten)]
    at: At,
    /// The program that the bundles are for; `flagctl` unless the target declares another one
    #[arg(long, value_name = "FORMAT")]
    format: Option<PublishFormat>,
    /// The kind of publication, instead of the one that follows from the commit: a kill is an emergency
    #[arg(long, value_name = "KIND")]
    kind: Option<PublishKind>,
    /// Sign with the ssh key that git's `user.signingkey` names
    #[arg(long)]
    sign: bool,
    /// Publish again what was published as number SEQ; it gets a new number
    ///
    /// The commit of that number is compiled again, so nothing that the store has is published. HEAD must contain it.
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["at", "format", "kind", "allow_dirty"])]
    rollback_to: Option<u64>,
    /// Publish HEAD although files in the working tree differ from it
    #[arg(long)]
    allow_dirty: bool,
    /// Publish a commit that is not based on the published one, as after a rewrite of history
    #[arg(long)]
    allow_diverged: bool,
    /// Show what would be published, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How to write the result
    ///
    /// JSON has for each environment its `outcome` (`published`, `unchanged`, `overtaken`, `rolled-back`) and what is
    /// `current`: its `sequence`, the `sha256` of its manifest, its `commit`, and its `bundle` with `sha256` and size in
    /// `bytes`. `cacheSeconds` is how long caches may keep the previous bundle, and `problem` is the error that stopped
    /// the command.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    report: OutputFormat,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let target = args.target.resolve()?;
    let head = args.at.revision(Path::new("."), cache_writes(args))?;
    if let Some(refusal) = target.refusal(&head)? {
        console::error(refusal);
        return Ok(Exit::No);
    }
    let environments = target.environments(&args.environment)?;
    let store = target.open()?;
    let publication = Publication { args, global, target: &target, store: &store };
    let diverged = if args.allow_diverged { DivergedCommits::Allowed } else { DivergedCommits::Refused };
    let compare = |published: &str| ancestry(&head, published, diverged);
    if let Some(sequence) = args.rollback_to {
        let [environment] = environments.as_slice() else {
            let missing = "each environment has its own numbers: name one environment with `-e`";
            return Err(UsageError(missing.to_owned()).into());
        };
        let channel = Channel::new(&store, environment);
        let rollback = match progress::shown("reading", || publish_content::rollback(&channel, sequence, &compare)) {
            Ok(rollback) => rollback,
            Err(error) => return publish_target::refused(error),
        };
        let repository = FlagRepository::find(Path::new("."), cache_writes(args))?;
        let revision = repository.revision(&RevisionSpec::new(rollback.manifest.commit.as_str()))?;
        let format = rollback.manifest.bundle.format.into();
        let Some(contents) = publication.compile(&revision, format, &environments)? else { return Ok(Exit::No) };
        let contents = contents.into_iter().map(|(environment, bundle)| {
            if bundle.sha256() != rollback.manifest.bundle.sha256 {
                console::note(format!(
                    "number {sequence} of {environment} is compiled again from its commit, and has other bytes than \
                     before: another version of flagctl compiled it, or the store was changed"
                ));
            }
            (environment, PublishContent::Rollback { sequence, bundle })
        });
        return publication.publish_all(contents.collect(), &compare);
    }
    let changed = if args.at.is_given() || args.allow_dirty {
        Vec::new()
    } else {
        head.uncommitted_files(&[PROJECT_FILE, FLAGS, SEGMENTS, KILLS, TESTS])?
    };
    if !changed.is_empty() {
        let files =
            if changed.len() == 1 { "1 file differs".to_owned() } else { format!("{} files differ", changed.len()) };
        let changed = changed.join(", ");
        console::error(format!(
            "{files} from HEAD, which would be published; commit first, or pass `--allow-dirty`: {changed}"
        ));
        return Ok(Exit::No);
    }
    let format = target.format(args.format)?;
    let Some(contents) = publication.compile(&head, format, &environments)? else { return Ok(Exit::No) };
    let contents = contents.into_iter().map(|(environment, bundle)| (environment, PublishContent::Bundle(bundle)));
    publication.publish_all(contents.collect(), &compare)
}

/// The arguments of a publication, and its target.
struct Publication<'p> {
    args: &'p Args,
    global: &'p Global,
    target: &'p ResolvedTarget,
    store: &'p Store,
}

/// Returns whether caches in git's folder may be written: a dry run writes nothing.
fn cache_writes(args: &Args) -> CacheWrites {
    if args.dry_run { CacheWrites::Forbidden } else { CacheWrites::Allowed }
}

impl Publication<'_> {
    /// Compiles the environments of a revision. If the definitions have errors, or the format cannot express them, reports
    /// that and returns `None`.
    fn compile(
        &self,
        revision: &Revision,
        format: PublishFormat,
        environments: &[String],
    ) -> Result<Option<Vec<(String, NewBundle)>>> {
        let Self { args, global, .. } = self;
        let source = Source::Revision(revision.clone());
        let loaded = keep_until_exit(load::tests(&source, progress::all(&source)?, |_| true)?);
        for name in environments {
            check_environment(name, &loaded.project.settings)?;
        }
        // The check uses the day of the commit, so its result does not depend on the clock.
        let today = Timestamp::from_second(revision.seconds()?)?.to_zoned(TimeZone::UTC).date();
        let checked = progress::shown("checking", || check(&loaded, today));
        let _scratch = keep_until_exit(checked.scratch);
        if report_errors(&loaded, checked.findings, &source, global)? == Validity::Invalid {
            return Ok(None);
        }
        args.at.note(&source)?;
        let names = loaded.project.settings.environment_names();
        let asked_for = |name: &&str| environments.is_empty() || environments.iter().any(|wanted| wanted == name);
        let compiled = compile_environments(&loaded.project, &names.filter(asked_for).collect::<Vec<_>>());
        let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
        let commit = revision.details()?;
        let kind = entry_kind(args.kind, &commit);
        let (mut contents, mut refused) = (Vec::new(), 0);
        for (environment, content) in publish_content::contents(&bundles, format, kind, &commit)? {
            match content {
                Ok(content) => contents.push((environment, content)),
                Err(refusals) => {
                    refused += refusals.len();
                    for refusal in refusals {
                        console::error(format!("flag {} in {environment}: {}", refusal.flag, refusal.why));
                    }
                }
            }
        }
        if refused > 0 {
            console::error("flagd cannot express these flags, so nothing was published");
            return Ok(None);
        }
        Ok(Some(contents))
    }

    /// Publishes the environments in order until one of them fails, and writes all results.
    fn publish_all(&self, contents: Vec<(String, PublishContent)>, compare: publish::Compare<'_>) -> Result<Exit> {
        let Self { args, target, store, .. } = self;
        let signs = args.sign || target.signing() == Signing::Required;
        let folder = if signs {
            Some(FlagRepository::find(Path::new("."), cache_writes(args))?.git().top_folder().to_owned())
        } else {
            None
        };
        let sign = |bytes: &[u8]| -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
            let folder = folder.as_deref().ok_or_else(|| anyhow!("no key is configured"))?;
            Ok(commit::sign_text(folder, NAMESPACE, std::str::from_utf8(bytes)?)?.into_bytes())
        };
        let sign: Option<publish::Sign<'_>> = if signs { Some(&sign) } else { None };
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
            let request = PublishRequest { content, target: target.name(), compare, sign, mode };
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
        // The environments before a failed environment were published, so the result is always written.
        args.report.write(&result, report::publication::human::publications)?;
        failure.map_or(Ok(Exit::Yes), publish_target::refused)
    }
}
