//! `flagctl rollout`: one step of a rule's rollout, as a commit.

use std::collections::BTreeSet;
use std::io;

use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;

use crate::analyze::Effect;
use crate::bundle::{Bundle, Percent};
use crate::cli::affected_flags::{Targets, finish, shell_word, show_plan};
use crate::cli::branch_write::{WriteSession, Writing};
use crate::cli::change_preview::{Moves, moves};
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::rule_selector::RuleLocation;
use crate::commit::{Changes, CommitError, CommitFiles, Message};
use crate::edit;
use crate::edit::{Scalar, Step};
use crate::load;
use crate::load::Loaded;
use crate::model::{Flag, Rule};
use crate::report;
use crate::report::flags::FlagStateJson;
use crate::report::{ActionJson, EffectJson, RolloutJson, RolloutsJson};
use crate::yaml::Completeness;

/// Change the share of units that a rule admits, by one commit
///
/// Changes the number in the flag's file and nothing else. Shows who enters and who leaves, and asks. What you have
/// changed or staged is neither committed nor touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl rollout new-checkout -e production --to 50%\n  \
                        flagctl rollout new-checkout -e production next --push\n  flagctl rollout new-checkout status")]
pub(crate) struct Args {
    /// A flag's key
    #[arg(value_name = "FLAG")]
    flag: String,
    /// Where to in the rule's `steps`
    #[arg(value_name = "STEP", required_unless_present = "to", conflicts_with = "to")]
    step: Option<To>,
    /// The new share, such as `50%`
    #[arg(long, value_name = "PERCENT")]
    to: Option<Percent>,
    /// Where; may be repeated, and is needed where environments have rules of their own
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
    /// The rule's name, or its place, such as `#2`; needed where several have a rollout
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Move units from one variant to another, too, neither of which is `off`
    #[arg(long)]
    allow_reassign: bool,
    #[command(flatten)]
    writing: Writing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// To the next step
    Next,
    /// To the step before
    Back,
    /// Only show where it is
    Status,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let site = WriteSession::open(&args.writing)?;
    let path = site.flag(&args.flag)?;
    let all = site.all_environments();
    if !args.environment.is_empty() {
        site.environments(&args.environment)?;
    }
    let loaded = site.loaded(std::slice::from_ref(&args.flag), all.first().map_or("", String::as_str))?;
    let flag = whole(&loaded, &args.flag)?;
    if args.step == Some(To::Status) {
        return status(args, flag, &all);
    }
    let spot = RuleLocation::find(flag, &all, &args.environment, args.rule.as_deref())?;
    let (from, to) = (spot.rollout(), target(args, &spot)?);
    let dependants = progress::shown("looking for what depends on it", || {
        load::dependants(&site.source, std::slice::from_ref(&args.flag), &[])
    })?;
    let mut effects = Vec::new();
    let mut moved = BTreeSet::new();
    for environment in &spot.environments {
        effects.push(effect(args, &site, &spot, (environment, &dependants), to, &mut moved)?);
    }
    let targets = Targets::of(&effects);
    let rule = shell_word(&spot.name());
    let places: String = spot.environments.iter().map(|name| format!(" -e {name}")).collect();
    let undo = format!("flagctl rollout {}{places} --rule {rule} --to {from}{}", args.flag, args.writing.options());
    let mut action = ActionJson { version: 1, action: "rollout", effects, undo, written: None };
    let mut out = io::stdout().lock();
    show_plan(args.writing.format, &action, &mut out)?;
    if !args.allow_reassign && (moved.contains(&Effect::Reassign) || moved.contains(&Effect::Reshuffle)) {
        bail!("units would move from one variant to another: look at it, and say `--allow-reassign` if it is right");
    }
    if targets.is_empty() || args.writing.dry_run {
        return finish(args.writing.format, &action, &mut out);
    }
    let subject = format!("rollout {}: {} {from} → {to}", targets.words(), spot.name());
    if !args.writing.confirmed(&format!("{subject}?"))? {
        return Ok(Exit::No);
    }
    let message = Message { subject, ..targets.message("rollout", args.reason.as_deref()) };
    let old = &loaded.snapshot.file(flag.file).text;
    let new = edited(old, &spot, to)?;
    let path = site.path(&path);
    let written = site.commit(&args.writing, |tree| apply(tree, &message, &path, (old, &new), &spot, to))?;
    action.written = Some(written);
    finish(args.writing.format, &action, &mut out)
}

/// The flag, if all of its file could be read.
fn whole<'l>(loaded: &'l Loaded, key: &str) -> Result<&'l Flag> {
    let flag = loaded.project.flag(key).filter(|flag| flag.completeness == Completeness::Complete);
    flag.ok_or_else(|| anyhow!("the definition of `{key}` has errors: `flagctl validate` shows them"))
}

/// The share to go to.
fn target(args: &Args, spot: &RuleLocation<'_>) -> Result<Percent> {
    let now = spot.rollout();
    let steps = || spot.rule.steps.iter().map(|step| step.value);
    let step = match (args.to, args.step) {
        (Some(to), _) => return Ok(to),
        _ if spot.rule.steps.is_empty() => {
            bail!("rule `{}` has no `steps`: say where to with `--to`", spot.name())
        }
        (None, Some(To::Back)) => steps().filter(|step| *step < now).max(),
        (None, _) => steps().filter(|step| *step > now).min(),
    };
    step.ok_or_else(|| {
        anyhow!("rule `{}` is at {now}, and no step of it goes further: say where to with `--to`", spot.name())
    })
}

