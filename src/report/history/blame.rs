//! The commits that gave a context its variants, as JSON and as text.

use serde::Serialize;
use serde_json::Value as Json;

use crate::bundle::ListText;
use crate::diff::DependencyChange;
use crate::eval::decide;
use crate::history::{DecisionAt, DecisionQuery, Era, EraCause, EraStart, FlagChange, LoggedChange, Observed};
use crate::report::decision::DecisionJson;
use crate::report::decision::human::served;
use crate::report::history::change::{dependency, dependency_kind, source};
use crate::report::history::commit::CommitJson;
use crate::report::{EnvironmentSets, Lines, Role, StyledText};

/// The variants that a context got from a flag, and the commits that changed the variant.
#[derive(Debug, Serialize)]
pub struct BlameJson<'b> {
    /// The version of this structure.
    version: u32,
    /// The flag's key.
    flag: &'b str,
    /// The environment's name.
    environment: &'b str,
    /// The time of every decision.
    now: String,
    /// The full id of the commit at which the search starts.
    commit: String,
    /// The eras, from the newest to the oldest.
    eras: Vec<EraJson>,
}

/// An era: consecutive commits at which the outcome for a context was the same.
#[derive(Debug, Serialize)]
struct EraJson {
    /// The outcome for the context at the newest commit of the era.
    #[serde(flatten)]
    observed: ObservedJson,
    /// The oldest commit of the era, or `None` if the flag did not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<EraStartJson>,
}

/// The outcome for a context at a commit.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum ObservedJson {
    /// The context got a variant.
    Serves {
        /// The decision, in the format of `flagctl eval`.
        decision: Json,
        /// The value and the reason, as text.
        #[serde(skip)]
        text: [StyledText; 2],
    },
    /// The flag could not be decided.
    Invalid {
        /// The first error, with its position.
        problem: String,
    },
    /// The project did not declare the environment.
    NoEnvironment,
    /// No file defined the flag.
    NoFlag,
}

/// The first commit of an era.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EraStartJson {
    #[serde(flatten)]
    commit: CommitJson,
    /// Whether the history of the clone ends at this commit. If it does, the era may have begun at an earlier commit.
    at_least: bool,
    /// The changes of other definitions that the flag depends on.
    elsewhere: Vec<OtherChangeJson>,
    /// The files that the commit changed and on which the decision depends.
    files: Vec<String>,
    /// The outcome for the context at this commit.
    #[serde(rename = "got")]
    observed: ObservedJson,
}

#[derive(Debug, Serialize)]
struct OtherChangeJson {
    kind: &'static str,
    name: String,
    change: &'static str,
    /// The change in words.
    text: String,
    /// The line for people, without the rest of very long lists.
    #[serde(skip)]
    summary: String,
}

impl<'b> BlameJson<'b> {
    /// Describes the eras of a decision. `commit` is the last commit of the newest era.
    ///
    /// # Errors
    /// Returns the error of serde if a decision cannot be written as JSON.
    pub fn new(query: &DecisionQuery<'b>, commit: String, eras: &[Era]) -> Result<Self, serde_json::Error> {
        let era = |era: &Era| -> Result<EraJson, serde_json::Error> {
            let observed = match &era.newest {
                Some(newest) => ObservedJson::new(query, newest)?,
                None => ObservedJson::NoFlag,
            };
            let since = era.start.as_ref().map(|start| EraStartJson::new(query, start)).transpose()?;
            Ok(EraJson { observed, since })
        };
        Ok(Self {
            version: 1,
            flag: query.flag,
            environment: query.environment,
            now: query.now.to_string(),
            commit,
            eras: eras.iter().map(era).collect::<Result<_, _>>()?,
        })
    }
}

impl ObservedJson {
    fn new(query: &DecisionQuery<'_>, at: &DecisionAt) -> Result<Self, serde_json::Error> {
        let flag = at.bundle.flag(query.flag);
        Ok(match (&at.observed, flag, query.context_for(&at.bundle)) {
            (Observed::Invalid(problem), ..) => Self::Invalid { problem: problem.clone() },
            (Observed::NoEnvironment, ..) => Self::NoEnvironment,
            (Observed::Variant(..), Some(flag), Ok(context)) => {
                let decision = decide(&at.bundle, flag, &context, query.now);
                let text = served(&at.bundle, flag, &context, query.now, &decision);
                Self::Serves { decision: serde_json::to_value(DecisionJson::new(&at.bundle, flag, &decision))?, text }
            }
            // `Variant` cannot occur here, because the flag exists and the context was already parsed successfully.
            (Observed::NoFlag | Observed::Variant(..), ..) => Self::NoFlag,
        })
    }

