//! For which contexts two decisions differ, and for how many units.
//!
//! Takes a flag before and after; gives regions.
//!
//! **Invariant:** a context outside all regions gets the same variant with the same value, in whatever bucket.
//! **Invariant:** no context lies in two regions.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::bucket_partition::{Leaf, Query, StateHandling, Tree, explore};
use crate::analyze::domain::Form;
use crate::analyze::encode::Want;
use crate::analyze::region::{
    Bounds, DecidedBy, Effect, Population, Region, Term, TermSubject, TermTest, Transition, Witness, effect,
};
use crate::analyze::search::{Certainty, Engine, SearchResult};
use crate::analyze::share::Share;
use crate::analyze::solver::Literal;
use crate::analyze::{AnalysisError, Budget, Definition, Side, witness};
use crate::bundle::{Condition, Flag, Variant, VariantId};

/// So many states of automata may be visited to tell regions in fewer words.
const BRIEFLY: u64 = 1_000_000;
/// So many leaves of a region are tried for one with a unit.
const TRIED: usize = 4;

/// Everything that the flag decides otherwise after than before.
///
/// # Errors
/// [`AnalysisError`]
pub fn changes(before: Definition<'_>, after: Definition<'_>, budget: &Budget) -> Result<Vec<Region>, AnalysisError> {
    let bundles = vec![(Side::Before, before.bundle), (Side::After, after.bundle)];
    let mut engine = Engine::new(bundles, &[(Side::Before, before), (Side::After, after)], &[], budget);
    let (old, new) = (engine.lower(Side::Before, before), engine.lower(Side::After, after));
    let pair = Pair {
        old: before.flag(),
        new: after.flag(),
        targets: [(old, StateHandling::State), (new, StateHandling::State)],
    };
    let differ = pair.differ(&mut engine);
    let guard = engine.lowering.solver.fresh();
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    while let SearchResult::Assignment(instance) = engine.solve(&[guard, differ])? {
        if drafts.len() >= budget.regions {
            return Err(AnalysisError::Exhausted);
        }
        let tree = explore(&mut engine, &instance.model, &pair.targets, &[])?;
        engine.block(guard, &tree.asks, &instance.model);
        let mut moving: Vec<&Leaf> = tree.leaves.iter().filter(|leaf| pair.moves(leaf)).collect();
        if moving.is_empty() {
            return Err(AnalysisError::Disagreement("a change was found in no range of buckets".to_owned()));
        }
        moving.sort_by_key(|leaf| std::cmp::Reverse(leaf.share));
        let mut found = None;
        for leaf in moving.into_iter().take(TRIED) {
            found = witness::find(&mut engine, &instance, leaf, &tree.asks, &pair.targets, &[])?;
            if found.is_some() {
                break;
            }
        }
        let retyped = found.is_none() && !engine.retyped.is_empty();
        let certainty = if retyped { Certainty::Possible } else { instance.certainty };
        let signs = tree.asks.iter().map(|ask| instance.model.holds(ask.literal)).collect();
        drafts.push(pair.draft(tree, signs, found, certainty)?);
    }
    merge(&mut drafts);
    engine.budget.automaton_states = engine.budget.automaton_states.min(BRIEFLY);
    drafts.into_iter().map(|draft| pair.region(&mut engine, draft)).collect()
}

struct Pair<'b> {
    old: &'b Flag,
    new: &'b Flag,
    targets: [(usize, StateHandling); 2],
}

/// A region, in the terms of the search.
struct Draft<'b> {
    asks: Vec<Query<'b>>,
    signs: Vec<bool>,
    /// Classes of units, where the region is one of named units.
    classes: BTreeSet<(usize, usize)>,
    meaning: Meaning,
    witness: Option<Witness>,
    certainty: Certainty,
}

