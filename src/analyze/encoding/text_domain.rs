//! The values of a text attribute: classes of constants, and every other text.
//!
//! A unit can also be named by patterns: `matches: ^(ab|cd)$` names two units, and `eq: ab` with `ignore_case` names
//! four. The search finds such a combination of patterns in a model, and adds its texts as further classes.
//!
//! The constants are the texts that predicates and enums name. Constants that no predicate, enum or bucket boundary
//! distinguishes form one class with one literal. For every other text, each pattern has one literal, which is true if
//! the pattern matches.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::encoding::atoms::{AttributeAtoms, AttributeKey, BucketHash, HashKey};
use crate::analyze::encoding::dfa::{CompiledPattern, PatternKey};
use crate::analyze::encoding::text_search::TextSearch;
use crate::analyze::error::AnalysisError;
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
    /// Whether a flag buckets by the attribute, and patterns test it.
    is_unit: bool,
    /// True if the text is a unit that patterns name: a member of a class that was added later.
    pub(crate) named_by_patterns: Literal,
    /// True if the text belongs to a class that is not added yet. The search assumes that this is false.
    pub(crate) unfound: Literal,
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
        let outside_constants = !before;
        let is_unit = atoms.is_unit && !signs.is_empty();
        let named_by_patterns = if is_unit { solver.fresh() } else { !solver.truth() };
        solver.assert([!named_by_patterns, outside_constants]);
        Self {
            classes,
            outside_constants,
            is_unit,
            named_by_patterns,
            unfound: named_by_patterns,
            pattern_indices,
            signs,
            texts: TextSearch::new(patterns, excluded),
        }
    }

    /// Returns the texts with these signs if they are few. Returns `None` if they are many, or for other attributes than
    /// units.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
    pub(crate) fn few(&mut self, signs: &[bool], states: &mut u64) -> Result<Option<Vec<String>>, AnalysisError> {
        if !self.is_unit {
            return Ok(None);
        }
        let language = self.texts.language(signs, states)?;
        let is_other = |text: &&String| !self.texts.excludes(text) && self.texts.has_signs(text, signs);
        Ok(language.few().map(|texts| texts.iter().filter(is_other).cloned().collect()))
    }

    /// Adds classes for the texts, which are all texts with these signs. Texts that no bucket boundary distinguishes
    /// belong to one class.
    pub(crate) fn add_named(
        &mut self,
        solver: &mut Solver,
        typed: Literal,
        signs: &[bool],
        texts: Vec<String>,
        hashes: &[(&BucketHash, &BTreeMap<Bucket, Literal>)],
    ) {
        let mut by_intervals: BTreeMap<Vec<usize>, Vec<String>> = BTreeMap::new();
        for text in texts {
            let below = |hash: &BucketHash| hash.boundaries.range(..=hash.bucketer.bucket(hash.domain, &text)).count();
            let intervals = hashes.iter().map(|(hash, _)| below(hash)).collect();
            by_intervals.entry(intervals).or_default().push(text);
        }
        let start = self.unfound;
        for members in by_intervals.into_values() {
            let before = self.unfound;
            self.unfound = solver.fresh();
            solver.assert([!self.unfound, before]);
            let holds = solver.all([before, !self.unfound]);
            let first = members.first().map_or("", String::as_str);
            for (literal, sign) in self.signs.iter().zip(signs) {
                solver.assert([!holds, literal.apply_sign(*sign)]);
            }
            for (hash, below) in hashes {
                let bucket = hash.bucketer.bucket(hash.domain, first);
                for (boundary, literal) in *below {
                    solver.assert([!holds, literal.apply_sign(bucket < *boundary)]);
                }
            }
            self.classes.push(ValueClass { holds, members });
        }
        let differs = self.signs.iter().zip(signs).map(|(literal, sign)| literal.apply_sign(!*sign));
        let other: Vec<Literal> = differs.chain([!typed, !self.outside_constants]).collect();
        solver.assert(other.iter().copied().chain([start]));
        solver.assert(other.into_iter().chain([!self.unfound]));
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