    /// Adds the outcome, after a label.
    fn add_to(&self, label: &str, blame: &BlameJson<'_>, lines: &mut Lines) {
        let label = StyledText::new(Role::Name, label).plain(": ");
        match self {
            Self::Serves { text: [served, reason], .. } => {
                lines.add(label.then(served));
                lines.add(StyledText::from("  ").then(reason));
            }
            Self::Invalid { problem } => {
                lines.add(label.with(Role::Bad, "no valid definition"));
                lines.add(format!("  {problem}"));
            }
            Self::NoEnvironment => {
                lines.add(label.with(Role::Minor, format!("no environment `{}`", blame.environment)));
            }
            Self::NoFlag => lines.add(label.with(Role::Minor, format!("no flag `{}`", blame.flag))),
        }
    }

    /// Returns the reason of the decision.
    fn reason(&self) -> &str {
        match self {
            Self::Serves { text: [_, reason], .. } => reason.as_str(),
            Self::Invalid { .. } | Self::NoEnvironment | Self::NoFlag => "",
        }
    }
}

impl EraStartJson {
    fn new(query: &DecisionQuery<'_>, start: &EraStart) -> Result<Self, serde_json::Error> {
        let observed = ObservedJson::new(query, &start.oldest)?;
        Ok(match &start.cause {
            EraCause::EndOfClone => {
                let commit = CommitJson::new(&start.details, Some(query.flag), &[]);
                Self { commit, at_least: true, elsewhere: Vec::new(), files: Vec::new(), observed }
            }
            EraCause::Changes { flag, dependencies, files } => {
                let changes = flag.iter().map(|change| LoggedChange {
                    flag: query.flag.to_owned(),
                    owner: None,
                    environment: Some(query.environment.to_owned()),
                    change: FlagChange::Own(change.clone()),
                });
                let changes: Vec<_> = changes.collect();
                Self {
                    commit: CommitJson::new(&start.details, Some(query.flag), &changes),
                    at_least: false,
                    elsewhere: dependencies.iter().map(OtherChangeJson::new).collect(),
                    files: files.clone(),
                    observed,
                }
            }
        })
    }

    /// Adds the commit and its changes. `newest` is the outcome for the context at the end of the era.
    fn add_to(&self, newest: &ObservedJson, lines: &mut Lines) {
        self.commit.heading(if self.at_least { "at least since " } else { "since " }, lines);
        if self.commit.decides_as_before() && self.elsewhere.is_empty() && !self.files.is_empty() {
            lines.add(format!("    changes {}", self.files.join(", ")));
        }
        for line in self.commit.groups(&EnvironmentSets::default()).iter().flat_map(|group| &group.lines) {
            lines.add(StyledText::from("    ").then(line));
        }
        for change in &self.elsewhere {
            lines.add(format!("    {}", change.summary));
        }
        if self.observed.reason() != newest.reason() {
            lines.add(format!("    then for the reason {}", self.observed.reason()));
        }
    }
}

impl OtherChangeJson {
    fn new(change: &DependencyChange) -> Self {
        let (kind, name) = source(change);
        let text = dependency(change, ListText::Whole);
        let summary = dependency(change, ListText::Shortened);
        Self { kind, name: name.to_owned(), change: dependency_kind(change), text, summary }
    }
}

/// Returns a paragraph for each era.
pub fn blame(blame: &BlameJson<'_>) -> Lines {
    let mut lines = Lines::default();
    for (index, era) in blame.eras.iter().enumerate() {
        if index > 0 {
            lines.add("");
        }
        era.observed.add_to(if index == 0 { blame.flag } else { "before" }, blame, &mut lines);
        if let Some(since) = &era.since {
            since.add_to(&era.observed, &mut lines);
        }
    }
    lines
}