/// What is said of a region besides which contexts are in it.
#[derive(PartialEq)]
struct Meaning {
    before: BTreeSet<DecidedBy>,
    after: BTreeSet<DecidedBy>,
    shares: BTreeMap<(VariantId, VariantId), Share>,
    effects: BTreeSet<Effect>,
    bounds: Option<Bounds>,
    named: BTreeSet<usize>,
}

impl<'b> Pair<'b> {
    fn variants(&self, (from, to): (VariantId, VariantId)) -> (&'b Variant, &'b Variant) {
        (self.old.variant(from), self.new.variant(to))
    }

    fn moves(&self, leaf: &Leaf) -> bool {
        matches!(leaf.decisions.as_slice(), [(from, _), (to, _)] if {
            let (from, to) = self.variants((*from, *to));
            from != to
        })
    }

    /// Some variant is served before that is not served after.
    fn differ(&self, engine: &mut Engine<'b>) -> Literal {
        let [(old, _), (new, _)] = self.targets;
        let ids = |flag: &Flag| (0u16..).map(VariantId).take(flag.variants.len()).collect::<Vec<_>>();
        let mut lost = Vec::new();
        for id in ids(self.old) {
            let had: Vec<_> =
                ids(self.old).into_iter().filter(|other| self.old.variant(*other) == self.old.variant(id)).collect();
            let gets: Vec<_> =
                ids(self.new).into_iter().filter(|other| self.new.variant(*other) == self.old.variant(id)).collect();
            let had: Vec<_> = had.into_iter().map(|id| engine.outcome(old, id)).collect();
            let gets: Vec<_> = gets.into_iter().map(|id| engine.outcome(new, id)).collect();
            let (had, gets) = (engine.lowering.solver.any(had), engine.lowering.solver.any(gets));
            lost.push(engine.lowering.solver.all([had, !gets]));
        }
        engine.lowering.solver.any(lost)
    }

    fn draft(
        &self,
        tree: Tree<'b>,
        signs: Vec<bool>,
        witness: Option<Witness>,
        certainty: Certainty,
    ) -> Result<Draft<'b>, AnalysisError> {
        let (mut before, mut after, mut effects) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut shares: BTreeMap<(VariantId, VariantId), Share> = BTreeMap::new();
        for leaf in &tree.leaves {
            let [(from, old), (to, new)] = leaf.decisions.as_slice() else { continue };
            let share = shares.entry((*from, *to)).or_insert(Share::NONE);
            *share = share.checked_add(leaf.share)?;
            if self.moves(leaf) {
                before.insert(*old);
                after.insert(*new);
                let (from, to) = self.variants((*from, *to));
                effects.insert(effect((self.old, from), (self.new, to)));
            }
        }
        let classes: BTreeSet<_> = tree.asks.iter().filter_map(|ask| ask.class).collect();
        let bounds = if tree.reshuffles() && classes.is_empty() { self.bounds(&shares)? } else { None };
        if bounds.is_some() {
            effects.insert(Effect::Reshuffle);
        }
        let named = classes.iter().map(|(domain, _)| *domain).collect();
        let meaning = Meaning { before, after, shares, effects, bounds, named };
        Ok(Draft { asks: tree.asks, signs, classes, meaning, witness, certainty })
    }

    /// None where one side serves everyone the same.
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
        let uniform = |share: &Share| *share == Share::ALL;
        if sums.iter().any(|(_, p, q)| uniform(p) || uniform(q)) {
            return Ok(None);
        }
        let (mut most_stay, mut least_stay) = (Share::NONE, Share::NONE);
        for (_, p, q) in &sums {
            most_stay = most_stay.checked_add(*p.min(q))?;
            least_stay = least_stay.checked_add(p.checked_add(*q)?.saturating_sub(Share::ALL)?)?;
        }
        Ok(Some(Bounds { least: Share::ALL.saturating_sub(most_stay)?, most: Share::ALL.saturating_sub(least_stay)? }))
    }

    fn region(&self, engine: &mut Engine<'b>, draft: Draft<'b>) -> Result<Region, AnalysisError> {
        let Draft { asks, signs, classes, meaning, witness, certainty } = draft;
        let kept = simplify(engine, &asks, &signs, &classes)?;
        let terms = asks.iter().zip(&signs).zip(kept).filter(|(_, kept)| *kept);
        let terms = terms.filter(|((ask, _), _)| ask.class.is_none()).map(|((ask, sign), _)| term(engine, ask, *sign));
        let terms = terms.collect();
        let transitions = meaning.shares.into_iter().map(|(ids, share)| {
            let (from, to) = self.variants(ids);
            Transition { from: from.clone(), to: to.clone(), share }
        });
        Ok(Region {
            terms,
            before: meaning.before.into_iter().collect(),
            after: meaning.after.into_iter().collect(),
            population: population(engine, &classes),
            transitions: transitions.collect(),
            effects: meaning.effects,
            bounds: meaning.bounds,
            witness,
            certainty,
        })
    }
}

