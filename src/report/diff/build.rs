//! Builds the structures of a diff from the results of the analysis.

use std::path::Path;

use serde_json::Value as Json;

use crate::analyze::{Bounds, Certainty, HashedUnits, Population, Region, Share, Side, Term, Transition, Witness};
use crate::bundle::{Bundle, Flag, ListText, TARGETING_KEY};
use crate::diff::{
    ComparedDefinitions, Endpoint, FlagEvent, Impact, ImpactCause, ImpactClass, ImpactVerdict, LimitViolation,
    ViolationKind, side_of_term,
};
use crate::eval::{Context, decide};
use crate::git::short_id;
use crate::report::decision::human::served;
use crate::report::diff::condition::Wording;
use crate::report::diff::json::{
    AnswerJson, CauseJson, ExampleDecisionJson, ExampleJson, FlagChangeJson, FlagDiffJson, RegionJson, ShareJson,
    TransitionJson, UnitsJson, VariantRole, VariantShareJson,
};
use crate::report::diff::phrases;
use crate::report::diff::sentence;
use crate::report::eval_command::{EvalCommand, EvalKills};
use crate::report::flags::LinkJson;
use crate::report::value::value;
use crate::report::{EnvironmentSets, Role};

/// The sources from which `flagctl eval` reads the two versions, for the commands of examples.
#[derive(Debug, Clone, Copy)]
pub struct EvalSources<'e> {
    /// The folder of `-C`, if the user has given one.
    pub folder: Option<&'e Path>,
    /// The version before the change, or `None` if no command can read it.
    pub before: Option<&'e Endpoint>,
    /// The version after the change, or `None` if no command can read it.
    pub after: Option<&'e Endpoint>,
}

/// How commands for people name revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionNames {
    /// As the user has named them, such as `HEAD`.
    Given,
    /// By the ids of their commits, because the text is read later, when `HEAD` is another commit.
    Commits,
}

impl RevisionNames {
    /// Returns the endpoint with the name for commands. `commit` is the full id of its commit, if it has one.
    pub fn endpoint(self, endpoint: &Endpoint, commit: Option<&str>) -> Endpoint {
        match (self, endpoint, commit) {
            (Self::Commits, Endpoint::Revision(_), Some(commit)) => Endpoint::Revision(short_id(commit).to_owned()),
            (Self::Given | Self::Commits, ..) => endpoint.clone(),
        }
    }
}

/// Returns the changes by flag. Environments with the same change are combined. Their examples have the command for the
/// last of these environments, and they have the causes in all of them.
///
/// `known` has the number of contexts of `--population` for each impact and each of its regions.
pub fn flag_diffs(
    impacts: &[&Impact],
    known: Option<&[Vec<u64>]>,
    definitions: [&ComparedDefinitions; 2],
    sources: EvalSources<'_>,
) -> Vec<FlagDiffJson> {
    let mut flags: Vec<FlagDiffJson> = Vec::new();
    for (index, impact) in impacts.iter().enumerate() {
        let counts = known.and_then(|known| known.get(index)).map(Vec::as_slice);
        let change = change(impact, counts, definitions, sources);
        match flags.last_mut().filter(|flag| flag.flag == impact.flag) {
            None => {
                let [before, after] = definitions.map(|definitions| definitions.loaded.project.flag(&impact.flag));
                let links = after.or(before).map_or_else(Vec::new, LinkJson::list);
                flags.push(FlagDiffJson {
                    flag: impact.flag.clone(),
                    shadow_of: shadow_of(impact, definitions),
                    changes: vec![change],
                    links,
                });
            }
            Some(flag) => match flag.changes.iter_mut().find(|existing| is_same_change(existing, &change)) {
                Some(existing) => {
                    let mut environments = std::mem::take(&mut existing.environments);
                    environments.push(impact.environment.clone());
                    let mut causes = std::mem::take(&mut existing.causes);
                    causes.extend(
                        change.causes.iter().filter(|cause| !causes.contains(cause)).cloned().collect::<Vec<_>>(),
                    );
                    *existing = FlagChangeJson { environments, causes, ..change };
                }
                None => flag.changes.push(change),
            },
        }
    }
    let sets = EnvironmentSets::new(&definitions[1].loaded.project.settings);
    for change in flags.iter_mut().flat_map(|flag| &mut flag.changes) {
        let names: Vec<&str> = change.environments.iter().map(String::as_str).collect();
        change.shown_environments = sets.shown(&names);
    }
    flags
}

/// Returns the flag whose shadow a flag is, after the change or before it.
fn shadow_of(impact: &Impact, definitions: [&ComparedDefinitions; 2]) -> Option<String> {
    let bundles = definitions.map(|definitions| definitions.bundle(&impact.environment));
    let flags = bundles.into_iter().rev().filter_map(|bundle| bundle.flag(&impact.flag));
    flags.filter_map(Flag::shadowed).map(str::to_owned).next()
}

