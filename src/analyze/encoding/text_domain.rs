//! The values of a text attribute: classes of constants, and every other text.
//!
//! The constants are the texts that predicates and enums name. Constants that no predicate, enum or bucket boundary tells
//! apart form one class with one literal. Every other text belongs to `other`, where one literal for each pattern says
//! whether the pattern matches.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::encoding::atoms::{AttributeAtoms, AttributeKey, BucketHash, HashKey};
use crate::analyze::encoding::dfa::{CompiledPattern, PatternKey};
use crate::analyze::encoding::text_search::TextSearch;
use crate::analyze::search::solver::{Literal, Solver};
use crate::bundle::{Bucket, Operands, Predicate};

/// Texts that nothing tells apart.
pub(crate) struct ValueClass {
    pub(crate) holds: Literal,
    pub(crate) members: Vec<String>,
}

pub(crate) struct TextDomain {
    pub(crate) classes: Vec<ValueClass>,
    /// The text is none of the constants.
    pub(crate) other: Literal,
    pub(crate) pattern_keys: BTreeMap<PatternKey, usize>,
    pub(crate) signs: Vec<Literal>,
    pub(crate) texts: TextSearch,
}

impl TextDomain {
    pub(crate) fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        asked: &AttributeAtoms<'_>,
        hashes: &[(&HashKey, &BucketHash, BTreeMap<Bucket, Literal>)],
    ) -> Self {
        let pattern_keys: BTreeSet<PatternKey> =
            asked.predicates.iter().filter_map(|predicate| PatternKey::new(predicate)).collect();
        let patterns: Vec<_> = pattern_keys.iter().map(CompiledPattern::compile).collect();
        let sets: Vec<_> = asked.predicates.iter().filter_map(|predicate| text_set(predicate)).collect();
        let mut constants: BTreeSet<&str> = sets.iter().flat_map(|set| set.iter()).collect();
        constants.extend(asked.allowed.iter().flat_map(|allowed| allowed.iter().map(AsRef::as_ref)));
        if asked.unit {
            constants.insert("");
        }
        let hashes: Vec<_> = hashes.iter().filter(|(_, hash, _)| hash.unit == *key).collect();
        let mut alike: BTreeMap<(Vec<bool>, Vec<usize>), Vec<String>> = BTreeMap::new();
        for text in &constants {
            let of_sets = sets.iter().map(|set| set.contains(text));
            let of_enums = asked.allowed.iter().map(|allowed| allowed.iter().any(|one| one.as_ref() == *text));
            let of_patterns = patterns.iter().map(|pattern| pattern.matches(text));
            let traits = of_sets.chain(of_enums).chain(of_patterns).chain([text.is_empty()]).collect();
            let bucket = |hash: &BucketHash| hash.bucketer.bucket(hash.domain, text);
            let cells = hashes.iter().map(|(_, hash, _)| hash.boundaries.range(..=bucket(hash)).count()).collect();
            alike.entry((traits, cells)).or_default().push((*text).to_owned());
        }
        let mut groups: Vec<Vec<String>> = alike.into_values().collect();
        groups.sort();
        let signs: Vec<Literal> = patterns.iter().map(|_| solver.fresh()).collect();
        let mut classes = Vec::with_capacity(groups.len());
        let mut before = !solver.truth();
        for members in groups {
            let upto = solver.fresh();
            solver.assert([!before, upto]);
            let holds = solver.all([upto, !before]);
            let first = members.first().map_or("", String::as_str);
            for (pattern, sign) in patterns.iter().zip(&signs) {
                solver.assert([!holds, sign.apply_sign(pattern.matches(first))]);
            }
            for (_, hash, below) in &hashes {
                let bucket = hash.bucketer.bucket(hash.domain, first);
                for (end, literal) in below {
                    solver.assert([!holds, literal.apply_sign(bucket < *end)]);
                }
            }
            classes.push(ValueClass { holds, members });
            before = upto;
        }
        let excluded = constants.iter().map(|text| (*text).to_owned()).collect();
        let pattern_keys = pattern_keys.into_iter().enumerate().map(|(at, pattern_key)| (pattern_key, at)).collect();
        Self { classes, other: !before, pattern_keys, signs, texts: TextSearch::new(patterns, excluded) }
    }

    pub(crate) fn member(&self, solver: &mut Solver, admits: impl Fn(&str) -> bool) -> Literal {
        let inside = |class: &&ValueClass| class.members.first().is_some_and(|first| admits(first));
        solver.any(self.classes.iter().filter(inside).map(|class| class.holds).collect::<Vec<_>>())
    }

    /// The text is the empty one, which is no unit.
    pub(crate) fn empty(&self, solver: &mut Solver) -> Literal {
        self.member(solver, str::is_empty)
    }
}

fn text_set<'b>(predicate: &&'b Predicate) -> Option<&'b crate::bundle::TextSet> {
    match *predicate {
        Predicate::OneOf(Operands::Texts(set)) => Some(set),
        _ => None,
    }
}
