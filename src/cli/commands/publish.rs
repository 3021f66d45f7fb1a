//! `flagctl publish`: compiles environments and publishes the bundles to a folder or an object store.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Result, anyhow};
use jiff::Timestamp;

use crate::check::check;
use crate::cli::console;
use crate::cli::environment_arg::{EnvironmentFilter, check_environment};
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_content;
use crate::cli::publish_content::{DivergedCommits, PublishFormat, PublishKind, ancestry, entry_kind};
use crate::cli::publish_kills;
use crate::cli::publish_kills::OnTop;
use crate::cli::publish_target;
use crate::cli::revision_arg::At;
use crate::cli::target_arg::{ResolvedTarget, TargetArg};
use crate::cli::until_exit::keep_until_exit;
use crate::commit;
use crate::compile::compile_environments;
use crate::git::{CacheWrites, Revision};
use crate::live::Live;
use crate::load;
use crate::model::{FLAGS, KILLS, LAYERS, SEGMENTS, Signing, TESTS};
use crate::publish;
use crate::publish::{
    Channel, LogEntry, NAMESPACE, NewBundle, PublishContent, PublishError, PublishMode, PublishOutcome, PublishRequest,
};
use crate::report;
use crate::report::publication::{KillsJson, PublicationJson, PublicationScope, PublicationsJson};
use crate::snapshot::PROJECT_FILE;
use crate::source::{FlagRepository, Source};
use crate::store::Store;

/// Compile environments and publish them to where fleets read them
///
/// Publishing an older commit after a newer one, or the same commit twice, changes nothing. A commit is published as a
/// whole only if its definitions have no errors, as `flagctl validate` reports them, and the format can express all flags.
/// Otherwise its kills are published alone: the definitions stay as they are, flags turn off, and the exit code is 1.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flagctl publish ./live/ -e production\n  flagctl publish ./live/ --at main --dry-run"
)]
pub(crate) struct Args {
    #[command(flatten)]
    target: TargetArg,
    #[command(flatten)]
    environments: EnvironmentFilter,
    #[command(flatten)]
    at: At,
    /// The format of the bundles [default: that of the target, or else flagctl]
    #[arg(long, value_name = "FORMAT")]
    bundle_format: Option<PublishFormat>,
    /// The kind of publication, instead of the one that follows from the commit: a kill is an emergency
    #[arg(long, value_name = "KIND")]
    kind: Option<PublishKind>,
    /// Sign with the ssh key that git's `user.signingkey` names
    #[arg(long)]
    sign: bool,
    /// Publish again what was published as number SEQ; it gets a new number
    ///
    /// The commit of that number is compiled again, so nothing that the store has is published. HEAD must contain it.
    #[arg(long, value_name = "SEQ", conflicts_with_all = ["at", "bundle_format", "kind", "allow_dirty"])]
    rollback_to: Option<u64>,
    /// Publish HEAD although files in the working tree differ from it
    #[arg(long)]
    allow_dirty: bool,
    /// Publish a commit that is not based on the published one, as after a rewrite of history
    #[arg(long)]
    allow_diverged: bool,
    /// The name of the declared target at this location, if `flagctl.yaml` cannot be read
    #[arg(long = "target", value_name = "NAME")]
    named: Option<String>,
    /// Show what would be published, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// How to write the result
    ///
    /// JSON has the `scope` (`whole`, `kills`, `rollback`), and for each environment its `outcome` (`published`, `unchanged`, `overtaken`, `rolled-back`) and what is
    /// `current`: its `sequence`, the `sha256` of its manifest, its `commit`, and its `bundle` with `sha256` and size in
    /// `bytes`. `cacheSeconds` is how long caches may keep the previous bundle, and `problem` is the error that stopped
    /// the command. `kills` are those that a publication of kills or a rollback added (`new`), that do nothing because the
    /// flag is not live (`ineffective`), and that stay although HEAD has revived them (`waiting`).
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let target = args.target.resolve()?.named(args.named.as_deref())?;
    let head = args.at.revision(Path::new("."), cache_writes(args))?;
    if let Some(refusal) = target.refusal(&head)? {
        console::error(refusal);
        return Ok(Exit::No);
    }
    let environments = target.environments(&args.environments.given)?;
    let store = target.open_writable()?;
    let diverged = if args.allow_diverged { DivergedCommits::Allowed } else { DivergedCommits::Refused };
    let compare = |published: &str| ancestry(&head, published, diverged);
    let publication = Publication { args, target: &target, store: &store, head: &head, compare: &compare };
    if let Some(sequence) = args.rollback_to {
        let [environment] = environments.as_slice() else {
            let missing = "each environment has its own numbers: name one environment with `-e`";
            return Err(UsageError(missing.to_owned()).into());
        };
        return publication.roll_back(environment, sequence);
    }
    let changed = if args.at.is_given() || args.allow_dirty {
        Vec::new()
    } else {
        head.uncommitted_files(&[PROJECT_FILE, FLAGS, SEGMENTS, LAYERS, KILLS, TESTS])?
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
    match publication.compile(&environments)? {
        Some(contents) => publication.publish_whole(&contents),
        None => publication.publish_kills(environments),
    }
}

/// The arguments of a publication, and its target.
struct Publication<'p> {
    args: &'p Args,
    target: &'p ResolvedTarget,
    store: &'p Store,
    head: &'p Revision,
    compare: publish::Compare<'p>,
}

