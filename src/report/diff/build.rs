//! From what was worked out to what is said about it.

use serde_json::Value as Json;

use crate::analyze::{Bounds, Certainty, Population, Region, Share, Side, Transition, Witness};
use crate::bundle::{Bundle, Flag};
use crate::diff::{Cause, Event, Impact, State, Verdict};
use crate::eval::{Context, decide};
use crate::report::diff::phrases;
use crate::report::diff::phrases::Whom;
use crate::report::served;
use crate::report::{
    CauseJson, ExampleJson, FlagChangeJson, FlagDiffJson, RegionJson, ShareJson, TransitionJson, UnitsJson,
};

/// So many contexts are shown of a flag in an environment.
const EXAMPLES: usize = 3;

/// Where `eval` reads a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// In the working tree.
    WorkingTree,
    /// At a revision of that name.
    Revision(String),
    /// In that file.
    Bundle(String),
}

/// By flag, with what is the same in several environments said once.
pub fn flag_diffs(
    impacts: &[&Impact],
    known: Option<&[Vec<u64>]>,
    states: [&State; 2],
    ends: [&End; 2],
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
                let end = if example.after.is_some() { ends[1] } else { ends[0] };
                example.command = phrases::command(&flag.flag, &environment, example, end);
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
    let transition = |one: &Transition| TransitionJson {
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
        places.iter().map(|place| phrases::place(*place, flag.filter(|_| !absent))).collect::<Vec<_>>()
    };
    let shifted = phrases::shifted(&impact.causes);
    RegionJson {
        text: phrases::region(region, &shifted),
        condition: phrases::condition(region, Whom::Contexts, &shifted),
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
        effects: region.effects.iter().map(|effect| phrases::effect(*effect)).collect(),
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
    let timed = bundles.iter().any(|bundle| {
        let mut conditions = bundle.flag(&impact.flag).into_iter().flat_map(Flag::conditions);
        conditions.any(|condition| bundle.depends_on_time(condition))
    });
    let now = timed.then(|| witness.now.to_string());
    ExampleJson { context: witness.context.clone(), now, before, after, command: String::new() }
}

fn cause(cause: &Cause) -> CauseJson {
    CauseJson {
        side: if cause.side == Side::Before { "before" } else { "after" },
        path: cause.path.clone(),
        line: cause.line,
        text: phrases::what(&cause.what),
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
