//! A diff as flagctl's own JSON. The texts for people are made from these structures.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::analyze::{Share, Side};
use crate::diff::{DiffInput, FlagEvent, UnusableAttribute, UnusableValues};
use crate::git::Revision;
use crate::report::Role;
use crate::report::diff::sentence::Sentence;
use crate::report::flags::LinkJson;
use crate::report::policy::PolicyJson;

/// The effect of a change on all contexts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffJson {
    /// The version of this structure.
    pub version: u32,
    /// The version before the change.
    pub before: EndpointJson,
    /// The version after the change.
    pub after: EndpointJson,
    /// The flags whose definitions differ, or that serve another variant to some context, sorted by key.
    pub flags: Vec<FlagDiffJson>,
    /// The flags that depend on a changed definition, but provably decide as before.
    pub unaffected: Vec<String>,
    /// The changes that exceed the limits of `--fail-on` and `--max-share`, in words.
    pub refused: Vec<String>,
    /// The verdict of the policy of the base, if the range names two revisions and the base has a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyJson>,
    /// The reason why the policy of the base could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_problem: Option<String>,
    /// The number of contexts in the file of `--population`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<u64>,
    /// The values in the contexts of `--population` that do not have the type of their attribute.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<UnusableJson>,
    /// The attributes in the contexts of `--population` that neither version declares.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub undeclared: BTreeSet<String>,
}

/// An attribute whose value is unusable in some contexts of `--population`.
#[derive(Debug, Clone, Serialize)]
pub struct UnusableJson {
    /// The attribute.
    pub attribute: String,
    /// The number of contexts with an unusable value.
    pub contexts: u64,
    /// The expected values in words.
    pub expected: String,
    /// The type of the value in the first of these contexts, in words.
    pub found: &'static str,
    /// The line of this context. Line numbers start at one.
    pub line: u64,
}

impl UnusableJson {
    /// Describes the unusable values of a population.
    pub fn list(values: &UnusableValues) -> Vec<Self> {
        let describe = |((attribute, expected), unusable): (&(String, String), &UnusableAttribute)| Self {
            attribute: attribute.clone(),
            contexts: unusable.contexts,
            expected: expected.clone(),
            found: unusable.found,
            line: unusable.line,
        };
        values.attributes.iter().map(describe).collect()
    }
}

/// One of the two versions that a diff compares.
#[derive(Debug, Clone, Serialize)]
pub struct EndpointJson {
    /// The name of the revision, the path of the bundle's file, or the name of the working tree in reports.
    pub name: String,
    /// The full id of the commit, or `None` for the working tree and for a bundle.
    pub commit: Option<String>,
}

impl EndpointJson {
    /// Describes an input of a comparison.
    pub fn new(input: &DiffInput) -> Self {
        Self { name: input.name.clone(), commit: input.commit.clone() }
    }

    /// Describes a revision.
    pub fn of_revision(revision: &Revision) -> Self {
        Self { name: revision.name().to_owned(), commit: Some(revision.commit()) }
    }
}

/// The changes of one flag.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagDiffJson {
    /// The flag's key.
    pub flag: String,
    /// The flag whose shadow it is, if it is a shadow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow_of: Option<String>,
    /// The changes. Environments with the same change are combined.
    pub changes: Vec<FlagChangeJson>,
    /// Addresses about the flag, from the definition after the change, or before it if the flag was removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkJson>,
}

impl FlagDiffJson {
    /// Returns the changes that texts for people contain: all, except for environments in which nothing differs, if the
    /// flag changes in another environment.
    pub(crate) fn shown_changes(&self) -> impl Iterator<Item = &FlagChangeJson> {
        let is_change = |change: &FlagChangeJson| {
            change.answer != AnswerJson::Known || !change.regions.is_empty() || !change.causes.is_empty()
        };
        let any = self.changes.iter().any(is_change);
        self.changes.iter().filter(move |change| !any || is_change(change))
    }
}

/// The change of one flag in some environments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagChangeJson {
    /// The environments, in the order of promotion.
    pub environments: Vec<String>,
    /// The environments in a short text.
    #[serde(skip)]
    pub shown_environments: String,
    /// The kind of change.
    pub change: EventJson,
    /// The classes of the change, such as `expand`. The list is empty if the effect is unknown.
    pub classes: Vec<&'static str>,
    /// The roles of the classes, in the same order.
    #[serde(skip)]
    pub(crate) class_roles: Vec<Role>,
    /// Whether the effect of the change is known.
    pub answer: AnswerJson,
    /// The reason why the effect is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The differences in definitions that cause the change.
    pub causes: Vec<CauseJson>,
    /// The contexts that get another variant, in groups. The group with the largest share is first.
    pub regions: Vec<RegionJson>,
}

/// The kind of a flag's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventJson {
    /// The flag did not exist before.
    Added,
    /// The flag no longer exists.
    Removed,
    /// A kill was added.
    Killed,
    /// The flag is killed now except for a share of its units.
    HalfOpen,
    /// A kill was removed.
    Revived,
    /// The flag's own definition differs.
    Changed,
    /// Only a dependency of the flag differs.
    Affected,
}

impl From<FlagEvent> for EventJson {
    fn from(event: FlagEvent) -> Self {
        match event {
            FlagEvent::Added => Self::Added,
            FlagEvent::Removed => Self::Removed,
            FlagEvent::Killed => Self::Killed,
            FlagEvent::HalfOpened => Self::HalfOpen,
            FlagEvent::Revived => Self::Revived,
            FlagEvent::Changed => Self::Changed,
            FlagEvent::Affected => Self::Affected,
        }
    }
}

