//! Finds the contexts for which two versions of a flag decide differently, and the share of units that get another
//! variant.
//!
//! The input is a flag before and after a change. The output is a list of regions. The algorithm searches for a context
//! with different decisions, generalises it to a region, excludes the region, and repeats until no context is left.
//!
//! If that is too much, the algorithm starts again with [known parts](KnownParts): the decisions of other flags that do
//! not change, and that are independent of the rest, become terms of the regions. A region is then, for example, "10 %
//! of the units for which `base` serves `on`", and the groups of `base` do not multiply the groups of the flag.
//!
//! **Invariant:** a context outside all regions gets the same variant with the same value, in every bucket.
//! **Invariant:** no context lies in two regions.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::budget::Budget;
use crate::analyze::definition::Definition;
use crate::analyze::description::describe::describe;
use crate::analyze::description::facts::{Facts, UnitFacts};
use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::EncodedUnit;
use crate::analyze::error::{AnalysisError, Excess};
use crate::analyze::questions::region_draft::{RegionDraft, RegionSummary, merge};
use crate::analyze::questions::region_units::has_only_named_units;
use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::region::{Bounds, Effect, HashedUnits, Population, Region, Transition, UnitScope, effect};
use crate::analyze::results::share::Share;
use crate::analyze::results::witness::Witness;
use crate::analyze::search::bucket_partition::{
    BucketCell, BucketPartition, Query, StateHandling, partition_buckets, widen,
};
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::known_parts::KnownParts;
use crate::analyze::search::solver::Literal;
use crate::analyze::search::witness_search::find_witness;
use crate::analyze::side::Side;
use crate::bundle::{Bundle, Flag, Slot, TARGETING_KEY, Variant, VariantId};

/// The budget of automaton states for the descriptions of regions.
const DESCRIPTION_STATES: u64 = 1_000_000;
/// The number of cells of a region that are tried in the search for a unit.
const MAX_TRIED_CELLS: usize = 4;

/// Returns the regions of contexts for which the flag decides differently after the change.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget is exceeded.
pub fn changes(before: Definition<'_>, after: Definition<'_>, budget: &Budget) -> Result<Vec<Region>, AnalysisError> {
    match find_regions(before, after, budget, Detail::AllBuckets) {
        Err(AnalysisError::Exhausted(
            Excess::Regions(_) | Excess::Buckets(_) | Excess::Conditions(_) | Excess::Fractions,
        )) => find_regions(before, after, budget, Detail::KnownParts),
        answer => answer,
    }
}

/// How much of a decision a region describes by shares of buckets.
#[derive(Clone, Copy)]
enum Detail {
    /// Everything that depends on buckets.
    AllBuckets,
    /// Everything except for the known parts, which are terms.
    KnownParts,
}

