//! `flagctl doctor`: checks what is around the definitions, and names the command that mends a problem.

use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;

use crate::check::check;
use crate::cli::doctor_signers::{policy_signers, target_signers};
use crate::cli::exit::Exit;
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_target::published_environments;
use crate::cli::revision_arg::folder;
use crate::cli::target_arg::{OptionalTargetArg, ResolvedTarget};
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::until_exit::keep_until_exit;
use crate::codes::{Code, Severity};
use crate::commit;
use crate::git::{CacheWrites, PublishedBranch, Repository};
use crate::load;
use crate::model::Signing;
use crate::publish;
use crate::publish::{Channel, PublishError};
use crate::report::doctor::{CheckJson, DoctorJson, human, not_checked, ok, problem};
use crate::source::{Source, WorkingFolder};

/// The files of CI services, except for GitHub's folder of workflows.
const CI_FILES: [&str; 5] =
    [".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "Jenkinsfile", ".circleci/config.yml"];
/// The folders of CI services that have a file for each workflow.
const CI_FOLDERS: [&str; 3] = [".github/workflows", ".gitea/workflows", ".forgejo/workflows"];
const CODEOWNERS: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];
const SETTINGS: &str = ".vscode/settings.json";
const SCHEMA: &str = "flag.schema.json";

/// Check git, CI, owners, editors, targets, signing and definitions
///
/// Each problem has its reason and the command that mends it. Exits with 1 if there is a problem.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl doctor --offline || true")]
pub(crate) struct Args {
    /// Do not read the declared targets
    #[arg(long)]
    offline: bool,
    /// The time by which flags and kills count as expired or not, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let source = folder(Path::new("."))?;
    let root = source.root().unwrap_or_default();
    let around = WorkingFolder::open(&root)?;
    let mut checks = git(&root);
    checks.push(ci(&around)?);
    checks.push(owners(&around, &source)?);
    checks.push(editor(&around)?);
    let now = given_or_now(args.now);
    checks.extend(definitions(&source, now)?);
    checks.extend(targets(args, now));
    checks.extend(policy_signers(&source, now)?);
    let doctor = DoctorJson::new(checks);
    args.format.write(&doctor, human)?;
    Ok(if doctor.problems == 0 { Exit::Yes } else { Exit::No })
}

/// Checks the repository, its history, its published branch, and the committer.
fn git(root: &Path) -> Vec<CheckJson> {
    let repository = match Repository::open(root, CacheWrites::Forbidden) {
        Ok(repository) => repository,
        Err(error) => return vec![problem("git", error.to_string(), "git init")],
    };
    let mut checks = vec![match repository.checked_out_branch() {
        Ok(Some(branch)) => ok("git", format!("the branch {branch} is checked out")),
        Ok(None) => problem("git", "no branch is checked out, so nothing can be committed", "git switch main"),
        Err(error) => problem("git", error.to_string(), "git status"),
    }];
    checks.push(match repository.is_shallow() {
        false => ok("history", "complete"),
        true => problem("history", "the clone is shallow, so plans and logs may lack commits", "git fetch --unshallow"),
    });
    checks.push(match repository.published_branch() {
        Ok(PublishedBranch::Remote(branch)) => ok("published branch", branch),
        Ok(PublishedBranch::Local) => ok("published branch", "this repository has no remote, so it is its own"),
        Ok(PublishedBranch::Unknown) => {
            let reason = "this clone does not know the default branch of origin";
            problem("published branch", reason, "git remote set-head origin --auto")
        }
        Err(error) => problem("published branch", error.to_string(), "git remote -v"),
    });
    checks.push(match commit::author(root) {
        Ok(author) => ok("committer", author.name),
        Err(_) => {
            let reason = "git does not know your name and address, so kill and rollout cannot commit";
            problem("committer", reason, "git config user.name NAME && git config user.email ADDRESS")
        }
    });
    checks
}

/// Returns the text of a file, if it can be read.
fn text(around: &WorkingFolder, path: &str) -> Result<Option<String>> {
    Ok(around.read(path)?.filter(|file| file.fault.is_none()).map(|file| file.text))
}

fn ci(around: &WorkingFolder) -> Result<CheckJson> {
    let mut paths: Vec<String> = CI_FILES.map(str::to_owned).to_vec();
    for folder in CI_FOLDERS {
        paths.extend(around.names(folder)?.into_iter().map(|name| format!("{folder}/{name}")));
    }
    for path in paths {
        if text(around, &path)?.is_some_and(|text| text.contains("flagctl")) {
            return Ok(ok("CI", path));
        }
    }
    Ok(problem("CI", "no file of a CI service runs flagctl", "flagctl init"))
}

