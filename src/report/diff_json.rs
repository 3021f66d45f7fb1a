//! What a change does to all contexts, for programs; the texts for people are made from it.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::diff_words::{self, Whom};
use super::served;
use crate::analyze::{Bounds, Certainty, Population, Region, Share, Side, Witness};
use crate::bundle::Bundle;
use crate::eval::{Context, decide};
use crate::impact::{Cause, Event, Impact, State, Verdict, asks_for_the_moment};

/// So many contexts are shown of a flag in an environment.
const EXAMPLES: usize = 3;
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
    /// As people call it.
    pub name: String,
    /// The full id; none for the working tree.
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
    /// From the flag repository's root.
    pub path: String,
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
    pub(super) fn new(share: Share) -> Self {
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

/// Where `eval` reads the two sides: what stands behind `--at`; none for the working tree.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'e> {
    /// Before.
    pub before: Option<&'e str>,
    /// After.
    pub after: Option<&'e str>,
}

/// By flag, with what is the same in several environments said once.
pub fn flag_diffs(
    impacts: &[&Impact],
    known: Option<&[Vec<u64>]>,
    states: [&State; 2],
    ends: Ends<'_>,
) -> Vec<FlagDiffJson> {
    let mut flags: Vec<FlagDiffJson> = Vec::new();
    for (at, impact) in impacts.iter().enumerate() {
        let counts = known.and_then(|known| known.get(at)).map(Vec::as_slice);
        let change = change(impact, counts, states);
        match flags.last_mut().filter(|flag| flag.flag == impact.flag) {
            None => flags.push(FlagDiffJson { flag: impact.flag.clone(), changes: vec![change] }),
            Some(flag) => {
                let same = |other: &&mut FlagChangeJson| {
                    let environments = other.environments.clone();
                    **other == FlagChangeJson { environments, ..change.clone() }
                };
                match flag.changes.iter_mut().find(same) {
                    Some(other) => other.environments.push(impact.environment.clone()),
                    None => flag.changes.push(change),
                }
            }
        }
    }
    for flag in &mut flags {
        for change in &mut flag.changes {
            let environment = change.environments.last().cloned().unwrap_or_default();
            for example in change.regions.iter_mut().filter_map(|region| region.example.as_mut()) {
                let at = if example.after.is_some() { ends.after } else { ends.before };
                example.command = diff_words::command(&flag.flag, &environment, example, at);
            }
        }
    }
    flags
}

fn change(impact: &Impact, counts: Option<&[u64]>, states: [&State; 2]) -> FlagChangeJson {
    let bundles = states.map(|state| state.bundle(&impact.environment));
    let (answer, problem) = match &impact.verdict {
        Verdict::Known(_) => ("known", None),
        Verdict::Unknown => ("unknown", Some("the analysis takes more work than is allowed".to_owned())),
        Verdict::Invalid(side, problem) => (
            "invalid",
            Some(match side {
                Side::After => problem.clone(),
                Side::Before => format!("before: {problem}"),
            }),
        ),
    };
    let regions = impact.regions().iter().enumerate().map(|(at, region)| {
        let count = counts.and_then(|counts| counts.get(at)).copied();
        let example = region.witness.as_ref().filter(|_| at < EXAMPLES);
        let example = example.map(|witness| self::example(impact, witness, bundles));
        self::region(impact, region, example, count, bundles)
    });
    FlagChangeJson {
        environments: vec![impact.environment.clone()],
        change: event(impact.event),
        classes: impact.classes().into_iter().map(|class| class.name()).collect(),
        answer,
        problem,
        causes: impact.causes.iter().map(cause).collect(),
        regions: regions.collect(),
    }
}

fn region(
    impact: &Impact,
    region: &Region,
    example: Option<ExampleJson>,
    known: Option<u64>,
    bundles: [&Bundle; 2],
) -> RegionJson {
    let share = |bounds: &Option<Bounds>, of: fn(&Bounds) -> Share| bounds.as_ref().map(|one| ShareJson::new(of(one)));
    let transition = |one: &crate::analyze::Transition| TransitionJson {
        from: one.from.name.to_string(),
        from_value: one.from.value.clone(),
        to: one.to.name.to_string(),
        to_value: one.to.value.clone(),
        share: ShareJson::new(one.share),
    };
    let places = |side: usize| {
        let places = if side == 0 { &region.before } else { &region.after };
        let absent = matches!((side, impact.event), (0, Event::Added) | (1, Event::Removed));
        let flag = bundles.get(side).and_then(|bundle| bundle.flag(&impact.flag).map(|flag| (*bundle, flag)));
        places.iter().map(|place| diff_words::place(*place, flag.filter(|_| !absent))).collect::<Vec<_>>()
    };
    let shifted = diff_words::shifted(&impact.causes);
    RegionJson {
        text: diff_words::region(region, &shifted),
        condition: diff_words::condition(region, Whom::Contexts, &shifted),
        units: match &region.population {
            Population::Units => Vec::new(),
            Population::Named(named) => {
                let units = |(attribute, values): (&String, &Vec<String>)| UnitsJson {
                    attribute: attribute.clone(),
                    values: values.clone(),
                };
                named.iter().map(units).collect()
            }
        },
        moved: ShareJson::new(region.moved()),
        least: share(&region.bounds, |bounds| bounds.least),
        most: share(&region.bounds, |bounds| bounds.most),
        transitions: region.transitions.iter().map(transition).collect(),
        before: places(0),
        after: places(1),
        effects: region.effects.iter().map(|effect| diff_words::effect(*effect)).collect(),
        certain: region.certainty == Certainty::Exact,
        example,
        known,
    }
}

fn example(impact: &Impact, witness: &Witness, bundles: [&Bundle; 2]) -> ExampleJson {
    let json = Json::Object(witness.context.clone());
    let decided = |bundle: &Bundle| {
        let flag = bundle.flag(&impact.flag)?;
        let (context, _) = Context::from_json(&bundle.attributes, &json).ok()?;
        let decision = decide(bundle, flag, &context, witness.now);
        let text = served(bundle, flag, &context, witness.now, &decision);
        Some(text.lines().map(str::trim).collect::<Vec<_>>().join(", "))
    };
    let [before, after] = bundles.map(decided);
    let timed = bundles.iter().any(|bundle| asks_for_the_moment(bundle, &impact.flag));
    let now = timed.then(|| witness.now.to_string());
    ExampleJson { context: witness.context.clone(), now, before, after, command: String::new() }
}

fn cause(cause: &Cause) -> CauseJson {
    CauseJson {
        side: if cause.side == Side::Before { "before" } else { "after" },
        path: cause.path.clone(),
        line: cause.line,
        text: diff_words::what(&cause.what),
    }
}

fn event(event: Event) -> &'static str {
    match event {
        Event::Added => "added",
        Event::Removed => "removed",
        Event::Killed => "killed",
        Event::Revived => "revived",
        Event::Changed => "changed",
        Event::Affected => "affected",
    }
}