/// Returns whether caches in git's folder may be written: a dry run writes nothing.
fn cache_writes(args: &Args) -> CacheWrites {
    if args.dry_run { CacheWrites::Forbidden } else { CacheWrites::Allowed }
}

impl Publication<'_> {
    /// Compiles the environments of the commit. If it cannot be published as a whole, because definitions have errors,
    /// are too large, or cannot be expressed by the format, reports that and returns `None`.
    fn compile(&self, environments: &[String]) -> Result<Option<Vec<(String, NewBundle)>>> {
        let Self { args, head, .. } = self;
        let format = self.target.format(args.bundle_format)?;
        let source = Source::Revision((*head).clone());
        let loaded = match progress::all(&source).and_then(|loaded| load::tests(&source, loaded, |_| true)) {
            Ok(loaded) => keep_until_exit(loaded),
            Err(error) => {
                console::error(format!("{error:#}"));
                return Ok(None);
            }
        };
        // The check uses the time of the commit, so its result does not depend on the clock.
        let now = Timestamp::from_second(head.seconds()?)?;
        let checked = progress::shown("checking", || check(&loaded, now));
        let _scratch = keep_until_exit(checked.scratch);
        if report_errors(&loaded, checked.findings, &source)? == Validity::Invalid {
            return Ok(None);
        }
        for name in environments {
            check_environment(name, &loaded.project.settings)?;
        }
        args.at.note(&source)?;
        let names = loaded.project.settings.environment_names();
        let asked_for = |name: &&str| environments.is_empty() || environments.iter().any(|wanted| wanted == name);
        let compiled = compile_environments(&loaded.project, &names.filter(asked_for).collect::<Vec<_>>());
        let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
        let commit = head.details()?;
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
            console::error("flagd cannot express these flags");
            return Ok(None);
        }
        Ok(Some(contents))
    }

    /// Publishes the commit as a whole, in one environment after another until one fails.
    fn publish_whole(&self, contents: &[(String, NewBundle)]) -> Result<Exit> {
        let mut results = Results::new(PublicationScope::Whole);
        for (environment, bundle) in contents {
            let channel = Channel::new(self.store, environment);
            if results.add(environment, self.publish(&channel, PublishContent::Whole(bundle))?).is_break() {
                break;
            }
        }
        self.finish(results)
    }

    /// Publishes the kills of the commit, in all environments in which something is published.
    fn publish_kills(&self, mut environments: Vec<String>) -> Result<Exit> {
        console::note(publish_kills::introduction(self.head));
        if environments.is_empty() {
            environments = publish_target::published_environments(self.store)?;
        }
        let on_top = self.on_top()?;
        publish_kills::report_broken_kills(&on_top.live, self.head)?;
        let mut results = Results::new(PublicationScope::Kills);
        for environment in &environments {
            let channel = Channel::new(self.store, environment);
            let compile = |entry: &LogEntry| on_top.with_kills(&channel, entry);
            // A failure in one environment must not stop the kills of the others.
            let _ = results.add(environment, self.publish(&channel, PublishContent::Kills(&compile))?);
        }
        results.kills = on_top.found.into_inner();
        self.finish(results).map(|exit| if exit == Exit::Yes { Exit::No } else { exit })
    }

    /// Publishes the definitions of an earlier entry with the kills that are current.
    fn roll_back(&self, environment: &str, sequence: u64) -> Result<Exit> {
        let channel = Channel::new(self.store, environment);
        let on_top = self.on_top()?;
        let read = || publish_content::rollback(&channel, sequence, on_top.compare);
        let earlier = match progress::shown("reading", read) {
            Ok(entry) => entry.manifest,
            Err(error) => return publish_target::refused(error),
        };
        let compile = |entry: &LogEntry| on_top.rolled_back(&earlier, entry);
        let mut results = Results::new(PublicationScope::Rollback);
        let outcome = self.publish(&channel, PublishContent::Rollback { sequence, compile: &compile })?;
        if let Ok(PublishOutcome::Published(entry)) = &outcome
            && entry.manifest.bundle.sha256 != earlier.bundle.sha256
            && on_top.found.borrow().values().all(|kills| kills.new.is_empty())
        {
            console::note(format!(
                "number {sequence} of {environment} is compiled again from its commit, and has other bytes than \
                 before: another version of flagctl compiled it, or the store was changed"
            ));
        }
        let _ = results.add(environment, outcome);
        results.kills = on_top.found.into_inner();
        self.finish(results)
    }
    /// Returns the publication of kills on top of what is current.
    fn on_top(&self) -> Result<OnTop<'_>> {
        let repository = FlagRepository::find(Path::new("."), cache_writes(self.args))?;
        let signers = if self.signs() { Some(publish_target::current_signers()?) } else { None };
        Ok(OnTop {
            live: Live::new(repository),
            head: self.head,
            compare: self.compare,
            signers,
            kind: self.args.kind,
            found: RefCell::default(),
        })
    }

    fn signs(&self) -> bool {
        self.args.sign || self.target.signing() == Signing::Required
    }

    fn mode(&self) -> PublishMode {
        if self.args.dry_run { PublishMode::DryRun } else { PublishMode::Write }
    }

    /// Publishes to one environment. The inner result is that of the publication.
    fn publish(
        &self,
        channel: &Channel<'_>,
        content: PublishContent<'_>,
    ) -> Result<Result<PublishOutcome, PublishError>> {
        let folder = if self.signs() {
            Some(FlagRepository::find(Path::new("."), cache_writes(self.args))?.git().top_folder().to_owned())
        } else {
            None
        };
        let sign = |bytes: &[u8]| -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
            let folder = folder.as_deref().ok_or_else(|| anyhow!("no key is configured"))?;
            Ok(commit::sign_text(folder, NAMESPACE, std::str::from_utf8(bytes)?)?.into_bytes())
        };
        let sign: Option<publish::Sign<'_>> = if self.signs() { Some(&sign) } else { None };
        let commit = self.head.commit();
        let (target, compare, mode) = (self.target.name(), self.compare, self.mode());
        let request = PublishRequest { commit: &commit, content, target, compare, sign, mode };
        Ok(progress::shown("publishing", || publish::publish(channel, &request)))
    }

    /// Writes the results of all environments, also after a failure: the environments before it were published.
    fn finish(&self, results: Results) -> Result<Exit> {
        let Self { args, store, .. } = self;
        let problems: Vec<_> = results.failures.iter().map(ToString::to_string).collect();
        let is_published = |(_, outcome): &(String, PublishOutcome)| matches!(outcome, PublishOutcome::Published(_));
        let has_published = !args.dry_run && results.outcomes.iter().any(is_published);
        let kills = |environment: &str| results.kills.get(environment).cloned().unwrap_or_default();
        let environment = |(name, outcome): &(String, PublishOutcome)| PublicationJson::new(name, outcome, kills(name));
        let json = PublicationsJson {
            version: 1,
            target: store.name().to_owned(),
            dry_run: args.dry_run,
            scope: results.scope,
            environments: results.outcomes.iter().map(environment).collect(),
            cache_seconds: has_published.then(|| store.delay().as_secs()),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
        };
        args.format.write(&json, report::publication::human::publications)?;
        let mut exit = Exit::Yes;
        for error in results.failures {
            exit = publish_target::refused(error)?;
        }
        Ok(exit)
    }
}

/// The results of the environments, in the order of publishing.
struct Results {
    scope: PublicationScope,
    outcomes: Vec<(String, PublishOutcome)>,
    failures: Vec<PublishError>,
    kills: BTreeMap<String, KillsJson>,
}

impl Results {
    fn new(scope: PublicationScope) -> Self {
        Self { scope, outcomes: Vec::new(), failures: Vec::new(), kills: BTreeMap::new() }
    }

    /// Adds a result, and returns whether it is a failure.
    fn add(&mut self, environment: &str, result: Result<PublishOutcome, PublishError>) -> ControlFlow<()> {
        match result {
            Ok(outcome) => {
                self.outcomes.push((environment.to_owned(), outcome));
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.failures.push(error);
                ControlFlow::Break(())
            }
        }
    }
}
