//! The policy of environments in written form: how far and how fast a change may go.
//!
//! An entry is about an environment or a group of environments. [`Settings::policy_of`](crate::model::Settings::policy_of)
//! returns what applies to the flags of one kind in one environment.

use std::collections::BTreeSet;

use jiff::{Timestamp, Zoned};

use crate::bundle::Percent;
use crate::model::duration::WrittenDuration;
use crate::model::lower::{Fields, Lowering, read_all};
use crate::snapshot::Spanned;
use crate::yaml::{Entry, Node};

/// The policy of an environment or a group of environments.
#[derive(Debug, Clone)]
pub struct PolicyEntry {
    /// The name of the environment or group.
    pub name: Spanned<String>,
    /// What applies to flags of all kinds.
    pub rules: PolicyRules,
    /// What replaces single rules for the flags of a kind, in the order of the file.
    pub kinds: Vec<(Spanned<String>, PolicyRules)>,
    /// The times in which only shrinks and kills are allowed.
    pub freezes: Vec<Freeze>,
}

/// The rules of a policy, each of which may be left out.
#[derive(Debug, Clone, Default)]
pub struct PolicyRules {
    /// The greatest growth of a share in one change, in percentage points.
    pub max_step: Option<Spanned<Percent>>,
    /// How long a flag must be served unchanged before it grows again.
    pub min_soak: Option<Spanned<WrittenDuration>>,
    /// The environments that must serve at least what this one serves.
    pub after: Option<Vec<Spanned<String>>>,
    /// What is done with the growth of a new or changed condition whose size is not known.
    pub new_conditions: Option<Spanned<NewConditions>>,
    /// The classes of change that need a trailer `Acknowledge`.
    pub acknowledge: Option<Vec<Spanned<AcknowledgedClass>>>,
    /// The file with the signers of whom one must have signed each commit, as a path from the root of the flag
    /// repository.
    pub signed_by: Option<Spanned<String>>,
    /// Whether a flag that grows must have tests.
    pub tests: Option<Spanned<TestRequirement>>,
    /// Whether a candidate that runs in the dark needs a report before it is served.
    pub shadow: Option<Spanned<ReportRequirement>>,
}

/// What is done with the growth of a new or changed condition whose size is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NewConditions {
    /// It is allowed.
    Allow,
    /// It is refused.
    Forbid,
    /// It needs a trailer `Acknowledge: new-condition`.
    #[default]
    Acknowledge,
}

/// Whether a flag that grows must have tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestRequirement {
    /// A test file must have a case, an assertion or a golden matrix about the flag in the environment.
    Required,
    /// It needs none.
    Optional,
}

/// Whether a candidate that runs in the dark needs a report before it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportRequirement {
    /// A report must show that the candidate meets the criteria of the shadow.
    Required,
    /// It needs none.
    Optional,
}

/// A class of change that a policy can require to be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AcknowledgedClass {
    /// The flag is not defined any more.
    Removed,
    /// Contexts get another value than that of `off`.
    Expand,
    /// Contexts get another value, and neither is that of `off`.
    Reassign,
    /// Units are hashed in another way.
    Reshuffle,
}

impl AcknowledgedClass {
    /// All classes.
    pub const ALL: [Self; 4] = [Self::Removed, Self::Expand, Self::Reassign, Self::Reshuffle];

    /// Returns the name in files and trailers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Expand => "expand",
            Self::Reassign => "reassign",
            Self::Reshuffle => "reshuffle",
        }
    }
}

/// A time in which only shrinks and kills are allowed.
#[derive(Debug, Clone)]
pub struct Freeze {
    /// The beginning, which is part of the freeze.
    pub from: Spanned<Timestamp>,
    /// The end, which is not part of the freeze.
    pub until: Spanned<Timestamp>,
    /// The reason.
    pub reason: Spanned<String>,
}

impl Freeze {
    /// Returns whether a time is in the freeze.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from.value <= time && time < self.until.value
    }
}

/// What applies to the flags of one kind in one environment.
#[derive(Debug, Clone, Default)]
pub struct Policy<'s> {
    /// [`PolicyRules::max_step`]
    pub max_step: Option<Percent>,
    /// [`PolicyRules::min_soak`]
    pub min_soak: Option<WrittenDuration>,
    /// [`PolicyRules::after`]
    pub after: Vec<&'s str>,
    /// [`PolicyRules::new_conditions`]. Without it, growth of unknown size must be acknowledged if there is a greatest
    /// step, and is allowed otherwise.
    pub new_conditions: NewConditions,
    /// [`PolicyRules::acknowledge`]
    pub acknowledge: BTreeSet<AcknowledgedClass>,
    /// [`PolicyRules::signed_by`]
    pub signed_by: Option<&'s str>,
    /// Whether the flag must have tests.
    pub needs_tests: bool,
    /// Whether a candidate that runs in the dark needs a report before it is served.
    pub needs_shadow: bool,
    /// The freezes of all entries that are about the environment.
    pub freezes: Vec<&'s Freeze>,
}

