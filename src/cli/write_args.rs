//! The arguments of the commands that commit: the branch, the hooks, the confirmation and the format.

use std::path::Path;

use anyhow::Result;

use crate::actions::{ActionError, CommittedAction, Destination, Targets, WriteMode, WriteOptions, WriteSession};
use crate::cli::console;
use crate::cli::console::{ask, can_ask};
use crate::cli::environment_arg::{check_environment, missing_environment};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::{OutputFormat, write_json};
use crate::cli::progress;
use crate::commit::Hooks;
use crate::report::actions::{ActionJson, human};

/// Where and how a commit is made.
#[derive(Debug, clap::Args)]
pub(crate) struct WriteArgs {
    /// The branch to commit to [default: the branch that is checked out]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Commit on top of the remote's branch, and push that commit
    #[arg(long)]
    push: bool,
    /// The remote to push to
    #[arg(long, value_name = "NAME", default_value = "origin", requires = "push")]
    remote: String,
    /// Do not run git's `pre-commit`, `commit-msg` and `pre-push` hooks
    #[arg(long)]
    no_verify: bool,
    /// Show the plan, and write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: OutputFormat,
}

/// The answer to a yes-or-no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
}

impl WriteArgs {
    /// Opens a session on the branch.
    pub(crate) fn open(&self) -> Result<WriteSession> {
        let options = WriteOptions {
            destination: Destination { branch: self.branch.clone(), remote: self.push.then(|| self.remote.clone()) },
            hooks: if self.no_verify { Hooks::Skip } else { Hooks::Run },
            mode: if self.dry_run { WriteMode::DryRun } else { WriteMode::Commit },
        };
        let progress_text = if self.push { "asking the remote" } else { "reading the branch" };
        Ok(progress::shown(progress_text, || WriteSession::open(Path::new("."), options))?)
    }

    /// Shows a plan as text for people. In JSON, [`WriteArgs::finish`] writes the plan and the commit as one document.
    pub(crate) fn show_plan(&self, action: &ActionJson) -> Result<()> {
        match self.format {
            OutputFormat::Human => Ok(console::write(human::plan(action))?),
            OutputFormat::Json => Ok(()),
        }
    }

    /// Returns whether the plan is committed: the plan changes a flag, and this is not a dry run.
    pub(crate) fn will_commit(&self, targets: &Targets) -> bool {
        !self.dry_run && !targets.is_empty()
    }

    /// Asks for confirmation, commits a plan with `commit`, and shows the commit.
    ///
    /// # Errors
    /// Returns a [`UsageError`] if `--yes` is missing and the user cannot confirm on a terminal.
    pub(crate) fn commit(
        &self,
        mut action: ActionJson,
        question: &str,
        commit: impl FnOnce() -> Result<CommittedAction, ActionError>,
    ) -> Result<Exit> {
        if self.confirm(question)? == Answer::No {
            return Ok(Exit::No);
        }
        let progress_text = if self.push { "pushing" } else { "committing" };
        action.written = Some(progress::shown(progress_text, commit)?.into());
        self.finish(&action)
    }

    /// Shows the commit, if there is one, as text for people. In JSON, writes the plan and the commit.
    pub(crate) fn finish(&self, action: &ActionJson) -> Result<Exit> {
        match (self.format, &action.written) {
            (OutputFormat::Json, _) => write_json(action)?,
            (OutputFormat::Human, Some(committed)) => console::write(human::committed(committed))?,
            (OutputFormat::Human, None) => {}
        }
        Ok(Exit::Yes)
    }

    fn confirm(&self, question: &str) -> Result<Answer> {
        if self.yes {
            return Ok(Answer::Yes);
        }
        if !can_ask() {
            let problem =
                "expected a terminal to ask for confirmation: pass `--yes`, or `--dry-run` to show the plan only";
            return Err(UsageError(problem.to_owned()).into());
        }
        let answer = ask(&format!("{question} [y/N] "))?.to_lowercase();
        Ok(if ["y", "yes"].contains(&answer.as_str()) { Answer::Yes } else { Answer::No })
    }
}

/// Checks the given environments and returns them in the order of promotion. If no environment is given, returns the
/// only environment that the project declares.
///
/// # Errors
/// Returns a [`UsageError`] if no environment is given and the project declares several.
pub(crate) fn environments(session: &WriteSession, given: &[String]) -> Result<Vec<String>> {
    given.iter().try_for_each(|name| check_environment(name, session.settings()))?;
    let declared: Vec<String> = session.settings().environment_names().map(str::to_owned).collect();
    if given.is_empty() && declared.len() > 1 {
        return Err(missing_environment(declared.iter().map(String::as_str)));
    }
    Ok(declared.into_iter().filter(|name| given.is_empty() || given.contains(name)).collect())
}
