//! `flagctl new flag`: writes the file of a new flag.

use anyhow::{Context as _, Result, anyhow};
use jiff::Span;
use jiff::civil::Date;

use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::new_definition::{Home, folder_below, parse_words, user, words};
use crate::cli::new_files::NewFilesArgs;
use crate::cli::time_arg::day_of_new_files;
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::diag::did_you_mean_or_list;
use crate::load::refused_by_windows;
use crate::model::{DEFAULT_KIND, FLAGS, OPERATORS_KIND, RequiredField, TESTS, flag_file_name};
use crate::report::escape::shell_word;
use crate::scaffold::{FlagFacts, copied_flag, flag, written_facts};

/// The days until a new flag should be gone, unless its kind allows less.
const LIFETIME_DAYS: u32 = 90;

/// Write the file of a new flag, which is off for everyone
///
/// A release flag has a rollout of 0 % with steps, an experiment a split, and a flag of the kind `ops` is on until it is killed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl new flag quick-search --owner team-search --dry-run")]
pub(super) struct Args {
    /// The key of the flag
    #[arg(value_name = "KEY")]
    key: String,
    /// The kind [default: release, or the first kind of the project, or that of the flag of `--from`]
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Copy another flag, without its `salt`, so that the new flag selects users of its own
    #[arg(long, value_name = "FLAG")]
    from: Option<String>,
    /// What users get when the flag is on
    #[arg(long, value_name = "TEXT", value_parser = parse_words)]
    description: Option<String>,
    /// The team or person that answers for the flag [default: your name in git]
    #[arg(long, value_name = "OWNER", value_parser = parse_words)]
    owner: Option<String>,
    /// The day after which the flag should be gone [default: in 90 days, if its kind needs it]
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
    /// A folder below `flags` [default: `flags`, or the folder of the flag of `--from`]
    #[arg(id = "below", long = "folder", value_name = "FOLDER")]
    folder: Option<String>,
    #[command(flatten)]
    new: NewFilesArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let home = Home::find(global)?;
    let key = &args.key;
    let file_name = flag_file_name(key).ok_or_else(|| {
        let expected =
            "expected letters, digits, `.`, `_` and `-`, and `/` or `:` between such words, such as `new-checkout`";
        UsageError(format!("`{key}` is not the key of a flag: {expected}"))
    })?;
    if let Some(problem) = refused_by_windows(&file_name) {
        return Err(UsageError(problem).into());
    }
    let kinds = home.settings().kinds();
    if let Some(kind) = &args.kind
        && home.settings().kind(kind).is_none()
    {
        let help = did_you_mean_or_list(kind, "the kinds are", kinds.iter().map(|kind| kind.name));
        return Err(anyhow!("`{kind}` is not a kind; {help}"));
    }
    let folder = folder_below(FLAGS, args.folder.as_deref()).map_err(UsageError)?;
    let (folder, text) = match &args.from {
        Some(from) => {
            let (text, copied) = copy(args, &home, from)?;
            (if args.folder.is_some() { folder } else { copied }, text)
        }
        None => {
            let first = kinds.iter().find(|kind| kind.name == DEFAULT_KIND).or(kinds.first());
            let kind = args.kind.as_deref().or(first.map(|kind| kind.name));
            (folder, flag(&facts(args, &home, kind)?))
        }
    };
    let is_rollout = args.from.is_none() && text.contains("steps:");
    let (word, last) = (shell_word(key), home.last_environment());
    let third = if is_rollout { format!("rollout {word} next -e {last}") } else { format!("eval {word} -e {last}") };
    let next = vec![
        home.command(&format!("new test {word}")),
        home.commit(&[FLAGS, TESTS], &format!("{key}: begin")),
        home.command(&third),
    ];
    home.write(&args.new, (FLAGS, &format!("{folder}{file_name}")), text, next)
}

/// Returns the facts of a flag of a kind, with what the kind requires.
fn facts(args: &Args, home: &Home, kind: Option<&str>) -> Result<FlagFacts> {
    let questions = args.new.questions();
    let requirements = kind.and_then(|kind| home.settings().kind(kind));
    let requires = |field| requirements.is_some_and(|kind| kind.requires.contains(&field));
    let default = if kind == Some(OPERATORS_KIND) {
        format!("While {} is on, everything works as usual.", args.key)
    } else {
        format!("What users get while {} is on.", args.key)
    };
    let description = words(questions, args.description.as_deref(), "What do users get when it is on?", &default)?;
    let owner = words(questions, args.owner.as_deref(), "Who answers for it?", &user())?;
    let expires = args.expires.or_else(|| requires(RequiredField::Expires).then(|| in_time(home, kind)));
    Ok(FlagFacts { description: Some(description), kind: kind.map(str::to_owned), owner: Some(owner), expires })
}

/// Returns the day after which a new flag of a kind should be gone.
fn in_time(home: &Home, kind: Option<&str>) -> Date {
    let longest = kind.and_then(|kind| home.settings().kind(kind)?.max_age);
    let days = longest.unwrap_or(LIFETIME_DAYS).min(LIFETIME_DAYS);
    let today = day_of_new_files();
    today.checked_add(Span::new().days(i64::from(days))).unwrap_or(today)
}

/// Returns the text of a copy, and its folder.
fn copy(args: &Args, home: &Home, from: &str) -> Result<(String, String)> {
    let path = flag_file_name(from).map(|name| home.source.search(FLAGS, &name)).transpose()?.flatten();
    let path = path.ok_or_else(|| unknown_flag_in_source(from, &home.source))?;
    let text = match home.source.read(&path)? {
        Some(file) if file.fault.is_none() => file.text,
        _ => return Err(anyhow!("`{path}` cannot be read: run `flagctl validate`")),
    };
    let written = written_facts(&text);
    let kind = args.kind.clone().or(written.kind).unwrap_or_else(|| DEFAULT_KIND.to_owned());
    let wanted = facts(args, home, Some(&kind))?;
    let is_over = written.expires.is_some_and(|date| date < day_of_new_files());
    let changes = FlagFacts {
        description: if written.description.is_some() { args.description.clone() } else { wanted.description },
        kind: args.kind.clone(),
        owner: if written.owner.is_some() { args.owner.clone() } else { wanted.owner },
        expires: match written.expires {
            Some(_) if is_over => args.expires.or_else(|| Some(in_time(home, Some(&kind)))),
            Some(_) => args.expires,
            None => wanted.expires,
        },
    };
    let text = copied_flag(&text, &changes).with_context(|| format!("cannot copy `{path}`"))?;
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    Ok((text, folder))
}
