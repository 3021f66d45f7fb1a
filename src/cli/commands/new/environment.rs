//! `flagctl new environment`: adds an environment to the project.

use anyhow::{Context as _, Result};

use crate::cli::environment_arg::check_environment;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::new_definition::{Home, check_name, finish};
use crate::cli::new_files::{NewFilesArgs, Writing};
use crate::load::folded;
use crate::model::FLAGS;
use crate::report::escape::shell_word;
use crate::report::scaffold::{NewFileJson, NewFileState};
use crate::scaffold::{Position, flag_with_environment, project_with_environment};
use crate::snapshot::PROJECT_FILE;

/// Add an environment to `flagctl.yaml`
///
/// Without `--from`, each flag serves there what its fields outside of `environments` say. With `--from ENV`, the environment serves
/// what ENV serves: it joins the groups of ENV, and gets its policy and its fields in flags and rules. Targets, tests and kills
/// stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl new environment qa --from staging --dry-run")]
pub(super) struct Args {
    /// The name of the environment
    #[arg(value_name = "NAME")]
    name: String,
    /// Serve what another environment serves
    #[arg(long, value_name = "ENV")]
    from: Option<String>,
    /// Put it directly before another environment in the order of promotion
    #[arg(long, value_name = "ENV", conflicts_with = "after")]
    before: Option<String>,
    /// Put it directly after another environment [default: after that of `--from`, or last]
    #[arg(long, value_name = "ENV")]
    after: Option<String>,
    #[command(flatten)]
    new: NewFilesArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let home = Home::find(global)?;
    let name = &args.name;
    check_name(name, "an environment", "staging")?;
    let settings = home.settings();
    let others = [&args.from, &args.before, &args.after];
    others.into_iter().flatten().try_for_each(|other| check_environment(other, settings))?;
    let taken = settings.environment_names().chain(settings.groups.iter().map(|group| group.name.value.as_str()));
    if let Some(taken) = taken.into_iter().find(|taken| folded(taken) == folded(name)) {
        return Err(UsageError(format!("`{taken}` is an environment or a group already")).into());
    }
    let position = match (&args.before, &args.after, &args.from) {
        (Some(other), ..) => Position::Before(other),
        (None, Some(other), _) | (None, None, Some(other)) => Position::After(other),
        (None, None, None) => Position::Last,
    };
    // All changes are made in memory first. The project is written last, because the flags may name the environment only
    // after that.
    let mut changes = Vec::new();
    let paths = match &args.from {
        Some(from) => home.source.files_mentioning(&[FLAGS], &[from])?,
        None => Vec::new(),
    };
    for (path, from) in paths.into_iter().zip(args.from.iter().cycle()) {
        let Some(file) = home.source.read(&path)?.filter(|file| file.fault.is_none()) else { continue };
        let text = flag_with_environment(&file.text, name, from);
        let text = text.with_context(|| format!("cannot change `{path}`"))?;
        if text != file.text {
            changes.push((path, text));
        }
    }
    changes.sort();
    let project = home.source.read(PROJECT_FILE)?.map_or_else(String::new, |file| file.text);
    let project = project_with_environment(&project, name, position, args.from.as_deref());
    changes.push((PROJECT_FILE.to_owned(), project.with_context(|| format!("cannot change `{PROJECT_FILE}`"))?));
    let folder = home.folder()?;
    let mut files = Vec::new();
    for (path, text) in changes {
        if args.new.writing() == Writing::Write {
            folder.write(&path, &text).with_context(|| format!("cannot write `{path}`"))?;
        }
        files.push(NewFileJson {
            path: format!("{}{path}", home.source.prefix()),
            state: NewFileState::Changed,
            text: (args.new.writing() == Writing::DryRun).then_some(text),
            lines_to_add: Vec::new(),
        });
    }
    let next =
        vec![home.command("validate"), home.command("test"), home.command(&format!("list -e {}", shell_word(name)))];
    finish(&args.new, files, next)
}
