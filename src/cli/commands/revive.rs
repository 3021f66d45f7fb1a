//! `flagctl revive`: the end of a kill.

use std::io;

use anyhow::{Result, bail};

use crate::bundle::Bundle;
use crate::cli::affected_flags::{Targets, finish, kill_path, shell_word, show_plan};
use crate::cli::branch_write::{WriteSession, Writing};
use crate::cli::change_preview::{Moves, moves};
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::commit::Changes;
use crate::compile::compile;
use crate::git::Revision;
use crate::load;
use crate::report::flags::FlagStateJson;
use crate::report::{ActionJson, EffectJson};
use crate::source::Source;

/// Undo kills, by one commit
///
/// Refuses where the flag would come back with another meaning than it had when it was killed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl revive new-checkout -e production --reason 'fixed by 4f1c2aa' --push")]
pub(crate) struct Args {
    /// Keys of flags
    #[arg(value_name = "FLAG", required = true)]
    flags: Vec<String>,
    /// Where; may be repeated, and is needed where there are several environments
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Revive what has another meaning than when it was killed, too
    #[arg(long)]
    allow_changed: bool,
    #[command(flatten)]
    writing: Writing,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let site = WriteSession::open(&args.writing)?;
    let environments = site.environments(&args.environment)?;
    let mut keys = args.flags.clone();
    keys.sort();
    keys.dedup();
    let mut effects = Vec::new();
    let mut changed = false;
    for environment in &environments {
        for key in &keys {
            let (effect, meaning) = progress::shown("reading history", || effect(&site, key, environment))?;
            changed |= effect.changes && meaning == Meaning::Unsure;
            effects.push(effect);
        }
    }
    let targets = Targets::of(&effects);
    let why = effects.iter().find_map(|effect| effect.before.reason.as_deref()).unwrap_or("…");
    let why = shell_word(why);
    let undo = format!("flagctl kill {} --reason {why}{}", targets.arguments(), args.writing.options());
    let mut action = ActionJson { version: 1, action: "revive", effects, undo, written: None };
    let mut out = io::stdout().lock();
    show_plan(args.writing.format, &action, &mut out)?;
    if changed && !args.allow_changed {
        bail!("what would come back is not what was killed: look at it, and say `--allow-changed` if it is right");
    }
    if targets.is_empty() || args.writing.dry_run {
        return finish(args.writing.format, &action, &mut out);
    }
    if !args.writing.confirmed(&format!("revive {}?", targets.words()))? {
        return Ok(Exit::No);
    }
    let message = targets.message("revive", args.reason.as_deref());
    let written = site.commit(&args.writing, |tree| {
        let mut changes = Changes::new(message.clone());
        for (flag, environment) in targets.pairs() {
            let path = site.path(&kill_path(flag, environment));
            if tree.read(&path)?.is_some() {
                changes.remove(path);
            }
        }
        Ok(changes)
    })?;
    action.written = Some(written);
    finish(args.writing.format, &action, &mut out)
}

/// Whether a flag means what it meant when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Same,
    /// It does not, or that cannot be told.
    Unsure,
}

fn effect(site: &WriteSession, key: &str, environment: &str) -> Result<(EffectJson, Meaning)> {
    let path = kill_path(key, environment);
    let killed = site.tip.blob_id(&path)?.is_some();
    if !killed {
        // A name that is no flag's is not revived in silence.
        site.flag(key)?;
    }
    let alive = alive(&site.tip, key, environment)?;
    let before = FlagStateJson::new(&site.bundle(&[key.to_owned()], environment)?, key);
    let mut notes = Vec::new();
    let mut meaning = Meaning::Same;
    if !killed {
        notes.push("is not killed".to_owned());
    } else if let Some(then) = before_kill(&site.tip, &path)? {
        let then = self::alive(&then, key, environment)?;
        match moves(&then, &alive, key) {
            Some(Moves { lines, .. }) if lines.is_empty() => {
                notes.push("decides as it did when it was killed: proven".to_owned())
            }
            Some(Moves { lines, .. }) => {
                notes.extend(lines.iter().map(|line| format!("changed since it was killed: {line}")));
                meaning = Meaning::Unsure;
            }
            None => {
                notes.push("whether it decides as it did when it was killed cannot be told".to_owned());
                meaning = Meaning::Unsure;
            }
        }
    } else {
        notes.push(
            "history does not reach back to before it was killed, so what changed since cannot be told".to_owned(),
        );
        meaning = Meaning::Unsure;
    }
    let after = FlagStateJson::new(&alive, key).steps.join("\n    ");
    let (flag, environment) = (key.to_owned(), environment.to_owned());
    Ok((EffectJson { flag, environment, changes: killed, before, after, notes }, meaning))
}

/// The flag as it is but for kills.
fn alive(revision: &Revision, key: &str, environment: &str) -> Result<Bundle> {
    let source = Source::Revision(revision.clone());
    let mut loaded = load::flags(&source, load::settings(&source)?, &[key.to_owned()], &[environment])?;
    loaded.project.kills.clear();
    Ok(compile(&loaded.project, environment).0)
}

/// The last commit at which the file of the kill was not there yet.
fn before_kill(tip: &Revision, path: &str) -> Result<Option<Revision>> {
    let mut here = tip.parent()?;
    while let Some(revision) = here {
        if revision.blob_id(path)?.is_none() {
            return Ok(Some(revision));
        }
        here = revision.parent()?;
    }
    Ok(None)
}
