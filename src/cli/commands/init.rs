//! `flagctl init`: makes a flag repository in the working folder.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::cli::exit::{Exit, UsageError};
use crate::cli::global::Global;
use crate::cli::new_definition::user;
use crate::cli::new_files;
use crate::cli::new_files::{NewFilesArgs, Writing};
use crate::cli::pull_request::remote_repository;
use crate::cli::questions::Questions;
use crate::cli::time_arg::day_of_new_files;
use crate::forge::Forge;
use crate::git::{CacheWrites, PublishedBranch, Repository};
use crate::load::{folded, refused_by_windows};
use crate::model;
use crate::model::{is_name, location_problem};
use crate::report::escape::shell_word;
use crate::report::scaffold;
use crate::report::scaffold::NewFilesJson;
use crate::scaffold::{Answers, CiService, FIRST_FLAG, Place, Serving, TARGET, definitions, surroundings};
use crate::source::{Folder, WorkingFolder};

/// The days until the first flag should be gone.
const LIFETIME_DAYS: i32 = 90;
/// The maximum number of environments of a project.
const MAX_ENVIRONMENTS: usize = 100;

/// Make a flag repository in the working folder
///
/// Writes `flagctl.yaml`, a flag, a segment and a test, which are valid; and for git's root the file of the CI service,
/// `CODEOWNERS` for kills, and the settings with which Visual Studio Code knows the schemas. Asks at a terminal what no
/// option says. Makes no commit, and never changes a file that exists: it shows the lines to add.
///
/// In a flag repository, writes only what is missing around the definitions. Exits with 1 if nothing is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl init --yes --dry-run")]
pub(crate) struct Args {
    /// The environments, in the order of promotion [default: staging,production]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    environments: Vec<String>,
    /// How applications will read the flags [default: ofrep]
    ///
    /// This decides `bucketing`, which gives every rollout other users when it changes.
    #[arg(long, value_name = "WAY")]
    serving: Option<Serving>,
    /// With `--serving flagd`: the clients that decide in the application [default: none, flagd itself decides]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    clients: Vec<Client>,
    /// Where bundles are published: a folder with a `/`, or a bucket, such as `s3://acme-flags/web` [default: ./dist/]
    #[arg(long, value_name = "LOCATION")]
    publish_to: Option<String>,
    /// The service that checks changes [default: that of `origin`, or github]
    #[arg(long, value_name = "SERVICE")]
    ci: Option<CiService>,
    /// The team or person that answers for the first flag [default: your name in git]
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Who approves kills in `CODEOWNERS`, such as `@acme/on-call` [default: no one needs to]
    #[arg(long, value_name = "OWNER")]
    on_call: Option<String>,
    #[command(flatten)]
    new: NewFilesArgs,
}

/// A client of flagd on the command line.
#[derive(Debug, Clone, Copy)]
struct Client(model::Client);

impl ValueEnum for Client {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Client; 4] = {
            let [a, b, c, d] = model::Client::ALL;
            [Client(a), Client(b), Client(c), Client(d)]
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let here = Path::new(".");
    let (folder, existing) = match Folder::find_at_or_above(here)? {
        Some(found) => (WorkingFolder::open(found.root())?, Some(found)),
        None => (WorkingFolder::open(here)?, None),
    };
    let questions = args.new.questions();
    let answers = match &existing {
        Some(_) => args.refuse_answers().map(|()| None)?,
        None => Some(args.answers(questions)?),
    };
    let place = Place {
        prefix: folder.prefix().to_owned(),
        ci: questions.choice(args.ci, "Which service checks changes?", default_service()?)?,
        default_branch: default_branch(here),
        on_call: args.on_call(questions)?,
        target: answers.as_ref().filter(|answers| answers.publishes_to_bucket()).map(|_| TARGET),
        ignored: answers.as_ref().and_then(|answers| ignored_folder(&answers.location)),
    };
    let mut files = answers.as_ref().map_or_else(Vec::new, |answers| definitions(answers, &place.prefix));
    files.extend(surroundings(&place));
    let mut new = NewFilesJson {
        version: 1,
        dry_run: args.new.writing() == Writing::DryRun,
        files: new_files::write(&folder, &files, args.new.writing())?,
        notes: answers.iter().map(bucketing_note).chain(publishing_note(&place)).collect(),
        next: Vec::new(),
    };
    if new.has_new() {
        new.next = next_commands(answers.as_ref(), &new, &folder, global);
    } else {
        new.notes.push("everything is there already, so nothing was written".to_owned());
    }
    args.new.show(&new)?;
    Ok(if new.has_new() { Exit::Yes } else { Exit::No })
}

