//! The arguments of the commands that commit: the branch, the hooks, the confirmation and the format.

use std::path::Path;

use anyhow::{Result, anyhow};

use crate::actions::{
    ActionError, ChangedFile, CommittedAction, Destination, FlagSelection, Review, Targets, WriteMode, WriteOptions,
    WriteSession,
};
use crate::cli::console;
use crate::cli::console::{ask, can_ask};
use crate::cli::environment_arg::{WrittenEnvironments, check_environment, missing_environment};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::{OutputFormat, write_json};
use crate::cli::progress;
use crate::cli::pull_request;
use crate::cli::time_arg::given_or_now;
use crate::commit::{CommitError, Hooks, remote_default_branch};
use crate::forge::RemoteRepository;
use crate::report::actions::{ActionJson, CommittedJson, differences, human};
use crate::report::escape::shell_word;

/// Where and how a commit is made.
#[derive(Debug, clap::Args)]
pub(crate) struct WriteArgs {
    /// The branch to commit to [default: the branch that is checked out]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Commit on top of the remote's branch, and push that commit
    #[arg(long)]
    push: bool,
    /// Push the commit to a new branch, which is made from the remote's default branch, and open a pull request
    ///
    /// On GitHub, `gh` opens it, where it is installed. On GitLab, the push opens it. Otherwise, the address that opens it
    /// is shown. The branch gets a name, unless `--branch` names it.
    #[arg(long)]
    pr: bool,
    /// The remote to push to [default: origin]
    #[arg(long, value_name = "NAME")]
    remote: Option<String>,
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
    /// Opens a session on the branch. The name of the action and its flags become the name of a new branch.
    pub(crate) fn open(&self, action: &str, selection: &FlagSelection<'_>) -> Result<WriteSession> {
        if self.remote.is_some() && !self.is_pushed() {
            return Err(UsageError("`--remote` needs `--push` or `--pr`".to_owned()).into());
        }
        let folder = Path::new(".");
        let mut branch = self.branch.clone();
        if self.pr {
            if let Some(name) = &branch
                && remote_default_branch(folder, self.remote())?.as_ref() == Some(name)
            {
                let problem = format!(
                    "`{name}` is the default branch of `{}`, into which a pull request is merged",
                    self.remote()
                );
                return Err(UsageError(format!("{problem}; leave out `--branch`, or name another branch")).into());
            }
            let subject = selection.flags.first().map(String::as_str).or(selection.tag).unwrap_or_default();
            branch.get_or_insert_with(|| pull_request::new_branch(action, subject, given_or_now(None)));
        }
        self.session(branch, if self.pr { Review::PullRequest } else { Review::None })
    }

    /// Creates the arguments of a command that writes nothing, and reads a local branch or that of a remote.
    pub(crate) fn read_only(branch: Option<String>, remote: Option<String>) -> Self {
        Self {
            branch,
            push: remote.is_some(),
            pr: false,
            remote,
            no_verify: true,
            dry_run: true,
            yes: false,
            format: OutputFormat::Human,
        }
    }

    /// Opens a session on the branch that a step is decided on: with `--pr`, the remote's default branch, and otherwise the
    /// branch of the commit.
    pub(crate) fn open_deciding(&self) -> Result<WriteSession> {
        if self.remote.is_some() && !self.is_pushed() {
            return Err(UsageError("`--remote` needs `--push` or `--pr`".to_owned()).into());
        }
        let folder = Path::new(".");
        let branch = match (&self.branch, self.pr) {
            (_, true) => remote_default_branch(folder, self.remote())?,
            (branch, false) => branch.clone(),
        };
        let review = if self.pr { Review::PullRequest } else { Review::None };
        self.session(branch, review)
    }

    /// Opens a session on the branch of a pull request for a step, or `None` without `--pr`.
    pub(crate) fn open_proposing(&self, branch: &str) -> Result<Option<WriteSession>> {
        if self.pr { self.session(Some(branch.to_owned()), Review::PullRequest).map(Some) } else { Ok(None) }
    }

    fn session(&self, branch: Option<String>, review: Review) -> Result<WriteSession> {
        let repository = self.remote_repository()?.filter(|_| self.pr);
        let options = WriteOptions {
            destination: Destination { branch, remote: self.is_pushed().then(|| self.remote().to_owned()), review },
            hooks: if self.no_verify { Hooks::Skip } else { Hooks::Run },
            push_options: repository.map_or(&[], |repository| repository.push_options()),
            mode: if self.dry_run { WriteMode::DryRun } else { WriteMode::Commit },
        };
        let progress_text = if self.is_pushed() { "asking the remote" } else { "reading the branch" };
        Ok(progress::shown(progress_text, || WriteSession::open(Path::new("."), options))?)
    }