/// Returns whether two changes are the same, apart from their environments, from their causes, such as the files of two
/// kills, and from the commands of their examples, which contain the environment.
fn is_same_change(left: &FlagChangeJson, right: &FlagChangeJson) -> bool {
    let without_commands = |change: &FlagChangeJson| {
        let mut change = FlagChangeJson { environments: Vec::new(), causes: Vec::new(), ..change.clone() };
        for example in change.regions.iter_mut().filter_map(|region| region.example.as_mut()) {
            for decision in [&mut example.before, &mut example.after].into_iter().flatten() {
                decision.command = None;
            }
        }
        change
    };
    without_commands(left) == without_commands(right)
}

fn change(
    impact: &Impact,
    counts: Option<&[u64]>,
    definitions: [&ComparedDefinitions; 2],
    sources: EvalSources<'_>,
) -> FlagChangeJson {
    let bundles = definitions.map(|definitions| definitions.bundle(&impact.environment));
    let (answer, problem) = match &impact.verdict {
        ImpactVerdict::Known(_) => (AnswerJson::Known, None),
        ImpactVerdict::Unknown(excess) => {
            (AnswerJson::Unknown, Some(format!("the analysis takes more work than is allowed: {excess}")))
        }
        ImpactVerdict::Invalid(side, problem) => (
            AnswerJson::Invalid,
            Some(match side {
                Side::After => problem.clone(),
                Side::Before => format!("before: {problem}"),
            }),
        ),
    };
    let regions = impact.regions().iter().enumerate().map(|(index, region)| {
        let count = counts.and_then(|counts| counts.get(index)).copied();
        let example = region.witness.as_ref().map(|witness| self::example(impact, witness, bundles, sources));
        self::region(impact, region, example, count, bundles)
    });
    FlagChangeJson {
        environments: vec![impact.environment.clone()],
        shown_environments: String::new(),
        change: impact.event.into(),
        classes: impact.classes().into_iter().map(|class| class.name()).collect(),
        class_roles: impact.classes().into_iter().map(class_role).collect(),
        answer,
        problem,
        causes: impact.causes.iter().map(|found| cause(found, definitions)).collect(),
        regions: regions.collect(),
    }
}

/// Returns the role of a class in a text for people.
fn class_role(class: ImpactClass) -> Role {
    match class {
        ImpactClass::Expand => Role::Good,
        ImpactClass::Removed | ImpactClass::Shrink => Role::Bad,
        ImpactClass::Reassign | ImpactClass::Reshuffle => Role::Caution,
        ImpactClass::Relabel | ImpactClass::Metadata | ImpactClass::None => Role::Minor,
    }
}

fn region(
    impact: &Impact,
    region: &Region,
    example: Option<ExampleJson>,
    known: Option<u64>,
    bundles: [&Bundle; 2],
) -> RegionJson {
    let bound = |bound: fn(&Bounds) -> Share| region.bounds.as_ref().map(|bounds| ShareJson::new(bound(bounds)));
    let transition = |transition: &Transition| TransitionJson {
        from: transition.from.name.to_string(),
        from_value: transition.from.value.clone(),
        to: transition.to.name.to_string(),
        to_value: transition.to.value.clone(),
        share: ShareJson::new(transition.share),
    };
    let deciders = |side: Side| {
        let (deciders, bundle) = match side {
            Side::Before => (&region.before, bundles[0]),
            Side::After => (&region.after, bundles[1]),
        };
        let absent =
            matches!((side, impact.event), (Side::Before, FlagEvent::Added) | (Side::After, FlagEvent::Removed));
        let flag = bundle.flag(&impact.flag).filter(|_| !absent).map(|flag| (bundle, flag));
        deciders.iter().map(|decider| phrases::decided_by(*decider, flag)).collect::<Vec<_>>()
    };
    let side = |term: &Term| side_of_term(term, impact.event, bundles);
    let flag = bundles.into_iter().find_map(|bundle| bundle.flag(&impact.flag));
    let off = flag.map(|flag| flag.variant(flag.off).name.as_ref());
    let shown_condition = Wording { side: &side, lists: ListText::Shortened }.of_region(region);
    RegionJson {
        effect: sentence::effect(region, impact.event),
        recipients: sentence::recipients(region, impact.event, shown_condition, off),
        shares: shares(region, off),
        text: phrases::region_with_sides(region, side, ListText::Whole),
        summary: phrases::region_with_sides(region, side, ListText::Shortened),
        condition: Wording { side: &side, lists: ListText::Whole }.of_region_with_units(region),
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
        hashed: match &region.hashed {
            _ if region.moved() == Share::ALL => Vec::new(),
            HashedUnits::TargetingKey => vec![TARGETING_KEY.to_owned()],
            HashedUnits::Attributes(attributes) => attributes.iter().cloned().collect(),
        },
        moved: ShareJson::new(region.moved()),
        least: bound(|bounds| bounds.least),
        most: bound(|bounds| bounds.most),
        transitions: region.transitions.iter().map(transition).collect(),
        before: deciders(Side::Before),
        after: deciders(Side::After),
        effects: region.effects.iter().map(|effect| phrases::effect(*effect)).collect(),
        certain: region.certainty == Certainty::Exact,
        example,
        known,
    }
}

