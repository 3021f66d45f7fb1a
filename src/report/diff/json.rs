//! What a change does to all contexts, for programs; the texts for people are made from it.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::analyze::Share;

/// What a change does.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffJson {
    /// Of this structure.
    pub version: u32,
    /// Before.
    pub before: EndJson,
    /// After.
    pub after: EndJson,
    /// Those that were written otherwise or serve anybody something else, by key.
    pub flags: Vec<FlagDiffJson>,
    /// Those that depend on what was changed, and for which nothing changes: proven.
    pub unaffected: Vec<String>,
    /// What `--fail-on` and `--max-share` refuse, in sentences.
    pub refused: Vec<String>,
    /// How many contexts `--population` had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<u64>,
}

/// One side.
#[derive(Debug, Clone, Serialize)]
pub struct EndJson {
    /// As people call it; the file, if it is a bundle.
    pub name: String,
    /// The full id; none for the working tree and for a bundle.
    pub commit: Option<String>,
}

/// What changes for one flag.
#[derive(Debug, Clone, Serialize)]
pub struct FlagDiffJson {
    /// The flag's key.
    pub flag: String,
    /// One for all environments in which the same happens.
    pub changes: Vec<FlagChangeJson>,
}

/// What changes for one flag in some environments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagChangeJson {
    /// In the order of promotion.
    pub environments: Vec<String>,
    /// `added`, `removed`, `killed`, `revived`, `changed`, or `affected` by what it depends on.
    pub change: &'static str,
    /// Empty where the answer is not known.
    pub classes: Vec<&'static str>,
    /// `known`; `unknown` where the analysis takes more work than is allowed; `invalid` before or after.
    pub answer: &'static str,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Where it was written.
    pub causes: Vec<CauseJson>,
    /// Everybody who gets something else, the largest share first.
    pub regions: Vec<RegionJson>,
}

/// One thing that was written otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseJson {
    /// `before` or `after`: on which side the line stands.
    pub side: &'static str,
    /// From the flag repository's root; none in a bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// From one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// In a few words.
    pub text: String,
}

/// Contexts for which the same changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionJson {
    /// Who moves and how, in a line.
    pub text: String,
    /// What all of the contexts have in common.
    pub condition: String,
    /// Attributes and their values, where the region is one of named units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitsJson>,
    /// The share of those who move.
    pub moved: ShareJson,
    /// Of a reshuffle: what moves at least, whatever the hashes have to do with each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<ShareJson>,
    /// Of a reshuffle: what moves at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<ShareJson>,
    /// All of the region's units, those who stay included.
    pub transitions: Vec<TransitionJson>,
    /// What decided for those who move.
    pub before: Vec<String>,
    /// What decides for those who move.
    pub after: Vec<String>,
    /// `expand`, `shrink`, `reassign`, `reshuffle`.
    pub effects: Vec<&'static str>,
    /// Whether there surely is such a context.
    pub certain: bool,
    /// A context that moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<ExampleJson>,
    /// How many contexts of `--population` move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<u64>,
}

/// Units that a condition names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitsJson {
    /// Whose values they are.
    pub attribute: String,
    /// In ascending order.
    pub values: Vec<String>,
}

/// A share of units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareJson {
    /// `12.5%`, or `≈ 3.333%` where three decimals do not say it exactly.
    pub percent: String,
    /// Exact, in lowest terms: `1/8`.
    pub fraction: String,
}

impl ShareJson {
    pub(crate) fn new(share: Share) -> Self {
        Self { percent: share.to_string(), fraction: format!("{}/{}", share.numerator(), share.denominator()) }
    }
}

/// From one variant to another, or to the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransitionJson {
    /// A variant's name.
    pub from: String,
    /// Its value.
    pub from_value: Json,
    /// A variant's name.
    pub to: String,
    /// Its value.
    pub to_value: Json,
    /// Of the region's units.
    pub share: ShareJson,
}

/// A context to try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExampleJson {
    /// As `eval --context` takes it.
    pub context: Map<String, Json>,
    /// The moment, where the decision depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// As `eval` says it; none where there was no flag.
    pub before: Option<String>,
    /// As `eval` says it; none where there is no flag.
    pub after: Option<String>,
    /// Shows what it gets now, or got where there is no flag any more.
    pub command: String,
}
