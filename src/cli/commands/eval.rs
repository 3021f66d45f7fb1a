//! `flagctl eval`: what a context gets, and why.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::bundle::{Bundle, Flag};
use crate::cli::revision_arg::At;
use crate::cli::{
    Exit, Format, Global, Stream, UsageError, bundle_arg, check_environment, context_arg, eval_batch, moment,
    parse_moment, prefix, progress, terminal_width, unknown_flag,
};
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag::Finding;
use crate::eval::{Context, Decision, decide, nearest, trace};
use crate::load;
use crate::load::Loaded;
use crate::report;
use crate::report::{DecisionJson, DecisionsJson, Validation};
use crate::source::{Revision, Source};

/// Decide what a context gets
///
/// Without FLAG, all flags of the environment are decided.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: flagctl eval new-checkout -e production -c targetingKey=user-42 -c country=US --explain"
)]
pub(crate) struct Args {
    /// Keys of flags
    #[arg(value_name = "FLAG")]
    pub(crate) flags: Vec<String>,
    /// The environment to decide for; needed where there are several
    #[arg(short, long, value_name = "ENV")]
    environment: Option<String>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    given: context_arg::Given,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "environment"])]
    bundle: Option<PathBuf>,
    /// A file with one JSON context a line, or `-` for stdin; one line of JSON is written for each
    #[arg(long, value_name = "FILE", conflicts_with_all = ["context", "attributes", "explain", "test", "format"])]
    contexts: Option<PathBuf>,
    /// The moment of the decision, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    now: Option<Timestamp>,
    /// Show every rule and condition, what was expected and what was found
    #[arg(long, conflicts_with = "test")]
    explain: bool,
    /// Write nothing; exit with 0 if the flag is true, 1 if it is false
    #[arg(long)]
    test: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let now = moment(args.now);
    let Some(Read { bundle, commit, health }) = read(args, global)? else { return Ok(Exit::Failed) };
    let flags: Vec<&Flag> = match args.flags.as_slice() {
        [] => bundle.flags.iter().collect(),
        keys => keys.iter().filter_map(|key| bundle.flag(key)).collect(),
    };
    if flags.len() < args.flags.len() || args.test && health == Exit::Failed {
        return Ok(Exit::Failed);
    }
    if let Some(file) = &args.contexts {
        let exit = eval_batch::run(&bundle, &flags, file, now)?;
        return Ok(if health == Exit::Failed { health } else { exit });
    }
    let json = context_arg::file(args.given.context.as_deref())?;
    let context = context_arg::read(&bundle.attributes, json.as_ref(), &args.given.attributes)?;
    context_arg::note_unusable(&bundle.attributes, &context, &mut io::stderr().lock())?;
    if args.test {
        return test(&bundle, &flags, &context, now);
    }
    let mut out = io::stdout().lock();
    match args.format {
        Format::Human => human(args, &bundle, &flags, &context, now, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &json_of(args, commit, &bundle, &flags, &context, now))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(health)
}

/// What is decided from.
struct Read {
    bundle: Bundle,
    /// Of the revision that was asked for.
    commit: Option<String>,
    /// Whether all flags can be decided.
    health: Exit,
}

/// None where nothing can be decided; why has been shown.
fn read(args: &Args, global: &Global) -> Result<Option<Read>> {
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::flags(path, &args.flags)?;
        return Ok(Some(Read { bundle, commit: None, health: Exit::Yes }));
    }
    let source = args.at.source(Path::new("."))?;
    let settings = load::settings(&source)?;
    if refuse(&settings, settings.settle(Vec::new()), &source, global)? == Exit::Failed {
        return Ok(None);
    }
    let environment = environment(args.environment.as_deref(), &settings)?;
    let loaded = match args.flags.as_slice() {
        [] => progress::all(&source)?,
        keys => load::flags(&source, settings, keys, &[&environment])?,
    };
    for key in &args.flags {
        if loaded.project.flag(key).is_none() {
            return Err(unknown_flag(key, &source));
        }
    }
    let (bundle, diagnostics) = compile(&loaded.project, &environment);
    // One flag that cannot be decided is no reason to withhold the others.
    let health = refuse(&loaded, loaded.settle(diagnostics), &source, global)?;
    let decided = args.flags.iter().all(|key| bundle.flag(key).is_some());
    if decided && !args.test {
        args.at.note(&source, &mut io::stderr().lock())?;
    }
    Ok(Some(Read { bundle, commit: source.revision().map(Revision::commit), health }))
}

