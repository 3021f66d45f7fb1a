//! The values of a text attribute: classes of constants, and every other text.
//!
//! The constants are the texts that predicates and enums name. Constants that no predicate, enum or bucket boundary
//! distinguishes form one class with one literal. For every other text, each pattern has one literal, which is true if
//! the pattern matches.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::encoding::atoms::{AttributeAtoms, AttributeKey, BucketHash, HashKey};
use crate::analyze::encoding::dfa::{CompiledPattern, PatternKey};
use crate::analyze::encoding::text_search::TextSearch;
use crate::analyze::search::solver::{Literal, Solver};
use crate::bundle::{Bucket, Operands, Predicate, TextSet};

/// Constants that no predicate, enum or bucket boundary distinguishes.
pub(crate) struct ValueClass {
    /// True if the value is one of the members.
    pub(crate) holds: Literal,
    pub(crate) members: Vec<String>,
}

pub(crate) struct TextDomain {
    pub(crate) classes: Vec<ValueClass>,
    /// True if the text is not a constant.
    pub(crate) outside_constants: Literal,
    /// The index of each pattern in `signs`.
    pattern_indices: BTreeMap<PatternKey, usize>,
    /// For each pattern, a literal that is true if it matches the text.
    pub(crate) signs: Vec<Literal>,
    pub(crate) texts: TextSearch,
}

impl TextDomain {
    pub(crate) fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        atoms: &AttributeAtoms<'_>,
        hashes: &[(&HashKey, &BucketHash, BTreeMap<Bucket, Literal>)],
    ) -> Self {
        let pattern_keys: BTreeSet<PatternKey> =
            atoms.predicates.iter().filter_map(|predicate| PatternKey::new(predicate)).collect();
        let patterns: Vec<_> = pattern_keys.iter().map(CompiledPattern::compile).collect();
        let sets: Vec<_> = atoms.predicates.iter().filter_map(|predicate| text_set(predicate)).collect();
        let mut constants: BTreeSet<&str> = sets.iter().flat_map(|set| set.iter()).collect();
        constants.extend(atoms.allowed.iter().flat_map(|allowed| allowed.iter().map(AsRef::as_ref)));
        if atoms.is_unit {
            // The empty text is not a unit, so it needs a separate class.
            constants.insert("");
        }
        let hashes: Vec<_> = hashes.iter().filter(|(_, hash, _)| hash.unit == *key).collect();
        // Constants with the same properties belong to one class.
        let mut by_properties: BTreeMap<(Vec<bool>, Vec<usize>), Vec<String>> = BTreeMap::new();
        for text in &constants {
            let in_sets = sets.iter().map(|set| set.contains(text));
            let in_enums = atoms.allowed.iter().map(|allowed| allowed.iter().any(|value| value.as_ref() == *text));
            let matched = patterns.iter().map(|pattern| pattern.matches(text));
            let properties = in_sets.chain(in_enums).chain(matched).chain([text.is_empty()]).collect();
            let bucket = |hash: &BucketHash| hash.bucketer.bucket(hash.domain, text);
            let intervals = hashes.iter().map(|(_, hash, _)| hash.boundaries.range(..=bucket(hash)).count()).collect();
            by_properties.entry((properties, intervals)).or_default().push((*text).to_owned());
        }
        let mut groups: Vec<Vec<String>> = by_properties.into_values().collect();
        groups.sort();
        let signs: Vec<Literal> = patterns.iter().map(|_| solver.fresh()).collect();
        let mut classes = Vec::with_capacity(groups.len());
        // The literal `up_to` of a class is true if the value belongs to this class or an earlier one. At most one
        // class can therefore hold.
        let mut before = !solver.truth();
        for members in groups {
            let up_to = solver.fresh();
            solver.assert([!before, up_to]);
            let holds = solver.all([up_to, !before]);
            let first = members.first().map_or("", String::as_str);
            for (pattern, sign) in patterns.iter().zip(&signs) {
                solver.assert([!holds, sign.apply_sign(pattern.matches(first))]);
            }
            for (_, hash, below) in &hashes {
                let bucket = hash.bucketer.bucket(hash.domain, first);
                for (boundary, literal) in below {
                    solver.assert([!holds, literal.apply_sign(bucket < *boundary)]);
                }
            }
            classes.push(ValueClass { holds, members });
            before = up_to;
        }
        let excluded = constants.iter().map(|text| (*text).to_owned()).collect();
        let pattern_indices = pattern_keys.into_iter().enumerate().map(|(index, key)| (key, index)).collect();
        Self { classes, outside_constants: !before, pattern_indices, signs, texts: TextSearch::new(patterns, excluded) }
    }

    /// Returns a literal that is true if the text is one of the constants that `admits` selects.
    pub(crate) fn member(&self, solver: &mut Solver, admits: impl Fn(&str) -> bool) -> Literal {
        let is_admitted = |class: &&ValueClass| class.members.first().is_some_and(|first| admits(first));
        solver.any(self.classes.iter().filter(is_admitted).map(|class| class.holds).collect::<Vec<_>>())
    }

    /// Returns the literal that is true if the pattern of this predicate matches the text, or `None` for predicates
    /// without a pattern.
    pub(crate) fn pattern(&self, predicate: &Predicate) -> Option<Literal> {
        let index = self.pattern_indices.get(&PatternKey::new(predicate)?)?;
        self.signs.get(*index).copied()
    }

    /// Returns a literal that is true if the text is empty, and therefore not a unit.
    pub(crate) fn empty(&self, solver: &mut Solver) -> Literal {
        self.member(solver, str::is_empty)
    }
}

/// Returns the constants of a predicate, or `None` for predicates that do not compare complete texts.
fn text_set<'b>(predicate: &&'b Predicate) -> Option<&'b TextSet> {
    match predicate.one_of()? {
        Operands::Texts(set) => Some(set),
        Operands::Booleans(_)
        | Operands::Numbers(_)
        | Operands::Versions(_)
        | Operands::Times(_)
        | Operands::Networks(_) => None,
    }
}
