//! The values of a text attribute: classes of constants, and every other text.
//!
//! A unit can also be named by patterns: `matches: ^(ab|cd)$` names two units, and `eq: ab` with `ignore_case` names
//! four. The search finds such a combination of patterns in a model, and adds its texts as further classes.
//!
//! The constants are the texts that predicates and enums name. Constants that no predicate, enum or bucket boundary
//! distinguishes form one class with one literal. For every other text, each pattern has one literal, which is true if
//! the pattern matches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analyze::encoding::atoms::{AttributeAtoms, AttributeKey, BucketHash, HashKey};
use crate::analyze::encoding::dfa::{CompiledPattern, PatternKey};
use crate::analyze::encoding::other_type::OtherType;
use crate::analyze::encoding::text_search::{TextSearch, TextSearchResult};
use crate::analyze::error::AnalysisError;
use crate::analyze::search::solver::{Literal, Model, Solver};
use crate::bundle::{Bucket, Operands, Predicate, TextSet};

/// The maximum number of texts that are tried for a piece of the other type.
const OTHER_TEXTS: u64 = 20_000;

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
    /// True if the value is a text.
    typed: Literal,
    /// The type of the attribute in the other bundle, if texts can have that type.
    pub(crate) other_type: Option<OtherType>,
    /// The texts so far, by the signs of the patterns and the piece of the other type.
    other_texts: BTreeMap<(Vec<bool>, Option<usize>), TextChoice>,
}

/// A text for a model that chooses no constant.
#[derive(Clone)]
pub(crate) enum TextChoice {
    /// The text has everything that the model demands.
    Text(String),
    /// The text may have everything that the model demands. The search cannot decide it.
    Possible(String),
    /// The text has the signs that the model demands. No text was found that also lies in the piece of the other type.
    /// One of these literals must be true if there is no such text.
    Doubtful(String, Vec<Literal>),
    /// No text has what the model demands. One of these literals must be true.
    Conflict(Vec<Literal>),
    /// Only these texts have the signs that the model demands, and they are units.
    Named(Vec<bool>, Vec<String>),
}

/// What distinguishes constants: the sets, enums and patterns that contain a text, the number of boundaries at or below its
/// bucket for each hash, and the piece of its value of the other type.
type TextProperties = (Vec<bool>, Vec<usize>, Option<usize>);