fn edited(text: &str, spot: &RuleLocation<'_>, to: Percent) -> Result<String, edit::Refusal> {
    let (way, to) = (spot.way(), to.to_string());
    if spot.rule.rollout.is_some() {
        let rollout: Vec<Step<'_>> = way.into_iter().chain([Step::Key("rollout")]).collect();
        return edit::set(text, &rollout, Scalar::Text(&to));
    }
    let after = match spot.rule {
        Rule { condition: Some(_), .. } => "if",
        Rule { name: Some(_), .. } => "name",
        _ => "serve",
    };
    edit::insert(text, &way, after, "rollout", Scalar::Text(&to))
}

/// The changes on top of whatever the branch has by now.
fn apply(
    tree: &CommitFiles,
    message: &Message,
    path: &str,
    (old, new): (&str, &str),
    spot: &RuleLocation<'_>,
    to: Percent,
) -> Result<Changes, CommitError> {
    let refuse = |why: String| CommitError::Apply(why.into());
    let bytes = tree.read(path)?.ok_or_else(|| refuse(format!("`{path}` was removed or moved meanwhile")))?;
    let here = String::from_utf8(bytes).map_err(|_| refuse(format!("`{path}` is no longer text")))?;
    let mut changes = Changes::new(message.clone());
    if edit::same(&here, new) {
        return Ok(changes);
    }
    if !edit::same(&here, old) {
        return Err(refuse(format!("`{path}` was changed meanwhile: look at it, and run this again")));
    }
    changes.write(path, edited(&here, spot, to).map_err(|refusal| CommitError::Apply(Box::new(refusal)))?);
    Ok(changes)
}

/// What the new share does in an environment, to the flag and to those that depend on it.
fn effect(
    args: &Args,
    site: &WriteSession,
    spot: &RuleLocation<'_>,
    (environment, dependants): (&str, &[String]),
    to: Percent,
    moved: &mut BTreeSet<Effect>,
) -> Result<EffectJson> {
    let from = spot.rollout();
    let keys: Vec<String> = std::iter::once(&args.flag).chain(dependants).cloned().collect();
    let before = site.bundle(&keys, environment)?;
    let Some(flag) = before.flag(&args.flag) else {
        bail!("`{}` cannot be decided in {environment}: `flagctl validate` shows why", args.flag)
    };
    let mut after = before.clone();
    let rule = after.flags.find_mut(&flag.key).and_then(|flag| flag.rules.get_mut(spot.at));
    if let Some(rule) = rule {
        rule.rollout = to;
    }
    let mut notes = Vec::new();
    if from == to {
        notes.push(format!("is at {to} already"));
    } else {
        for key in keys.iter().filter(|key| before.flag(key).is_some()) {
            notes.extend(moving((&before, &after), key, &args.flag, moved));
        }
    }
    let step = |bundle: &Bundle| {
        bundle.flag(&args.flag).map_or(String::new(), |flag| report::flags::steps::rule(flag, spot.at))
    };
    let mut state = FlagStateJson::new(&before, &args.flag);
    // The others stay as they are.
    if state.steps.contains(&step(&before)) {
        state.steps = vec![step(&before)];
    }
    Ok(EffectJson {
        flag: args.flag.clone(),
        environment: environment.to_owned(),
        changes: from != to,
        before: state,
        after: step(&after),
        notes,
    })
}

/// Whom the change moves, in sentences.
fn moving((before, after): (&Bundle, &Bundle), key: &str, flag: &str, moved: &mut BTreeSet<Effect>) -> Vec<String> {
    let own = key == flag;
    let prefix = if own { String::new() } else { format!("{key} depends on it: ") };
    let Some(Moves { lines, effects }) = moves(before, after, key) else {
        return vec![format!("{prefix}whom this moves takes too much work to say")];
    };
    let mut notes: Vec<String> = lines.into_iter().map(|line| format!("{prefix}{line}")).collect();
    if own {
        notes.push(match (effects.contains(&Effect::Expand), effects.contains(&Effect::Shrink)) {
            _ if effects.is_empty() => "proven: nobody gets anything else".to_owned(),
            (true, false) => "nobody leaves".to_owned(),
            (false, true) => "nobody enters".to_owned(),
            _ => "nobody else gets anything else".to_owned(),
        });
    }
    moved.extend(effects);
    notes
}

fn status(args: &Args, flag: &Flag, all: &[String]) -> Result<Exit> {
    let wanted = |name: &&String| args.environment.is_empty() || args.environment.contains(name);
    let mut rules = Vec::new();
    for environment in all.iter().filter(wanted) {
        let serving = flag.serving(environment);
        for (at, rule) in serving.rules.iter().enumerate() {
            let name = rule.name_at(at);
            let asked_for = args.rule.as_ref().is_none_or(|wanted| *wanted == name);
            let rolled = rule.rollout.is_some() || !rule.steps.is_empty();
            if asked_for && (rolled || args.rule.is_some()) {
                let rollout = rule.rollout.as_ref().map_or(Percent::ALL, |rollout| rollout.value).to_string();
                let steps = rule.steps.iter().map(|step| step.value.to_string()).collect();
                rules.push(RolloutJson { environment: environment.clone(), rule: name, rollout, steps });
            }
        }
    }
    args.writing.format.write(&RolloutsJson { version: 1, flag: &args.flag, rules }, report::rollouts)?;
    Ok(Exit::Yes)
}