impl Args {
    /// Refuses the options that are answers about a new project.
    fn refuse_answers(&self) -> Result<()> {
        let given = [
            ("--environments", !self.environments.is_empty()),
            ("--serving", self.serving.is_some()),
            ("--clients", !self.clients.is_empty()),
            ("--publish-to", self.publish_to.is_some()),
            ("--owner", self.owner.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((option, _)) => {
                let problem =
                    format!("`{option}` is for a new flag repository, and `flagctl.yaml` exists: change it there");
                Err(UsageError(problem).into())
            }
        }
    }

    /// Returns the answers about a new project.
    fn answers(&self, questions: Questions) -> Result<Answers> {
        let given = (!self.environments.is_empty()).then(|| environments(&self.environments)).transpose();
        let default = ["staging", "production"].map(str::to_owned).to_vec();
        let environments = questions.text(
            given.map_err(UsageError)?,
            "Environments, in the order of promotion?",
            (default, "staging,production"),
            |text| environments(&text.split([',', ' ']).filter(|name| !name.is_empty()).collect::<Vec<_>>()),
        )?;
        let question = "How will applications read the flags? It decides how users fall into rollouts, which is hard to \
                        change later.";
        let serving = questions.choice(self.serving, question, Serving::Ofrep)?;
        let clients = self.clients(serving, questions)?;
        let given = self.publish_to.as_deref().map(location).transpose().map_err(UsageError)?;
        let location = questions.text(
            given,
            "Where are bundles published: a folder with a `/`, or a bucket such as s3://acme-flags?",
            ("./dist/".to_owned(), "./dist/"),
            location,
        )?;
        let given = self.owner.as_deref().map(owner).transpose().map_err(UsageError)?;
        let user = user();
        let owner = questions.text(given, "Who answers for the first flag?", (user.clone(), &user), owner)?;
        let today = day_of_new_files();
        let expires = today.checked_add(jiff::Span::new().days(LIFETIME_DAYS)).unwrap_or(today);
        Ok(Answers { environments, serving, clients, location, owner, expires })
    }

    /// Returns the clients of flagd that decide in the application.
    fn clients(&self, serving: Serving, questions: Questions) -> Result<Vec<model::Client>> {
        let given: Vec<model::Client> = self.clients.iter().map(|client| client.0).collect();
        if serving != Serving::Flagd {
            return match given.as_slice() {
                [] => Ok(given),
                [..] => Err(UsageError("`--clients` is for `--serving flagd`".to_owned()).into()),
            };
        }
        let given = (!given.is_empty()).then(|| same_buckets(given)).transpose().map_err(UsageError)?;
        let parse = |text: &str| {
            let names = text.split([',', ' ']).filter(|name| !name.is_empty());
            same_buckets(
                names.map(|name| Client::from_str(name, true).map(|client| client.0)).collect::<Result<_, _>>()?,
            )
        };
        let names: Vec<&str> = model::Client::ALL.iter().map(|client| client.name()).collect();
        let question = format!("Which clients decide in the application ({})?", names.join(", "));
        questions.text(given, &question, (Vec::new(), "none"), parse)
    }

    fn on_call(&self, questions: Questions) -> Result<Option<String>> {
        let given = self.on_call.as_deref().map(code_owner).transpose().map_err(UsageError)?;
        let question = "Who approves kills, as CODEOWNERS names them, such as @acme/on-call?";
        questions.text(given.map(Some), question, (None, "no one needs to"), |text| code_owner(text).map(Some))
    }
}

/// Checks the names of environments.
fn environments(names: &[impl AsRef<str>]) -> Result<Vec<String>, String> {
    let mut known = BTreeSet::new();
    if names.len() > MAX_ENVIRONMENTS {
        return Err(format!("expected at most {MAX_ENVIRONMENTS} environments, found {}", names.len()));
    }
    for name in names {
        let name = name.as_ref();
        if !is_name(name) {
            return Err(format!(
                "`{name}` is not a name: expected letters, digits, `.`, `_` and `-`, such as `production`"
            ));
        }
        if let Some(problem) = refused_by_windows(name) {
            return Err(problem);
        }
        if !known.insert(folded(name)) {
            return Err(format!("`{name}` is given twice, in the same or in another case"));
        }
    }
    Ok(names.iter().map(|name| name.as_ref().to_owned()).collect())
}

/// Checks that some client's buckets are those of all others.
fn same_buckets(clients: Vec<model::Client>) -> Result<Vec<model::Client>, String> {
    let Some(first) = clients.first() else { return Ok(clients) };
    match clients.iter().find(|client| client.bucketing() != first.bucketing()) {
        None => Ok(model::Client::ALL.into_iter().filter(|client| clients.contains(client)).collect()),
        Some(other) => Err(format!(
            "`{}` and `{}` give the same user different buckets: use clients of one bucketing, or `--serving ofrep`, where \
             the server decides for all of them",
            first.name(),
            other.name()
        )),
    }
}

fn location(text: &str) -> Result<String, String> {
    match location_problem(text) {
        None => Ok(text.to_owned()),
        Some(expected) => Err(format!("`{text}` is not a location: expected {expected}")),
    }
}

fn owner(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err("expected a team or a person, such as `team-payments`".to_owned());
    }
    Ok(text.to_owned())
}