/// Whether the effect of a change is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerJson {
    /// The effect is known exactly.
    Known,
    /// The analysis exceeds its budget.
    Unknown,
    /// The definition before or after has errors.
    Invalid,
}

/// The version before or after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideJson {
    /// The version before the change.
    Before,
    /// The version after the change.
    After,
}

impl From<Side> for SideJson {
    fn from(side: Side) -> Self {
        match side {
            Side::Before => Self::Before,
            Side::After => Self::After,
        }
    }
}

/// A difference in definitions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseJson {
    /// The version that contains the line. For a removed definition, this is the version before the change.
    pub side: SideJson,
    /// The path of the file, from the flag repository's root, or `None` for a bundle.
    #[serde(skip)]
    pub path: Option<String>,
    /// The same path from git's root, which programs need.
    #[serde(rename = "path", skip_serializing_if = "Option::is_none")]
    pub path_from_git_root: Option<String>,
    /// The line number, which starts at one, or `None` for the complete file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The difference in a few words, with everything that differs.
    pub text: String,
    /// The difference for people: the text without the rest of very long lists and values.
    #[serde(skip)]
    pub summary: String,
}

/// A group of contexts with the same change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionJson {
    /// The contexts and their change, in one line. All lists and names are written out.
    pub text: String,
    /// The line for people, with shortened lists.
    #[serde(skip)]
    pub summary: String,
    /// What these contexts are served, for people.
    #[serde(skip)]
    pub(crate) effect: Sentence,
    /// Who is served it, for people.
    #[serde(skip)]
    pub(crate) recipients: Sentence,
    /// The condition that the contexts have in common. All lists are written out.
    pub condition: String,
    /// The named units, if the group consists of named units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitsJson>,
    /// The attributes that the shares are shares of, unless every unit moves. With several attributes, the shares are
    /// shares of the combinations of their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashed: Vec<String>,
    /// The share of units that get another variant.
    pub moved: ShareJson,
    /// For a reshuffle: the smallest possible share, for any correlation of the old and the new hashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<ShareJson>,
    /// For a reshuffle: the largest possible share, for any correlation of the old and the new hashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<ShareJson>,
    /// The transitions of all units of the group, including those that keep their variant.
    pub transitions: Vec<TransitionJson>,
    /// The shares of the variants before and after the change. The variant `off` is the last.
    pub shares: Vec<VariantShareJson>,
    /// The parts of the flag, such as rules, that decided before the change, for the contexts that get another variant.
    pub before: Vec<String>,
    /// The parts of the flag, such as rules, that decide after the change, for the contexts that get another variant.
    pub after: Vec<String>,
    /// The effects: `expand`, `shrink`, `reassign`, `relabel`, `reshuffle`.
    pub effects: Vec<&'static str>,
    /// Whether it is proven that such a context exists.
    pub certain: bool,
    /// An example of a context that gets another variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<ExampleJson>,
    /// The number of contexts of `--population` that get another variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<u64>,
}

/// The units whose values a condition lists.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitsJson {
    /// The attribute.
    pub attribute: String,
    /// The values of the attribute, in ascending order.
    pub values: Vec<String>,
}

/// A share of units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareJson {
    /// The share in percent: `12.5%`, or `≈ 3.333%` if three decimals are not exact.
    pub percent: String,
    /// The exact share as a reduced fraction: `1/8`.
    pub fraction: String,
}

impl ShareJson {
    pub(crate) fn new(share: Share) -> Self {
        Self { percent: share.to_string(), fraction: format!("{}/{}", share.numerator(), share.denominator()) }
    }
}

/// The shares of a region's units that get a variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantShareJson {
    /// The name of the variant.
    pub variant: String,
    /// The share before the change.
    pub before: ShareJson,
    /// The share after the change.
    pub after: ShareJson,
    /// Both shares.
    #[serde(skip)]
    pub(crate) exact: [Share; 2],
    /// Whether it is the variant `off` of the definition before the change, or of a new definition.
    #[serde(skip)]
    pub(crate) role: VariantRole,
}

/// Whether a variant is the variant `off` of its flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VariantRole {
    /// It is served when the flag is off.
    Off,
    /// It is another variant.
    Other,
}

/// A transition from one variant to another or to the same variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransitionJson {
    /// The name of the variant before.
    pub from: String,
    /// The value of the variant before.
    pub from_value: Json,
    /// The name of the variant after.
    pub to: String,
    /// The value of the variant after.
    pub to_value: Json,
    /// The share of the group's units.
    pub share: ShareJson,
}

/// An example: a context that gets another variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExampleJson {
    /// The context, in the format of `eval --context`.
    pub context: Map<String, Json>,
    /// The time of the decision, if the decision depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The decision before the change, or `None` if the flag did not exist.
    pub before: Option<ExampleDecisionJson>,
    /// The decision after the change, or `None` if the flag no longer exists.
    pub after: Option<ExampleDecisionJson>,
}

impl ExampleJson {
    /// Returns the command that shows the decision after the change. If the flag no longer exists, or the definitions
    /// after the change have no name, the command shows the decision before the change.
    pub fn command(&self) -> &str {
        let commands =
            [&self.after, &self.before].into_iter().flatten().find_map(|decision| decision.command.as_deref());
        commands.unwrap_or_default()
    }

    /// Returns the decision before and after the change, each with its side.
    pub(crate) fn decisions(&self) -> [(&'static str, &str); 2] {
        [("before", &self.before), ("after", &self.after)]
            .map(|(side, decision)| (side, decision.as_ref().map_or("no flag", |decision| decision.text.as_str())))
    }
}

/// The decision for an example on one side of the change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExampleDecisionJson {
    /// The decision, in the format of `eval`.
    pub text: String,
    /// The command that shows this decision, or `None` for a merge, which no command can read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}