/// Returns the shares of the variants. `off` is the variant `off` of the definition before the change, or of a new one.
fn shares(region: &Region, off: Option<&str>) -> Vec<VariantShareJson> {
    let mut shares: Vec<(&str, [Share; 2])> = Vec::new();
    for transition in &region.transitions {
        for (side, variant) in [&transition.from, &transition.to].into_iter().enumerate() {
            let index = shares.iter().position(|(name, _)| *name == variant.name.as_ref()).unwrap_or(shares.len());
            if index == shares.len() {
                shares.push((&variant.name, [Share::NONE; 2]));
            }
            if let Some(share) = shares.get_mut(index).and_then(|(_, shares)| shares.get_mut(side)) {
                *share = share.checked_add(transition.share).unwrap_or(Share::ALL);
            }
        }
    }
    // The sort is stable: the other variants stay in the order of the transitions.
    shares.sort_by_key(|(name, _)| Some(*name) == off);
    let share = |(name, [before, after]): (&str, [Share; 2])| VariantShareJson {
        variant: name.to_owned(),
        before: ShareJson::new(before),
        after: ShareJson::new(after),
        exact: [before, after],
        role: if Some(name) == off { VariantRole::Off } else { VariantRole::Other },
    };
    shares.into_iter().map(share).collect()
}

fn example(impact: &Impact, witness: &Witness, bundles: [&Bundle; 2], sources: EvalSources<'_>) -> ExampleJson {
    let json = Json::Object(witness.context.clone());
    let timed = bundles.iter().any(|bundle| {
        let mut conditions = bundle.flag(&impact.flag).into_iter().flat_map(Flag::conditions);
        conditions.any(|condition| bundle.depends_on_time(condition))
    });
    let decided = |bundle: &Bundle, endpoint: Option<&Endpoint>| {
        let flag = bundle.flag(&impact.flag)?;
        let context = Context::from_json(&bundle.attributes, &json).ok()?.context;
        let decision = decide(bundle, flag, &context, witness.now);
        let [_, reason] = served(bundle, flag, &context, witness.now, &decision);
        let text = format!(
            "{} = {}, {}",
            decision.variant.name,
            value(&decision.variant.value, ListText::Shortened),
            reason.as_str()
        );
        let command = endpoint.map(|endpoint| {
            EvalCommand {
                folder: sources.folder,
                flags: &[&impact.flag],
                environment: &impact.environment,
                endpoint,
                attributes: &bundle.attributes,
                context: &context,
                kills: EvalKills::REPOSITORY,
                now: timed.then_some(witness.now),
            }
            .line()
        });
        Some(ExampleDecisionJson { text, command })
    };
    ExampleJson {
        context: witness.context.clone(),
        now: timed.then(|| witness.now.to_string()),
        before: decided(bundles[0], sources.before),
        after: decided(bundles[1], sources.after),
    }
}

fn cause(cause: &ImpactCause, [before, after]: [&ComparedDefinitions; 2]) -> CauseJson {
    let prefix = match cause.side {
        Side::Before => &before.prefix,
        Side::After => &after.prefix,
    };
    let field = cause.field.as_ref().map_or(String::new(), |field| format!(" ({field})"));
    let text = |lists| format!("{}{field}", phrases::cause(&cause.what, lists));
    CauseJson {
        side: cause.side.into(),
        path: cause.path.clone(),
        path_from_git_root: cause.path.as_ref().map(|path| format!("{prefix}{path}")),
        line: cause.line,
        text: text(ListText::Whole),
        summary: text(ListText::Shortened),
    }
}

/// Describes a limit that a change exceeds, in words.
pub fn violation(violation: &LimitViolation) -> String {
    let LimitViolation { flag, environment, kind } = violation;
    match kind {
        ViolationKind::Class(class) => format!("{flag} in {environment}: {}", class.name()),
        ViolationKind::Share { moved, units, limit } => {
            let units = phrases::units(units);
            format!("{flag} in {environment}: {moved} of {units} get something else, over {limit}")
        }
    }
}