fn code_owner(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@/._+-".contains(c);
    if !text.contains('@') || !text.chars().all(is_plain) {
        return Err(format!("`{text}` is not an owner: expected `@user`, `@group/team` or an address of mail"));
    }
    Ok(text.to_owned())
}

/// Returns the service of the forge that hosts `origin`.
fn default_service() -> Result<CiService> {
    if Repository::open(Path::new("."), CacheWrites::Forbidden).is_err() {
        return Ok(CiService::Github);
    }
    Ok(match remote_repository("origin")?.map(|remote| remote.forge) {
        None | Some(Forge::Github) => CiService::Github,
        Some(Forge::Gitlab) => CiService::Gitlab,
        Some(Forge::Gitea | Forge::Bitbucket | Forge::Unknown) => CiService::None,
    })
}

/// Returns the default branch of `origin` or, if it is not known, the branch that is checked out.
fn default_branch(folder: &Path) -> String {
    let repository = Repository::open(folder, CacheWrites::Forbidden).ok();
    let published = repository.as_ref().and_then(|repository| match repository.published_branch().ok()? {
        PublishedBranch::Remote(branch) => branch.strip_prefix("refs/remotes/origin/").map(str::to_owned),
        PublishedBranch::Local | PublishedBranch::Unknown => None,
    });
    let checked_out = || repository.as_ref().and_then(|repository| repository.checked_out_branch().ok()?);
    published.or_else(checked_out).unwrap_or_else(|| "main".to_owned())
}

/// Returns the folder of the flag repository that a location is, as git's patterns name it.
fn ignored_folder(location: &str) -> Option<String> {
    let folder = location.strip_prefix("./").unwrap_or(location).trim_end_matches('/');
    let is_inside = !location.starts_with('/')
        && !location.contains("://")
        && folder.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    is_inside.then(|| format!("{folder}/"))
}

fn bucketing_note(answers: &Answers) -> String {
    let readers = match answers.serving {
        Serving::Ofrep => "flagctl's server",
        Serving::Flagd => "flagd",
        Serving::Files | Serving::Library => "flagctl's library",
    };
    let name = answers.bucketing().name();
    format!(
        "`bucketing: {name}` fits {readers}; with another value, every rollout reaches other users, so it is hard to change \
         later"
    )
}

/// Returns what the service needs to publish.
fn publishing_note(place: &Place) -> Option<String> {
    let target = place.target.filter(|_| place.ci != CiService::None)?;
    Some(format!(
        "CI publishes the branch {} to the target {target}: give its job the settings of the bucket as environment variables, such \
         as AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        place.default_branch
    ))
}

/// Returns the commands that follow. They run in the folder in which this command was started.
fn next_commands(
    answers: Option<&Answers>,
    new: &NewFilesJson,
    folder: &WorkingFolder,
    global: &Global,
) -> Vec<String> {
    let given = global.folder.as_deref().map(|folder| format!(" -C {}", shell_word(&folder.to_string_lossy())));
    let given = given.unwrap_or_default();
    let flagctl = |arguments: String| format!("flagctl{given} {arguments}");
    let init = if folder.is_in_git() { String::new() } else { format!("git{given} init && ") };
    let all = if folder.prefix().is_empty() {
        ".".to_owned()
    } else {
        let written = new.files.iter().filter(|file| file.state != scaffold::NewFileState::Exists);
        let top = |path: &str| match path.strip_prefix(folder.prefix()) {
            Some(_) => folder.prefix().trim_end_matches('/').to_owned(),
            None => path.to_owned(),
        };
        let tops: BTreeSet<String> = written.map(|file| shell_word(&format!(":/{}", top(&file.path)))).collect();
        tops.into_iter().collect::<Vec<_>>().join(" ")
    };
    let commit = |subject: &str| format!("{init}git{given} add {all} && git{given} commit -m '{subject}'");
    let Some(answers) = answers else {
        return vec![
            flagctl("validate".to_owned()),
            flagctl("test".to_owned()),
            commit("flags: CI, owners and schemas"),
        ];
    };
    let last = shell_word(answers.last_environment());
    let location = shell_word(&answers.location);
    vec![
        flagctl(format!("eval {FIRST_FLAG} -e {last} -c targetingKey=user-1 --explain")),
        commit("flags: begin"),
        match answers.serving {
            Serving::Ofrep => flagctl("serve".to_owned()),
            Serving::Flagd => flagctl(format!("publish {location} --bundle-format flagd")),
            Serving::Files | Serving::Library => flagctl(format!("publish {location}")),
        },
    ]
}