impl Tree<'_> {
    /// Whether each side's decision depends on a hash that the other's does not.
    fn reshuffles(&self) -> bool {
        let of = |target| self.used.iter().filter(move |(other, _)| *other == target).map(|(_, at)| *at);
        let (old, new): (BTreeSet<usize>, BTreeSet<usize>) = (of(0).collect(), of(1).collect());
        old.difference(&new).next().is_some() && new.difference(&old).next().is_some()
    }
}

fn population(engine: &Engine<'_>, classes: &BTreeSet<(usize, usize)>) -> Population {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (domain, class) in classes {
        let Some(domain) = engine.lowering.domains.get(*domain) else { continue };
        let Form::Text(text) = &domain.form else { continue };
        let units = named.entry(domain.name.clone()).or_default();
        units.extend(text.classes.get(*class).into_iter().flat_map(|class| class.members.iter().cloned()));
        units.sort();
    }
    if named.is_empty() { Population::Units } else { Population::Named(named) }
}

/// Joins regions that differ in the sign of one question alone, or in the named units alone.
fn merge(drafts: &mut Vec<Draft<'_>>) {
    let mut joined = true;
    while joined {
        joined = false;
        let mut at = 0;
        while at < drafts.len() {
            let (done, rest) = drafts.split_at_mut(at);
            let Some(draft) = rest.first() else { break };
            if done.iter_mut().any(|earlier| join(earlier, draft)) {
                drafts.remove(at);
                joined = true;
            } else {
                at += 1;
            }
        }
    }
}

fn join<'b>(into: &mut Draft<'b>, from: &Draft<'b>) -> bool {
    if into.meaning != from.meaning || into.certainty != from.certainty || into.meaning.named.len() > 1 {
        return false;
    }
    let answers = |draft: &Draft<'_>| -> BTreeMap<u32, bool> {
        let open = draft.asks.iter().zip(&draft.signs).filter(|(ask, _)| ask.class.is_none());
        open.map(|(ask, sign)| (ask.literal.var().idx(), *sign == ask.literal.sign())).collect()
    };
    let (ours, theirs) = (answers(into), answers(from));
    if into.classes != from.classes {
        let same = ours == theirs;
        if same {
            into.classes.extend(&from.classes);
        }
        return same;
    }
    let mut other = ours.iter().filter(|(var, sign)| theirs.get(var) != Some(sign)).map(|(var, _)| *var);
    let (Some(var), None, true) = (other.next(), other.next(), ours.keys().eq(theirs.keys())) else { return false };
    let Some(at) = into.asks.iter().position(|ask| ask.literal.var().idx() == var) else { return false };
    into.asks.remove(at);
    into.signs.remove(at);
    true
}