fn owners(around: &WorkingFolder, source: &Source) -> Result<CheckJson> {
    let folder = format!("{}kills/", source.prefix());
    for path in CODEOWNERS {
        let Some(text) = text(around, path)? else { continue };
        let names_kills = |line: &str| line.split_whitespace().next().is_some_and(|start| start.contains(&folder));
        return Ok(match text.lines().any(names_kills) {
            true => ok("owners of kills", path),
            false => problem("owners of kills", format!("{path} has no line for /{folder}"), "flagctl init"),
        });
    }
    Ok(problem("owners of kills", format!("no CODEOWNERS has a line for /{folder}"), "flagctl init"))
}

fn editor(around: &WorkingFolder) -> Result<CheckJson> {
    let Some(settings) = text(around, SETTINGS)?.filter(|text| text.contains(SCHEMA)) else {
        let reason = format!("{SETTINGS} has no schemas of flagctl");
        return Ok(problem("editor", reason, "flagctl init"));
    };
    let schema = settings.split('"').find(|text| text.ends_with(SCHEMA)).unwrap_or_default();
    let path = schema.trim_start_matches("./");
    if schema.contains("://") || text(around, path)?.is_some() {
        return Ok(ok("editor", SETTINGS));
    }
    Ok(problem("editor", format!("{SETTINGS} names {path}, which does not exist"), "flagctl init"))
}

/// Checks the definitions, and whether the clients of each target compute the buckets of the project.
fn definitions(source: &Source, now: Timestamp) -> Result<[CheckJson; 2]> {
    let loaded = keep_until_exit(load::tests(source, progress::all(source)?, |_| true)?);
    let checked = keep_until_exit(progress::shown("checking", || check(&loaded, now)));
    let of = |severity| checked.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let found = format!("errors: {errors}, warnings: {warnings}");
    let definitions = match errors {
        0 => ok("definitions", found),
        _ => problem("definitions", found, "flagctl validate --errors-only"),
    };
    let unfit = checked.findings.iter().find(|finding| finding.diagnostic.code == Code::UnfitBucketing);
    let bucketing = match unfit {
        Some(finding) => problem("bucketing", finding.diagnostic.message.clone(), "flagctl explain unfit-bucketing"),
        None => ok("bucketing", format!("{} fits the declared targets", loaded.project.settings.bucketing.name())),
    };
    Ok([definitions, bucketing])
}

/// Checks whether each declared target can be read, and whether this machine can sign and check signatures where they are required.
fn targets(args: &Args, now: Timestamp) -> Vec<CheckJson> {
    if args.offline {
        return vec![not_checked("targets", "--offline")];
    }
    let targets = match OptionalTargetArg::new(None, None).resolve() {
        Ok(targets) => targets,
        Err(error) => return vec![not_checked("targets", format!("{error:#}"))],
    };
    let mut checks = Vec::new();
    for target in &targets {
        let name = target.name().unwrap_or_default().to_owned();
        let status = format!("flagctl status {name}");
        checks.push(match progress::shown("reading a target", || read(target)) {
            Ok(reason) => ok(format!("target {name}"), reason),
            Err(error) => problem(format!("target {name}"), format!("{error:#}"), &status),
        });
        if target.signing() == Signing::Required {
            checks.push(match commit::signing_key(Path::new(".")) {
                Ok(_) => ok(format!("signing for {name}"), "git has a key"),
                Err(error) => {
                    problem(format!("signing for {name}"), error.to_string(), "git config user.signingkey FILE")
                }
            });
            checks.push(target_signers(&name, now));
        }
    }
    checks
}

/// Reads what is current at a target, and returns it in words.
fn read(target: &ResolvedTarget) -> Result<String> {
    let store = target.open()?;
    let mut environments = target.environments(&[])?;
    if environments.is_empty() {
        environments = published_environments(&store)?;
    }
    let mut current = Vec::new();
    for environment in &environments {
        match publish::current(&Channel::new(&store, environment), None, target.name()) {
            Ok(found) => current.push(format!("{environment} is number {}", found.entry.manifest.sequence)),
            Err(PublishError::NothingPublished(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(if current.is_empty() { "can be read, and nothing is published yet".to_owned() } else { current.join(", ") })
}