fn find_regions(
    before: Definition<'_>,
    after: Definition<'_>,
    budget: &Budget,
    detail: Detail,
) -> Result<Vec<Region>, AnalysisError> {
    let bundles = vec![(Side::Before, before.bundle), (Side::After, after.bundle)];
    let mut search = Search::new(bundles, &[(Side::Before, before), (Side::After, after)], &[], budget);
    let (old, new) = (search.encode_flag(Side::Before, before), search.encode_flag(Side::After, after));
    let pair = FlagPair {
        old: before.flag(),
        new: after.flag(),
        bundles: [before.bundle, after.bundle],
        targets: [(old, StateHandling::Respect), (new, StateHandling::Respect)],
    };
    let known = match detail {
        Detail::AllBuckets => KnownParts::default(),
        Detail::KnownParts => KnownParts::independent(&search.encoder, &[old, new]),
    };
    let differ = pair.differ(&mut search);
    let guard = search.encoder.solver.fresh();
    let mut drafts: Vec<RegionDraft<'_>> = Vec::new();
    // Building the regions can find more units that conditions name. They are then searched as well.
    loop {
        while let SearchResult::Satisfiable(assignment) = search.solve(&[guard, differ])? {
            if drafts.len() >= budget.regions {
                // A merge must make enough room, because the time of a merge is quadratic.
                merge(&mut drafts);
                if drafts.len() >= budget.regions.div_ceil(2) {
                    return Err(AnalysisError::Exhausted(Excess::Regions(budget.regions)));
                }
            }
            let partition = partition_buckets(&mut search, &assignment.model, &pair.targets, &[], &known)?;
            search.block(guard, partition.literals(), &assignment.model);
            let mut moving: Vec<&BucketCell> = partition.cells.iter().filter(|cell| pair.moves(cell)).collect();
            if moving.is_empty() {
                return Err(AnalysisError::Disagreement("a change was found in no range of buckets".to_owned()));
            }
            moving.sort_by_key(|cell| std::cmp::Reverse(cell.share));
            let mut found = None;
            for cell in moving.into_iter().take(MAX_TRIED_CELLS) {
                let cell = widen(&search, &assignment.model, cell, &known);
                found = find_witness(&mut search, &assignment, &cell, &partition.queries, &pair.targets, &[])?;
                if found.is_some() {
                    break;
                }
            }
            let certainty = assignment.certainty;
            let signs = partition.queries.iter().map(|query| assignment.model.holds(query.literal)).collect();
            drafts.push(pair.draft(&search, partition, signs, found, certainty)?);
        }
        let mut merged = drafts.clone();
        merge(&mut merged);
        let (states, questions) = (search.budget.automaton_states, search.budget.description_questions);
        let named = named_classes(&search);
        search.budget.automaton_states = states.min(DESCRIPTION_STATES);
        let regions: Result<Vec<Region>, AnalysisError> =
            merged.into_iter().map(|draft| pair.region(&mut search, draft)).collect();
        search.budget.automaton_states = states;
        search.budget.description_questions = questions;
        if named_classes(&search) == named {
            return regions;
        }
    }
}

/// Returns the number of classes of named units that are known so far.
fn named_classes(search: &Search<'_>) -> usize {
    let texts = search.encoder.domains.iter().filter_map(|domain| match &domain.encoding {
        DomainEncoding::Text(text) => Some(text.classes.len()),
        DomainEncoding::Boolean(_)
        | DomainEncoding::Ordered(_)
        | DomainEncoding::TextList(_)
        | DomainEncoding::NumberList(_) => None,
    });
    texts.sum()
}

struct FlagPair<'b> {
    old: &'b Flag,
    new: &'b Flag,
    bundles: [&'b Bundle; 2],
    targets: [(usize, StateHandling); 2],
}

impl<'b> FlagPair<'b> {
    fn variants(&self, (from, to): (VariantId, VariantId)) -> (&'b Variant, &'b Variant) {
        (self.old.variant(from), self.new.variant(to))
    }

    /// Returns whether the units of the cell get another variant after the change.
    fn moves(&self, cell: &BucketCell) -> bool {
        matches!(cell.decisions.as_slice(), [(from, _), (to, _)] if {
            let (from, to) = self.variants((*from, *to));
            from != to
        })
    }

    /// Returns a literal that is true if the variants before and after the change differ.
    fn differ(&self, search: &mut Search<'b>) -> Literal {
        let [(old, _), (new, _)] = self.targets;
        let ids = |flag: &Flag| (0u16..).map(VariantId).take(flag.variants.len()).collect::<Vec<_>>();
        let mut lost = Vec::new();
        for id in ids(self.old) {
            let had: Vec<_> =
                ids(self.old).into_iter().filter(|other| self.old.variant(*other) == self.old.variant(id)).collect();
            let gets: Vec<_> =
                ids(self.new).into_iter().filter(|other| self.new.variant(*other) == self.old.variant(id)).collect();
            let had: Vec<_> = had.into_iter().map(|id| search.outcome(old, id)).collect();
            let gets: Vec<_> = gets.into_iter().map(|id| search.outcome(new, id)).collect();
            let (had, gets) = (search.encoder.solver.any(had), search.encoder.solver.any(gets));
            lost.push(search.encoder.solver.all([had, !gets]));
        }
        search.encoder.solver.any(lost)
    }

