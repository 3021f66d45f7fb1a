//! Where a command that writes reads and commits: the tip of a branch, here or at a remote.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};

use crate::bundle::Bundle;
use crate::cli::environment_arg::check_environment;
use crate::cli::exit::UsageError;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::commit;
use crate::commit::{Author, Changes, CommitError, CommitFiles, Hooks, LocalBranch, MAX_WAIT, Request};
use crate::compile::compile;
use crate::diag::did_you_mean;
use crate::git::{CacheWrites, Revision, RevisionSpec};
use crate::load;
use crate::load::Loaded;
use crate::model::FLAGS;
use crate::report::Written;
use crate::snapshot::stem;
use crate::source::{FlagRepository, Source};

/// How a commit is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Writing {
    /// The branch to commit to, instead of the one that is checked out
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
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: OutputFormat,
}

impl Writing {
    /// What a further command line must say to go where this one went.
    pub(crate) fn options(&self) -> String {
        let mut options = String::new();
        if let Some(branch) = &self.branch {
            options += &format!(" --branch {branch}");
        }
        if self.push {
            options += " --push";
        }
        if self.remote != "origin" {
            options += &format!(" --remote {}", self.remote);
        }
        options
    }

    /// # Errors
    /// [`UsageError`] where nobody is there who could be asked.
    pub(crate) fn confirmed(&self, question: &str) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        if !can_ask() {
            let missing = "nobody is here to be asked: say `--yes` to do it, `--dry-run` to look only";
            return Err(UsageError(missing.to_owned()).into());
        }
        let answer = ask(&format!("{question} [y/N] "))?.to_lowercase();
        Ok(["y", "yes"].contains(&answer.as_str()))
    }
}

/// Whether somebody is there to answer.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A line from the terminal.
pub(crate) fn ask(question: &str) -> Result<String> {
    let mut err = io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// The tip of the branch that a commit is for, and what is defined there. What is not committed does not count.
pub(crate) struct WriteSession {
    /// What git's paths are relative to.
    pub(crate) place: PathBuf,
    branch: String,
    pub(crate) tip: Revision,
    pub(crate) source: Source,
    pub(crate) settings: Loaded,
}

impl WriteSession {
    pub(crate) fn open(writing: &Writing) -> Result<Self> {
        let cache_writes = if writing.dry_run { CacheWrites::Forbidden } else { CacheWrites::Allowed };
        let repository = FlagRepository::find(Path::new("."), cache_writes)?;
        let place = repository.git().top_folder().to_owned();
        if !writing.dry_run {
            commit::recover(&place)?;
        }
        let branch = writing.branch.as_deref();
        let (rev, branch) = if writing.push {
            progress::shown("asking the remote", || commit::remote_tip(&place, &writing.remote, branch))?
        } else {
            let branch = commit::branch_name(&place, branch)?;
            (format!("refs/heads/{branch}"), branch)
        };
        let tip = repository.revision(&RevisionSpec::new(rev))?;
        let source = Source::Revision(tip.clone());
        let settings = load::settings(&source)?;
        Ok(Self { place, branch, tip, source, settings })
    }

    /// Those given, or the only one that there is.
    pub(crate) fn environments(&self, given: &[String]) -> Result<Vec<String>> {
        let settings = &self.settings.project.settings;
        for name in given {
            check_environment(name, settings)?;
        }
        let mut chosen = self.all_environments();
        if given.is_empty() && chosen.len() > 1 {
            let missing = format!("there are several environments: name one with `-e`: {}", chosen.join(", "));
            return Err(UsageError(missing).into());
        }
        chosen.retain(|name| given.is_empty() || given.contains(name));
        Ok(chosen)
    }

    /// Where a flag is defined.
    pub(crate) fn flag(&self, key: &str) -> Result<String> {
        let found = if crate::model::is_name(key) { self.tip.search(FLAGS, &format!("{key}.yaml"))? } else { None };
        let nearest = || -> Result<String> {
            let paths = self.tip.list(FLAGS)?;
            let stems = paths.iter().filter_map(|path| stem(path));
            Ok(did_you_mean(key, stems).map_or(String::new(), |help| format!("; {help}")))
        };
        match found {
            Some(path) => Ok(path),
            None => Err(anyhow!("there is no flag `{key}` on {}{}", self.branch, nearest()?)),
        }
    }

    /// In the order of promotion.
    pub(crate) fn all_environments(&self) -> Vec<String> {
        self.settings.project.settings.environment_names().map(str::to_owned).collect()
    }

    /// What deciding these flags in an environment needs.
    pub(crate) fn loaded(&self, keys: &[String], environment: &str) -> Result<Loaded> {
        Ok(load::flags(&self.source, self.settings.clone(), keys, &[environment])?)
    }

    /// These flags in an environment, with what deciding them needs.
    pub(crate) fn bundle(&self, keys: &[String], environment: &str) -> Result<Bundle> {
        Ok(compile(&self.loaded(keys, environment)?.project, environment).0)
    }

    /// A path of the flag repository as git has it.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.tip.prefix())
    }

    pub(crate) fn author(&self) -> Result<Author, CommitError> {
        commit::author(&self.place)
    }

    /// Commits what `apply` makes of the branch's files, whatever they are by then.
    pub(crate) fn commit(
        &self,
        writing: &Writing,
        apply: impl Fn(&CommitFiles) -> Result<Changes, CommitError>,
    ) -> Result<Written> {
        let hooks = if writing.no_verify { Hooks::Skip } else { Hooks::Run };
        // Others are slower over a network.
        let max_wait = if writing.push { MAX_WAIT * 6 } else { MAX_WAIT };
        let request = Request { folder: &self.place, branch: Some(&self.branch), hooks, max_wait };
        if writing.push {
            let pushed = progress::shown("pushing", || commit::push(&request, &writing.remote, apply))?;
            let left = match pushed.local {
                LocalBranch::NotUpdated(why) => Some(why),
                LocalBranch::Updated | LocalBranch::Absent => None,
            };
            let remote = Some(writing.remote.clone());
            return Ok(Written { branch: self.branch.clone(), commit: pushed.committed.commit, remote, left });
        }
        let done = progress::shown("committing", || commit::write(&request, apply))?;
        Ok(Written { branch: done.branch, commit: done.commit, remote: None, left: None })
    }
}