    /// Returns whether nothing is written.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Opens the pull request of a commit that was made without a question, if `--pr` is given.
    pub(crate) fn propose(
        &self,
        committed: CommittedAction,
        (subject, body): (&str, &str),
        root: &Path,
    ) -> Result<CommittedJson> {
        let mut committed = CommittedJson::from(committed);
        if let (true, Some(_), Some(repository)) = (self.pr, &committed.commit, self.remote_repository()?) {
            committed.pull_request = Some(pull_request::open(&repository, &committed, (subject, body), root));
        }
        Ok(committed)
    }

    fn remote(&self) -> &str {
        self.remote.as_deref().unwrap_or("origin")
    }

    fn is_pushed(&self) -> bool {
        self.push || self.pr
    }

    /// Returns the repository at the forge to which the commit is pushed, if it is pushed and the address tells.
    fn remote_repository(&self) -> Result<Option<RemoteRepository>> {
        if !self.is_pushed() {
            return Ok(None);
        }
        Ok(pull_request::remote_repository(self.remote())?)
    }

    /// Shows a plan as text for people. In JSON, [`WriteArgs::finish`] writes the plan and the commit as one document.
    pub(crate) fn show_plan(&self, action: &ActionJson) -> Result<()> {
        match self.format {
            OutputFormat::Human => Ok(console::write(human::plan(action))?),
            OutputFormat::Json => Ok(()),
        }
    }

    /// Shows the plan of a rename or a removal, and commits it. With `--dry-run`, shows the differences of its files instead.
    ///
    /// # Errors
    /// Returns the errors of [`commit`](Self::commit).
    pub(crate) fn commit_files(
        &self,
        session: &WriteSession,
        action: ActionJson,
        (files, prefix): (&[ChangedFile], &str),
        texts: (&str, Option<&str>),
        commit: impl FnOnce() -> Result<CommittedAction, ActionError>,
    ) -> Result<Exit> {
        self.show_plan(&action)?;
        if !self.dry_run {
            return self.commit(session, action, texts, commit);
        }
        match self.format {
            OutputFormat::Human => console::write(differences(files, prefix))?,
            OutputFormat::Json => {}
        }
        self.finish(&action)
    }

    /// Returns whether the plan is committed: the plan changes a flag, and this is not a dry run.
    pub(crate) fn will_commit(&self, targets: &Targets) -> bool {
        !self.dry_run && !targets.is_empty()
    }

    /// Asks for confirmation, commits a plan with `commit`, opens a pull request for it with `--pr`, and shows the commit.
    ///
    /// `subject` says what is committed.
    ///
    /// # Errors
    /// Returns a [`UsageError`] if `--yes` is missing and the user cannot confirm on a terminal.
    pub(crate) fn commit(
        &self,
        session: &WriteSession,
        mut action: ActionJson,
        (subject, reason): (&str, Option<&str>),
        commit: impl FnOnce() -> Result<CommittedAction, ActionError>,
    ) -> Result<Exit> {
        if self.confirm(&format!("{subject}?"))? == Answer::No {
            return Ok(Exit::No);
        }
        let progress_text = if self.is_pushed() { "pushing" } else { "committing" };
        let committed = progress::shown(progress_text, commit).map_err(|error| self.with_way_out(error))?;
        let mut committed = CommittedJson::from(committed);
        if committed.commit.is_some() {
            let repository = self.remote_repository()?;
            committed.pull_request = match &repository {
                Some(repository) if self.pr => {
                    let body = format!("{}\n\nUndo: `{}`\n", reason.unwrap_or(subject), action.undo);
                    Some(pull_request::open(repository, &committed, (subject, &body), session.root()))
                }
                Some(repository) if committed.made_from.is_some() => {
                    Some(pull_request::address(repository, &committed))
                }
                _ => None,
            };
        }
        action.written = Some(committed);
        self.finish(&action)
    }

    /// Adds the command that opens a pull request to the error of a push that the server refused.
    fn with_way_out(&self, error: ActionError) -> anyhow::Error {
        let is_refused = matches!(&error, ActionError::Commit(CommitError::PushRefused { .. }));
        if !is_refused || self.pr || self.branch.is_some() {
            return error.into();
        }
        let words = std::env::args().skip(1).map(|word| if word == "--push" { "--pr".to_owned() } else { word });
        let words: Vec<String> = words.map(|word| shell_word(&word)).collect();
        anyhow!(
            "{error}\nif the branch takes changes through pull requests only, this makes a branch from it, pushes it and \
             opens a pull request:\n  flagctl {}",
            words.join(" ")
        )
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
pub(crate) fn environments(session: &WriteSession, given: &WrittenEnvironments) -> Result<Vec<String>> {
    let given = &given.given;
    given.iter().try_for_each(|name| check_environment(name, session.settings()))?;
    let declared: Vec<String> = session.settings().environment_names().map(str::to_owned).collect();
    if given.is_empty() && declared.len() > 1 {
        return Err(missing_environment(declared.iter().map(String::as_str)));
    }
    Ok(declared.into_iter().filter(|name| given.is_empty() || given.contains(name)).collect())
}