/// That the units are of these classes, for each attribute that has some.
fn one_of(engine: &mut Engine<'_>, classes: &BTreeSet<(usize, usize)>) -> Vec<Literal> {
    let mut literals: BTreeMap<usize, Vec<Literal>> = BTreeMap::new();
    for (domain, class) in classes {
        if let Some(Form::Text(text)) = engine.lowering.domains.get(*domain).map(|domain| &domain.form) {
            literals.entry(*domain).or_default().extend(text.classes.get(*class).map(|class| class.holds));
        }
    }
    literals.into_values().map(|any| engine.lowering.solver.any(any)).collect()
}

/// Which of the questions are needed to tell the region, as far as the work allows: the others say nothing wrong.
fn simplify(
    engine: &mut Engine<'_>,
    asks: &[Query<'_>],
    signs: &[bool],
    classes: &BTreeSet<(usize, usize)>,
) -> Result<Vec<bool>, AnalysisError> {
    let units = one_of(engine, classes);
    let literals: Vec<Literal> = asks.iter().zip(signs).map(|(ask, sign)| ask.literal.apply_sign(*sign)).collect();
    let mut kept = vec![true; literals.len()];
    // For one region before it was too much.
    if engine.budget.automaton_states == 0 {
        return Ok(kept);
    }
    // What is about units is left out first, then what does not hold, the last first.
    let mut order: Vec<usize> = (0..literals.len()).rev().collect();
    order.sort_by_key(|at| {
        let holds = signs.get(*at).copied().unwrap_or(false);
        let rank = asks.get(*at).map(|ask| match ask.subject {
            TermSubject::Named { .. } => 0,
            TermSubject::Unit { .. } => 1,
            _ if !holds => 2,
            _ => 3,
        });
        rank.unwrap_or(3)
    });
    for at in order {
        if asks.get(at).is_none_or(|ask| ask.class.is_some()) {
            continue;
        }
        let others = literals.iter().zip(&kept).enumerate().filter(|(other, (_, kept))| **kept && *other != at);
        let others = others.filter(|(other, _)| asks.get(*other).is_some_and(|ask| ask.class.is_none()));
        let mut assumed: Vec<Literal> = others.map(|(_, (literal, _))| *literal).chain(units.iter().copied()).collect();
        assumed.extend(literals.get(at).map(|literal| !*literal));
        let superfluous = match engine.impossible(&assumed) {
            Err(AnalysisError::Exhausted) => {
                engine.budget.automaton_states = 0;
                return Ok(kept);
            }
            answer => answer?,
        };
        if superfluous && let Some(kept) = kept.get_mut(at) {
            *kept = false;
        }
    }
    Ok(kept)
}

fn term(engine: &Engine<'_>, ask: &Query<'_>, holds: bool) -> Term {
    let (words, test) = match (&ask.condition, &ask.subject) {
        (Some((condition, want)), _) => {
            let condition = match want {
                Want::True => (*condition).clone(),
                Want::False => Condition::Not(Box::new((*condition).clone())),
            };
            let bundle = engine.lowering.bundle(ask.side);
            (bundle.map(|bundle| bundle.words(&condition)).unwrap_or_default(), TermTest::Holds(condition))
        }
        (None, TermSubject::Named { attribute }) => {
            let named = named(engine, attribute);
            (format!("{attribute} is named by a condition"), TermTest::IsOneOf(attribute.clone(), named))
        }
        (None, TermSubject::Unit { attribute }) => {
            (format!("{attribute} is there"), TermTest::HasUnit(attribute.clone()))
        }
        (None, _) => (String::new(), TermTest::Holds(Condition::All(Box::default()))),
    };
    Term { holds, side: ask.side, subject: ask.subject.clone(), words, test }
}

fn named(engine: &Engine<'_>, attribute: &str) -> BTreeSet<String> {
    let texts = engine.lowering.domains.iter().filter(|domain| domain.name == attribute);
    let classes = texts.filter_map(|domain| match &domain.form {
        Form::Text(text) => Some(&text.classes),
        _ => None,
    });
    classes.flatten().flat_map(|class| class.members.iter().cloned()).collect()
}