impl<'s> Policy<'s> {
    /// Joins the entries that are about an environment, of which an earlier one replaces single rules of a later one.
    /// In an entry, the rules for the kind replace those for all kinds.
    pub(super) fn join(entries: &[&'s PolicyEntry], kind: &str) -> Option<Self> {
        if entries.is_empty() {
            return None;
        }
        let layers: Vec<&PolicyRules> = entries
            .iter()
            .flat_map(|entry| {
                let own = entry.kinds.iter().filter(|(name, _)| name.value == kind).map(|(_, rules)| rules);
                own.chain(std::iter::once(&entry.rules))
            })
            .collect();
        let max_step = layers.iter().find_map(|rules| rules.max_step.as_ref()).map(|step| step.value);
        let default = if max_step.is_some() { NewConditions::Acknowledge } else { NewConditions::Allow };
        let after = layers.iter().find_map(|rules| rules.after.as_ref()).into_iter().flatten();
        let acknowledge = layers.iter().find_map(|rules| rules.acknowledge.as_ref()).into_iter().flatten();
        let tests = layers.iter().find_map(|rules| rules.tests.as_ref());
        let shadow = layers.iter().find_map(|rules| rules.shadow.as_ref());
        Some(Self {
            max_step,
            min_soak: layers.iter().find_map(|rules| rules.min_soak.as_ref()).map(|soak| soak.value),
            after: after.map(|name| name.value.as_str()).collect(),
            new_conditions: layers
                .iter()
                .find_map(|rules| rules.new_conditions.as_ref())
                .map_or(default, |mode| mode.value),
            acknowledge: acknowledge.map(|class| class.value).collect(),
            signed_by: layers.iter().find_map(|rules| rules.signed_by.as_ref()).map(|file| file.value.as_str()),
            needs_tests: tests.is_some_and(|tests| tests.value == TestRequirement::Required),
            needs_shadow: shadow.is_some_and(|shadow| shadow.value == ReportRequirement::Required),
            freezes: entries.iter().flat_map(|entry| &entry.freezes).collect(),
        })
    }
}

const RULES: [&str; 8] =
    ["max-step", "min-soak", "after", "new-conditions", "acknowledge", "signed-by", "tests", "shadow"];

impl PolicyEntry {
    pub(super) fn lower(lowering: &mut Lowering, entry: &Entry) -> Option<Self> {
        let name = lowering.key(entry);
        let known: Vec<&str> = RULES.into_iter().chain(["kinds", "freeze"]).collect();
        let fields = lowering.fields(&entry.value, &known);
        let kinds = fields.get("kinds").map_or(&[][..], |kinds| lowering.nonempty_mapping(kinds));
        let kinds = read_all(kinds, |entry| {
            let name = lowering.key(entry)?;
            let fields = lowering.fields(&entry.value, &RULES);
            Some((name, PolicyRules::lower(lowering, &fields)))
        });
        let freezes = fields.get("freeze").map_or(&[][..], |freezes| lowering.list(freezes));
        let freezes = read_all(freezes, |node| Freeze::lower(lowering, node));
        let rules = PolicyRules::lower(lowering, &fields);
        Some(Self { name: name?, rules, kinds, freezes })
    }
}

impl PolicyRules {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        let classes = AcknowledgedClass::ALL.map(|class| (class.name(), class));
        let class = |lowering: &mut Lowering, node: &Node| {
            lowering.choice(node, &classes, "`removed`, `expand`, `reassign` or `reshuffle`")
        };
        let modes = [
            ("allow", NewConditions::Allow),
            ("forbid", NewConditions::Forbid),
            ("acknowledge", NewConditions::Acknowledge),
        ];
        let mode = |node| lowering.choice(node, &modes, "`allow`, `forbid` or `acknowledge`");
        let new_conditions = fields.get("new-conditions").and_then(mode);
        let tests = [("required", TestRequirement::Required), ("optional", TestRequirement::Optional)];
        let tests = fields.get("tests").and_then(|node| lowering.choice(node, &tests, "`required` or `optional`"));
        let reports = [("required", ReportRequirement::Required), ("optional", ReportRequirement::Optional)];
        let shadow = fields.get("shadow").and_then(|node| lowering.choice(node, &reports, "`required` or `optional`"));
        Self {
            max_step: fields.get("max-step").and_then(|node| lowering.percent(node)),
            min_soak: fields.get("min-soak").and_then(|node| lowering.duration(node)),
            after: fields.get("after").map(|node| lowering.distinct_list(node, Lowering::name)),
            new_conditions,
            acknowledge: fields.get("acknowledge").map(|node| lowering.distinct_list(node, class)),
            signed_by: fields.get("signed-by").and_then(|node| lowering.nonempty_text(node)),
            tests,
            shadow,
        }
    }
}

impl Freeze {
    fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let fields = lowering.fields(node, &["from", "until", "reason"]);
        let [from, until, reason] = ["from", "until", "reason"].map(|key| fields.required(key, lowering));
        let [from, until] = [from, until].map(|node| node.and_then(|node| time(lowering, node)));
        let reason = reason.and_then(|node| lowering.nonempty_text(node));
        let (from, until, reason) = (from?, until?, reason?);
        Some(Self { from, until, reason })
    }
}

/// Reads a time in a time zone, such as `2026-12-18T18:00[Europe/Berlin]`, or with an offset. A time that a change of the
/// clocks repeats is the first of both, and one that it skips is moved forward.
fn time(lowering: &mut Lowering, node: &Node) -> Option<Spanned<Timestamp>> {
    let zoned = |text: &str| text.parse::<Zoned>().ok().map(|zoned| zoned.timestamp());
    match node.as_text().and_then(|text| crate::eval::parse_datetime(text).or_else(|| zoned(text))) {
        Some(value) => Some(Spanned { value, span: node.span }),
        None => lowering.misfit(node.span, "a time such as `2026-12-18T18:00[Europe/Berlin]`"),
    }
}