fn human(
    args: &Args,
    bundle: &Bundle,
    flags: &[&Flag],
    context: &Context<'_>,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !args.explain && flags.len() != 1 {
        let decided: Vec<(&Flag, Decision<'_>)> =
            flags.iter().map(|flag| (*flag, decide(bundle, flag, context, now))).collect();
        return out.write_all(report::decisions(bundle, &decided, context, now, terminal_width()).as_bytes());
    }
    for (at, flag) in flags.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let trace = trace(bundle, flag, context, now);
        out.write_all(report::decision(bundle, flag, context, now, &trace.decision).as_bytes())?;
        if args.explain {
            let nearest = nearest(bundle, flag, context, now);
            writeln!(out)?;
            out.write_all(report::explanation(bundle, flag, &trace, nearest.as_ref()).as_bytes())?;
        }
    }
    Ok(())
}

fn json_of<'b>(
    args: &Args,
    commit: Option<String>,
    bundle: &'b Bundle,
    flags: &[&'b Flag],
    context: &Context<'_>,
    now: Timestamp,
) -> DecisionsJson<'b> {
    let decision = |flag: &&'b Flag| {
        if !args.explain {
            return DecisionJson::new(bundle, flag, &decide(bundle, flag, context, now));
        }
        let trace = trace(bundle, flag, context, now);
        let nearest = nearest(bundle, flag, context, now);
        DecisionJson::new(bundle, flag, &trace.decision).with_trace(flag, &trace, nearest.as_ref())
    };
    DecisionsJson {
        version: 1,
        environment: &bundle.environment,
        now: now.to_string(),
        commit,
        decisions: flags.iter().map(decision).collect(),
    }
}

fn test(bundle: &Bundle, flags: &[&Flag], context: &Context<'_>, now: Timestamp) -> Result<Exit> {
    let [flag] = flags else { return Err(UsageError("`--test` takes exactly one flag".to_owned()).into()) };
    match decide(bundle, flag, context, now).variant.value.as_bool() {
        Some(true) => Ok(Exit::Yes),
        Some(false) => Ok(Exit::No),
        None => bail!("`--test` takes a boolean flag; `{}` is none", flag.key),
    }
}

/// The environment asked for, or the only one that there is.
pub(crate) fn environment(given: Option<&str>, settings: &Loaded) -> Result<String> {
    let names: Vec<&str> = settings.project.settings.environments.iter().map(|name| name.value.as_str()).collect();
    match (given, names.as_slice()) {
        (Some(name), _) => check_environment(name, &settings.project.settings).map(|()| name.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, names) => Err(UsageError(format!("which environment? Say `-e` and one of {}", names.join(", "))).into()),
    }
}

/// Shows the errors among the findings, if there are any.
pub(crate) fn refuse(loaded: &Loaded, findings: Vec<Finding>, source: &Source, global: &Global) -> Result<Exit> {
    let errors: Vec<_> = findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if errors.is_empty() {
        return Ok(Exit::Yes);
    }
    let validation = Validation {
        findings: &errors,
        snapshot: &loaded.snapshot,
        prefix: &prefix(source),
        revision: source.revision(),
        checked: &[],
        contents: "cannot be decided",
    };
    let colour = global.colour(Stream::Stderr);
    report::validation(&validation, report::FindingsFormat::Human, colour, &mut io::stderr().lock())?;
    Ok(Exit::Failed)
}
