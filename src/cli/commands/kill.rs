//! `flagctl kill`: the emergency commit.

use std::collections::BTreeSet;
use std::io;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::bundle::{Bundle, Condition, FlagId, Follow, State};
use crate::cli::affected_flags::{Targets, finish, kill_path, show_plan};
use crate::cli::branch_write::{WriteSession, Writing, ask, can_ask};
use crate::cli::change_preview::{Moves, moves};
use crate::cli::exit::Exit;
use crate::cli::exit::UsageError;
use crate::cli::{off_variant, progress};
use crate::commit::{Changes, CommitError, CommitFiles};
use crate::load;
use crate::model::FLAGS;
use crate::report::flags::FlagStateJson;
use crate::report::{ActionJson, EffectJson};

/// Turn flags off in an environment, by one commit
///
/// Shows what each flag serves now and what falls with it, asks, and commits `kills/<environment>/<flag>.yaml` on top
/// of the branch. What you have changed or staged is neither committed nor touched.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: flagctl kill new-checkout -e production --reason 'INC-4212: checkout answers 500' --push"
)]
pub(crate) struct Args {
    /// Keys of flags
    #[arg(value_name = "FLAG", required_unless_present = "tag")]
    flags: Vec<String>,
    /// All flags with this tag, too
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Where; may be repeated, and is needed where there are several environments
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
    /// Why, for whoever reads it later; asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who kills, instead of git's author
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

/// An emergency does not wait for the histories of more flags.
const HISTORIES: usize = 8;

/// What a kill's file says.
#[derive(Serialize)]
struct File<'k> {
    reason: &'k str,
    by: &'k str,
    at: String,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let site = WriteSession::open(&args.writing)?;
    let environments = site.environments(&args.environment)?;
    let keys = keys(args, &site)?;
    let dependants = progress::shown("looking for what depends on it", || load::dependants(&site.source, &keys, &[]))?;
    let mut effects = Vec::new();
    for environment in &environments {
        effects.extend(in_environment(&site, &keys, &dependants, environment)?);
    }
    let targets = Targets::of(&effects);
    let undo = format!("flagctl revive {}{}", targets.arguments(), args.writing.options());
    let mut action = ActionJson { version: 1, action: "kill", effects, undo, written: None };
    let mut out = io::stdout().lock();
    show_plan(args.writing.format, &action, &mut out)?;
    if targets.is_empty() || args.writing.dry_run {
        return finish(args.writing.format, &action, &mut out);
    }
    let reason = reason(args)?;
    if !args.writing.confirmed(&format!("kill {}?", targets.words()))? {
        return Ok(Exit::No);
    }
    let author = site.author()?;
    let by = args.by.as_deref().unwrap_or(&author.name);
    let file = File { reason: &reason, by, at: Timestamp::from_second(author.seconds)?.to_string() };
    let text = serde_yaml::to_string(&file)?;
    let message = targets.message("kill", Some(&reason));
    let paths =
        targets.flags().into_iter().map(|key| Ok((key, site.path(&site.flag(key)?)))).collect::<Result<Vec<_>>>()?;
    let written = site.commit(&args.writing, |tree| {
        for (key, path) in &paths {
            still_there(&site, tree, key, path)?;
        }
        let mut changes = Changes::new(message.clone());
        for (flag, environment) in targets.pairs() {
            let path = site.path(&kill_path(flag, environment));
            // Somebody else may have been faster, and their reason stands.
            if tree.read(&path)?.is_none() {
                changes.write(path, text.clone());
            }
        }
        Ok(changes)
    })?;
    action.written = Some(written);
    finish(args.writing.format, &action, &mut out)
}

/// Those named and those with the tag, sorted.
fn keys(args: &Args, site: &WriteSession) -> Result<Vec<String>> {
    let mut keys: BTreeSet<String> = args.flags.iter().cloned().collect();
    for key in &keys {
        site.flag(key)?;
    }
    if let Some(tag) = &args.tag {
        let loaded = progress::all(&site.source)?;
        let tagged = loaded.project.flags.iter().filter(|flag| flag.tags.iter().any(|one| one.value == *tag));
        let before = keys.len();
        keys.extend(tagged.map(|flag| flag.key.clone()));
        if keys.len() == before && args.flags.is_empty() {
            anyhow::bail!("no flag has the tag `{tag}`");
        }
    }
    Ok(keys.into_iter().collect())
}

fn reason(args: &Args) -> Result<String> {
    let reason = match &args.reason {
        Some(reason) => reason.clone(),
        None if can_ask() => ask("reason: ")?,
        None => String::new(),
    };
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(UsageError("a kill has a reason, for whoever reads it later: `--reason TEXT`".to_owned()).into());
    }
    Ok(reason)
}