    /// Builds a region from a partition. `signs` are the answers to its queries.
    fn draft(
        &self,
        search: &Search<'b>,
        partition: BucketPartition<'b>,
        signs: Vec<bool>,
        witness: Option<Witness>,
        certainty: Certainty,
    ) -> Result<RegionDraft<'b>, AnalysisError> {
        let (mut before, mut after, mut effects) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut shares: BTreeMap<(VariantId, VariantId), Share> = BTreeMap::new();
        for cell in &partition.cells {
            let [(from, old), (to, new)] = cell.decisions.as_slice() else { continue };
            let share = shares.entry((*from, *to)).or_insert(Share::NONE);
            *share = share.checked_add(cell.share)?;
            if self.moves(cell) {
                before.insert(*old);
                after.insert(*new);
                let (from, to) = self.variants((*from, *to));
                effects.insert(effect(self.old, from, to));
            }
        }
        let classes: BTreeSet<_> = partition.queries.iter().filter_map(Query::class).collect();
        let bounds = if partition.is_independent() { self.bounds(&shares)? } else { None };
        if bounds.is_some() || self.hashes_other_units(&partition) || self.moves_slot(&partition) {
            effects.insert(Effect::Reshuffle);
        }
        let named = classes.iter().map(|(domain, _)| *domain).collect();
        let dimension = |index: &usize| search.encoder.dimensions.get(*index);
        let hashed = partition.dividing_dimensions.iter().filter_map(dimension);
        let hashed = hashed.map(|dimension| dimension.domain).collect();
        let summary = RegionSummary { before, after, shares, effects, bounds, hashed, named };
        Ok(RegionDraft { queries: partition.queries, signs, classes, summary, witness, certainty })
    }

    /// Returns whether a rule that decides in the partition takes another part of its layer after the change, so that it
    /// loses units and gains others. A range that only grows or only shrinks is not moved.
    fn moves_slot(&self, partition: &BucketPartition<'b>) -> bool {
        let slots = |target: usize, flag: &'b Flag| -> BTreeMap<String, &'b Slot> {
            let hashing = flag.rules.iter().enumerate().filter(|(_, rule)| partition.hashes(target, rule));
            hashing.filter_map(|(index, rule)| Some((flag.rule_name(index), rule.partial_slot()?))).collect()
        };
        let after = slots(1, self.new);
        slots(0, self.old).iter().any(|(rule, old)| {
            after.get(rule).is_some_and(|new| {
                old.has_same_salt(new) && !old.range.contains(new.range) && !new.range.contains(old.range)
            })
        })
    }

    /// Returns whether a rule of both versions decides by the bucket of another attribute after the change.
    fn hashes_other_units(&self, partition: &BucketPartition<'b>) -> bool {
        let units = |target: usize, flag: &'b Flag, bundle: &'b Bundle| -> BTreeMap<String, &'b str> {
            let hashing = flag.rules.iter().enumerate().filter(|(_, rule)| partition.hashes(target, rule));
            hashing.map(|(index, rule)| (flag.rule_name(index), bundle.attributes.name(flag.unit_of(rule)))).collect()
        };
        let [old_bundle, new_bundle] = self.bundles;
        let after = units(1, self.new, new_bundle);
        units(0, self.old, old_bundle).iter().any(|(rule, unit)| after.get(rule).is_some_and(|other| other != unit))
    }

    /// Returns the bounds of a reshuffle, or `None` if one version serves a single variant to all units.
    fn bounds(&self, shares: &BTreeMap<(VariantId, VariantId), Share>) -> Result<Option<Bounds>, AnalysisError> {
        let mut sums: Vec<(&Variant, Share, Share)> = Vec::new();
        for (ids, share) in shares {
            let (from, to) = self.variants(*ids);
            for (variant, had, gets) in [(from, *share, Share::NONE), (to, Share::NONE, *share)] {
                match sums.iter_mut().find(|(other, ..)| *other == variant) {
                    Some((_, p, q)) => (*p, *q) = (p.checked_add(had)?, q.checked_add(gets)?),
                    None => sums.push((variant, had, gets)),
                }
            }
        }
        let is_all = |share: &Share| *share == Share::ALL;
        if sums.iter().any(|(_, p, q)| is_all(p) || is_all(q)) {
            return Ok(None);
        }
        let (mut most_stay, mut least_stay) = (Share::NONE, Share::NONE);
        for (_, p, q) in &sums {
            most_stay = most_stay.checked_add(*p.min(q))?;
            least_stay = least_stay.checked_add(p.checked_add(*q)?.saturating_sub(Share::ALL)?)?;
        }
        Ok(Some(Bounds { least: Share::ALL.saturating_sub(most_stay)?, most: Share::ALL.saturating_sub(least_stay)? }))
    }

    /// Builds a region from its draft, and describes it.
    fn region(&self, search: &mut Search<'b>, draft: RegionDraft<'b>) -> Result<Region, AnalysisError> {
        let RegionDraft { queries, signs, classes, summary, witness, certainty } = draft;
        let versions = self.targets.iter().filter_map(|(flag, _)| search.encoder.flags.get(*flag));
        let versions: Vec<Vec<EncodedUnit>> = versions.map(|flag| flag.units.clone()).collect();
        let is_named = has_only_named_units(search, &queries, &signs, &classes, &versions)?;
        let hashed = hashed_units(search, &summary.hashed, &versions);
        let unit_scope = if is_named { UnitScope::Named } else { UnitScope::Any };
        let transitions = summary.shares.into_iter().map(|(ids, share)| {
            let (from, to) = self.variants(ids);
            Transition { from: from.clone(), to: to.clone(), share }
        });
        let transitions: Vec<Transition> = transitions.collect();
        let all_move = transitions.iter().all(Transition::moves);
        let units = if all_move && classes.is_empty() { UnitFacts::Described } else { UnitFacts::Known };
        let described = describe(search, &Facts { queries: &queries, signs: &signs, classes: &classes, units })?;
        Ok(Region {
            condition: described.condition,
            units: described.units,
            before: summary.before.into_iter().collect(),
            after: summary.after.into_iter().collect(),
            population: population(search, &classes),
            unit_scope,
            hashed,
            transitions,
            effects: summary.effects,
            bounds: summary.bounds,
            witness,
            certainty,
        })
    }
}

