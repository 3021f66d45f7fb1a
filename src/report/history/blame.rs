//! Which commits gave a context its variants.

use serde::Serialize;
use serde_json::Value as Json;

use crate::diff::{DefinitionChange, Shift};
use crate::report::CommitJson;
use crate::report::history::log::{changed, heading, kind, words};

/// What a context got of a flag, and since which commit.
#[derive(Debug, Serialize)]
pub struct BlameJson<'b> {
    /// Of this structure.
    pub version: u32,
    /// The flag's key.
    pub flag: &'b str,
    /// Whose rules decided.
    pub environment: &'b str,
    /// The moment of every decision, so that only commits make them differ.
    pub now: String,
    /// Whose definitions are the present ones.
    pub commit: String,
    /// The present first, then what was before; up to the last that the context got something else.
    pub eras: Vec<EraJson>,
}

/// Commits in a row at which a context got the same.
#[derive(Debug, Serialize)]
pub struct EraJson {
    /// At the newest of them.
    #[serde(flatten)]
    pub got: GotJson,
    /// The oldest of them; none where the flag was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<SinceJson>,
}

/// What a context got at a commit.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum GotJson {
    /// A variant.
    Serves {
        /// As `flagctl eval` has it.
        decision: Json,
        /// The decision for people.
        #[serde(skip)]
        words: String,
    },
    /// The flag could not be decided.
    Invalid {
        /// The first of the errors, with its place.
        problem: String,
    },
    /// The project did not declare the environment.
    NoEnvironment,
    /// Nothing defined the flag.
    NoFlag,
}

/// The commit that began an era.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SinceJson {
    #[serde(flatten)]
    commit: CommitJson,
    /// Whether the clone's history ends here, so that an earlier commit may have begun it.
    at_least: bool,
    /// What it changed in definitions that the flag depends on.
    elsewhere: Vec<ElsewhereJson>,
    /// What it changed among the files that the decision depends on.
    files: Vec<String>,
    /// What the context got at this commit.
    got: GotJson,
}

#[derive(Debug, Serialize)]
struct ElsewhereJson {
    kind: &'static str,
    name: String,
    change: &'static str,
    /// The change in words.
    text: String,
}

impl SinceJson {
    /// The commit that changed these files, and what the context got at it.
    pub fn new(commit: CommitJson, files: Vec<String>, got: GotJson) -> Self {
        Self { commit, at_least: false, elsewhere: Vec::new(), files, got }
    }

    /// The oldest commit of a clone, which need not have changed anything.
    pub fn oldest(commit: CommitJson, got: GotJson) -> Self {
        Self { at_least: true, ..Self::new(commit, Vec::new(), got) }
    }

    /// A change of another flag.
    pub fn changes_flag(&mut self, key: &str, change: &DefinitionChange) {
        let (change, text) = (kind(change), words(change));
        self.elsewhere.push(ElsewhereJson { kind: "flag", name: key.to_owned(), change, text });
    }

    /// A change of whom a segment is for.
    pub fn changes_segment(&mut self, name: String, Shift { from, to }: &Shift) {
        let text = format!("{from} → {to}");
        self.elsewhere.push(ElsewhereJson { kind: "segment", name, change: "condition", text });
    }

    fn paragraph(&self, got: &GotJson) -> String {
        let mut text = if self.at_least { "at least since " } else { "since " }.to_owned();
        text += &heading(&self.commit);
        let own = changed(&self.commit);
        if own.is_empty() && self.elsewhere.is_empty() && !self.files.is_empty() {
            text += &format!("    changes {}\n", self.files.join(", "));
        }
        text += &own;
        for change in &self.elsewhere {
            text += &format!("    {} {}: {}\n", change.kind, change.name, change.text);
        }
        if self.got.reason() != got.reason() {
            text += &format!("    then for the reason {}\n", self.got.reason());
        }
        text
    }
}

impl GotJson {
    fn text(&self, blame: &BlameJson<'_>) -> String {
        match self {
            Self::Serves { words, .. } => words.clone(),
            Self::Invalid { problem } => format!("no valid definition\n  {problem}\n"),
            Self::NoEnvironment => format!("no environment `{}`\n", blame.environment),
            Self::NoFlag => format!("no flag `{}`\n", blame.flag),
        }
    }

    /// The decision's second line.
    fn reason(&self) -> &str {
        match self {
            Self::Serves { words, .. } => words.lines().nth(1).unwrap_or_default().trim(),
            Self::Invalid { .. } | Self::NoEnvironment | Self::NoFlag => "",
        }
    }
}

/// A paragraph for each era.
pub fn blame(blame: &BlameJson<'_>) -> String {
    let paragraphs = blame.eras.iter().enumerate().map(|(at, era)| {
        let when = if at == 0 { blame.flag } else { "before" };
        let since = era.since.as_ref().map_or(String::new(), |since| since.paragraph(&era.got));
        format!("{when}: {}{since}", era.got.text(blame))
    });
    paragraphs.collect::<Vec<_>>().join("\n")
}