/// What killing does to each flag in an environment.
fn in_environment(
    site: &WriteSession,
    keys: &[String],
    dependants: &[String],
    environment: &str,
) -> Result<Vec<EffectJson>> {
    let all: Vec<String> = keys.iter().chain(dependants).cloned().collect();
    let bundle = site.bundle(&all, environment)?;
    let mut effects = Vec::new();
    for key in keys {
        let mut effect = effect(site, &bundle, key, environment)?;
        let flag = bundle.flag(key).filter(|flag| effect.changes && !off_variant::serves_off(flag));
        effect.notes.extend(match flag {
            None => None,
            Some(_) if keys.len() > HISTORIES => {
                Some(format!("whether its `off` was ever served is looked up for at most {HISTORIES} flags at once"))
            }
            Some(flag) => Some(progress::shown("reading history", || off_variant::note(&site.tip, flag, environment))?),
        });
        effects.push(effect);
    }
    Ok(effects)
}

fn effect(site: &WriteSession, bundle: &Bundle, key: &str, environment: &str) -> Result<EffectJson> {
    let before = FlagStateJson::new(bundle, key);
    let flag = bundle.flag(key);
    let killed = site.tip.blob_id(&kill_path(key, environment))?.is_some();
    let mut notes = Vec::new();
    let after = match flag {
        _ if killed => {
            let reason = before.reason.as_deref().unwrap_or("its file does not say why");
            notes.push(format!("killed already: {reason}"));
            "as before".to_owned()
        }
        None => {
            notes.push("its definition has errors, so what it serves now is not known; it can be killed".to_owned());
            "serves its `off` variant to everyone, once it can be decided".to_owned()
        }
        Some(flag) => {
            let off = flag.variant(flag.off);
            if flag.state == State::Disabled {
                notes.push("it is disabled, so this changes nothing until it is enabled".to_owned());
            }
            format!("serves {} = {} to everyone", off.name, off.value)
        }
    };
    if !killed {
        notes.extend(falling(bundle, key));
    }
    let (flag, environment) = (key.to_owned(), environment.to_owned());
    Ok(EffectJson { flag, environment, changes: !killed, before, after, notes })
}

/// What becomes of the flags that require the killed one, or ask for it.
fn falling(bundle: &Bundle, key: &str) -> Vec<String> {
    let Some(killed) = bundle.flags.find(key) else { return Vec::new() };
    let mut notes = Vec::new();
    // Flags that serve `off` from now on, in the order in which they fall.
    let mut fallen = vec![killed];
    let mut at = 0;
    while let Some(&cause) = fallen.get(at) {
        at += 1;
        for (id, flag) in (0u32..).map(FlagId).zip(&bundle.flags) {
            let lost = flag.prerequisites.iter().any(|one| lost(bundle, one, cause));
            if lost && flag.state == State::Enabled && !fallen.contains(&id) {
                let off = flag.variant(flag.off);
                let cause = &bundle.flag_at(cause).key;
                let falls =
                    format!("{} requires {cause} and falls with it: serves {} = {}", flag.key, off.name, off.value);
                notes.push(falls);
                fallen.push(id);
            }
        }
    }
    let mut after = bundle.clone();
    if let Some(flag) = after.flags.find_mut(key) {
        flag.state = State::Disabled;
    }
    for (id, flag) in (0u32..).map(FlagId).zip(&bundle.flags) {
        let asks = |condition: &Condition| {
            let mut reachable = bundle.reachable_conditions(condition, Follow::Segments);
            reachable.any(|condition| matches!(condition, Condition::Flag { key, .. } if fallen.contains(key)))
        };
        if fallen.contains(&id) || flag.state != State::Enabled || !flag.conditions().any(asks) {
            continue;
        }
        match moves(bundle, &after, &flag.key) {
            Some(Moves { lines, .. }) => {
                notes.extend(lines.iter().map(|line| format!("{} depends on it: {line}", flag.key)));
            }
            None => notes.push(format!("{} asks for it and may serve something else", flag.key)),
        }
    }
    notes
}

/// Whether a prerequisite on a flag cannot be met while that serves `off`.
fn lost(bundle: &Bundle, prerequisite: &Condition, cause: FlagId) -> bool {
    match prerequisite {
        Condition::Flag { key, variants } => *key == cause && !variants.contains(&bundle.flag_at(cause).off),
        _ => false,
    }
}

/// # Errors
/// [`CommitError::Apply`] if the flag is not where it was, which a retry may find.
fn still_there(site: &WriteSession, tree: &CommitFiles, key: &str, path: &str) -> Result<(), CommitError> {
    let ends = format!("/{key}.yaml");
    let there = tree.read(path)?.is_some() || tree.list(&site.path(FLAGS))?.iter().any(|path| path.ends_with(&ends));
    if there { Ok(()) } else { Err(CommitError::Apply(format!("flag `{key}` was removed meanwhile").into())) }
}