/// Returns the units of the shares of a region. `versions` are the units of the flag before and after.
fn hashed_units(search: &Search<'_>, hashed: &BTreeSet<usize>, versions: &[Vec<EncodedUnit>]) -> HashedUnits {
    let name = |index: &usize| search.encoder.domains.get(*index).map(|domain| domain.name.clone());
    let mut of_flag = versions.iter().flatten().filter_map(|unit| unit.domain);
    let attributes: BTreeSet<String> = hashed.iter().filter_map(name).collect();
    let has_other = of_flag.any(|unit| name(&unit).is_some_and(|name| name != TARGETING_KEY));
    match attributes.iter().all(|name| name == TARGETING_KEY) && !has_other {
        true => HashedUnits::TargetingKey,
        false => HashedUnits::Attributes(attributes),
    }
}

/// Returns the named units of the classes, or all units if there are no classes.
fn population(search: &Search<'_>, classes: &BTreeSet<(usize, usize)>) -> Population {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (domain, class) in classes {
        let Some(domain) = search.encoder.domains.get(*domain) else { continue };
        let DomainEncoding::Text(text) = &domain.encoding else { continue };
        let units = named.entry(domain.name.clone()).or_default();
        units.extend(text.classes.get(*class).into_iter().flat_map(|class| class.members.iter().cloned()));
        units.sort();
    }
    if named.is_empty() { Population::Units } else { Population::Named(named) }
}