impl TextDomain {
    pub(crate) fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        atoms: &AttributeAtoms<'_>,
        hashes: &[(&HashKey, &BucketHash, BTreeMap<Bucket, Literal>)],
        typed: Literal,
        other_type: Option<OtherType>,
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
        let piece_of = |text: &str| other_type.as_ref().and_then(|other| other.piece_of(text));
        // Constants with the same properties belong to one class.
        let mut by_properties: BTreeMap<TextProperties, Vec<String>> = BTreeMap::new();
        for text in &constants {
            let in_sets = sets.iter().map(|set| set.contains(text));
            let in_enums = atoms.allowed.iter().map(|allowed| allowed.iter().any(|value| value.as_ref() == *text));
            let matched = patterns.iter().map(|pattern| pattern.matches(text));
            let properties = in_sets.chain(in_enums).chain(matched).chain([text.is_empty()]).collect();
            let bucket = |hash: &BucketHash| hash.bucketer.bucket(hash.domain, text);
            let intervals = hashes.iter().map(|(_, hash, _)| hash.boundaries.range(..=bucket(hash)).count()).collect();
            by_properties.entry((properties, intervals, piece_of(text))).or_default().push((*text).to_owned());
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
            if let Some(other) = &other_type {
                other.assert_piece(solver, typed, holds, piece_of(first));
            }
            classes.push(ValueClass { holds, members });
            before = up_to;
        }
        let excluded = constants.iter().map(|text| (*text).to_owned()).collect();
        let syntax = other_type.as_ref().map(|other| Arc::clone(&other.syntax));
        let texts = TextSearch::new(&key.0, &pattern_keys, patterns, syntax, excluded);
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
            typed,
            texts,
            other_type,
            other_texts: BTreeMap::new(),
        }
    }

    /// Returns the text that the model demands, or `None` if the value is not a text, or belongs to a class.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
    pub(crate) fn choose(&mut self, model: &Model, states: &mut u64) -> Result<Option<TextChoice>, AnalysisError> {
        let is_open = model.holds(self.outside_constants) && !model.holds(self.named_by_patterns);
        if !model.holds(self.typed) || !is_open {
            return Ok(None);
        }
        let signs: Vec<bool> = self.signs.iter().map(|sign| model.holds(*sign)).collect();
        let found = match self.texts.find(&signs, states)? {
            TextSearchResult::Conflict(core) => {
                let differs = core.into_iter().filter_map(|index| self.signs.get(index));
                let differs = differs.map(|sign| sign.apply_sign(!model.holds(*sign)));
                let other = [!self.typed, !self.outside_constants];
                return Ok(Some(TextChoice::Conflict(differs.chain(other).collect())));
            }
            found @ (TextSearchResult::Text(_) | TextSearchResult::Possible(_)) => found,
        };
        if self.is_unit
            && let Some(few) = self.texts.language(&signs, None, states)?.few()
        {
            let is_other = |text: &&String| !self.texts.excludes(text) && self.texts.has_signs(text, &signs);
            return Ok(Some(TextChoice::Named(signs.clone(), few.iter().filter(is_other).cloned().collect())));
        }
        let wanted = self.other_type.as_ref().map(|other| other.wanted(model));
        Ok(Some(match (found, wanted) {
            (TextSearchResult::Text(text), None) => TextChoice::Text(text),
            (TextSearchResult::Text(text) | TextSearchResult::Possible(text), Some(wanted)) => {
                self.choose_other(signs, wanted, text, states)?
            }
            (TextSearchResult::Possible(text), None) => TextChoice::Possible(text),
            (TextSearchResult::Conflict(_), _) => return Ok(None),
        }))
    }

    /// Returns a text with these signs that lies in the wanted piece of the other type. `text` has these signs.
    fn choose_other(
        &mut self,
        signs: Vec<bool>,
        wanted: Option<usize>,
        text: String,
        states: &mut u64,
    ) -> Result<TextChoice, AnalysisError> {
        let key = (signs, wanted);
        if let Some(known) = self.other_texts.get(&key) {
            return Ok(known.clone());
        }
        let (signs, _) = &key;
        let Some(other) = &self.other_type else { return Ok(TextChoice::Possible(text)) };
        let fits = |texts: &TextSearch, text: &str| {
            other.piece_of(text) == wanted && !texts.excludes(text) && texts.has_signs(text, signs)
        };
        let spelled = wanted.into_iter().flat_map(|piece| other.spellings(piece));
        let mut found = std::iter::once(text.as_str()).chain(spelled).find(|text| fits(&self.texts, text));
        let mut tried = None;
        let mut is_complete = true;
        if found.is_none() {
            // Texts that have the syntax of the type can still be no values of it, such as a date in month 13.
            for syntax in [wanted.is_some(), true] {
                let language = self.texts.language(signs, Some(syntax), states)?;
                let fits = |text: &str| fits(&self.texts, text);
                tried = tried.or_else(|| match language.few() {
                    Some(few) => few.iter().find(|text| fits(text)).cloned(),
                    None => language.find(&mut OTHER_TEXTS.clone(), fits),
                });
                is_complete &= language.few().is_some();
            }
            found = tried.as_deref();
        }
        let chosen = match found {
            Some(found) => TextChoice::Text(found.to_owned()),
            None => {
                let differs = self.signs.iter().zip(signs).map(|(literal, sign)| literal.apply_sign(!*sign));
                let facts = other.facts(wanted).into_iter().map(|fact| !fact);
                let clause = differs.chain(facts).chain([!self.typed, !self.outside_constants]).collect();
                if is_complete { TextChoice::Conflict(clause) } else { TextChoice::Doubtful(text, clause) }
            }
        };
        self.other_texts.insert(key, chosen.clone());
        Ok(chosen)
    }

    /// Adds classes for the texts, which are all texts with these signs. Texts that no bucket boundary distinguishes
    /// belong to one class.
    pub(crate) fn add_named(
        &mut self,
        solver: &mut Solver,
        signs: &[bool],
        texts: Vec<String>,
        hashes: &[(&BucketHash, &BTreeMap<Bucket, Literal>)],
    ) {
        let mut by_intervals: BTreeMap<(Vec<usize>, Option<usize>), Vec<String>> = BTreeMap::new();
        for text in texts {
            let below = |hash: &BucketHash| hash.boundaries.range(..=hash.bucketer.bucket(hash.domain, &text)).count();
            let intervals = hashes.iter().map(|(hash, _)| below(hash)).collect();
            let piece = self.other_type.as_ref().and_then(|other| other.piece_of(&text));
            by_intervals.entry((intervals, piece)).or_default().push(text);
        }
        let start = self.unfound;
        for ((_, piece), members) in by_intervals {
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
            if let Some(other) = &self.other_type {
                other.assert_piece(solver, self.typed, holds, piece);
            }
            self.classes.push(ValueClass { holds, members });
        }
        let differs = self.signs.iter().zip(signs).map(|(literal, sign)| literal.apply_sign(!*sign));
        let other: Vec<Literal> = differs.chain([!self.typed, !self.outside_constants]).collect();
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
        | Operands::DottedVersions(_)
        | Operands::Times(_)
        | Operands::Networks(_) => None,
    }
}
