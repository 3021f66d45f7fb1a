//! Finds a text that matches some patterns and does not match other patterns.
//!
//! The input is the patterns of one attribute and a sign for each: must match, or must not match. The output is a
//! shortest text with these signs, or a set of signs that no text has. For example, the result for `starts_with: a` and
//! not `contains: b` is `a`. The result for `starts_with: ab` and not `contains: b` is the conflict of these two.
//!
//! The search traverses the product of the patterns' automata breadth first. A state of the product consists of one
//! state of each automaton. The product grows fast with the number of patterns. The search therefore starts without
//! patterns, and adds a pattern only if the current text has the wrong sign for it.
//!
//! **Invariant:** a pattern without an automaton is never part of a conflict.

#[allow(clippy::disallowed_types, reason = "asked for membership, never iterated")]
use std::collections::HashSet;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::analyze::encoding::dfa::{CompiledPattern, PatternKey};
use crate::analyze::encoding::product_automaton::{ConstantHandling, ConstantTrie, ProductAutomaton};
use crate::analyze::encoding::text_language::TextLanguage;
use crate::analyze::error::{AnalysisError, Excess};

/// The result of a search for a text with specific signs.
#[derive(Debug, Clone)]
pub(crate) enum TextSearchResult {
    /// The text has all signs.
    Text(String),
    /// The text has all signs, except the signs of patterns without an automaton, which the search cannot use.
    Possible(String),
    /// No text has the signs of the patterns with these indices.
    Conflict(Vec<usize>),
}

/// The patterns of one attribute, and the texts found so far.
pub(crate) struct TextSearch {
    /// The name of the attribute.
    attribute: String,
    /// For each pattern, its regular expression.
    expressions: Vec<String>,
    patterns: Vec<Arc<CompiledPattern>>,
    /// The syntax of the attribute's type in the other bundle, if texts can have that type.
    syntax: Option<Arc<CompiledPattern>>,
    /// A pattern that matches every text. It restricts the search to valid UTF-8.
    valid: Arc<CompiledPattern>,
    /// The constants of the attribute, which the search must not return.
    excluded: BTreeSet<String>,
    trie: ConstantTrie,
    /// The results so far, by signs.
    known: BTreeMap<Vec<bool>, TextSearchResult>,
    found_texts: Vec<String>,
    /// The languages so far, by signs.
    languages: BTreeMap<(Vec<bool>, Option<bool>), Arc<TextLanguage>>,
}

impl TextSearch {
    pub(crate) fn new(
        attribute: &str,
        keys: &BTreeSet<PatternKey>,
        patterns: Vec<Arc<CompiledPattern>>,
        syntax: Option<Arc<CompiledPattern>>,
        excluded: BTreeSet<String>,
    ) -> Self {
        let valid = CompiledPattern::compile(&PatternKey::any_text());
        let trie = ConstantTrie::new(excluded.iter().map(String::as_str));
        Self {
            attribute: attribute.to_owned(),
            expressions: keys.iter().map(PatternKey::regular_expression).collect(),
            patterns,
            syntax,
            valid,
            excluded,
            trie,
            known: BTreeMap::new(),
            found_texts: Vec::new(),
            languages: BTreeMap::new(),
        }
    }

    /// Returns whether the text is a constant of the attribute.
    pub(crate) fn excludes(&self, text: &str) -> bool {
        self.excluded.contains(text)
    }

    /// Returns whether exactly the patterns with a true sign match the text.
    pub(crate) fn has_signs(&self, text: &str, signs: &[bool]) -> bool {
        self.patterns.iter().zip(signs).all(|(pattern, sign)| pattern.matches(text) == *sign)
    }

    /// Finds a shortest text with these signs, one for each pattern. `states` is the budget of automaton states. Each
    /// state of a product counts once for each of its automata.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
    pub(crate) fn find(&mut self, signs: &[bool], states: &mut u64) -> Result<TextSearchResult, AnalysisError> {
        if let Some(known) = self.known.get(signs) {
            return Ok(known.clone());
        }
        let known_text = self.found_texts.iter().find(|text| self.has_signs(text, signs)).cloned();
        let found = match known_text {
            Some(text) => TextSearchResult::Text(text),
            None => self.search(signs, states)?,
        };
        if let TextSearchResult::Text(text) = &found {
            self.found_texts.push(text.clone());
        }
        self.known.insert(signs.to_vec(), found.clone());
        Ok(found)
    }

    /// Searches with as few patterns as possible: adds a pattern only if the text found without it has the wrong sign.
    fn search(&self, signs: &[bool], states: &mut u64) -> Result<TextSearchResult, AnalysisError> {
        let mut active: Vec<(usize, bool)> = Vec::new();
        let mut constants = ConstantHandling::Allow;
        loop {
            let Some(text) = self.shortest(&active, constants, states)? else {
                return Ok(TextSearchResult::Conflict(self.minimised(active, states)?));
            };
            let wrong = |sign: bool| {
                let with_sign = signs.iter().zip(&self.patterns).enumerate();
                with_sign
                    .filter(|(_, (wanted, pattern))| **wanted == sign && pattern.dfa.is_some())
                    .find(|(_, (wanted, pattern))| pattern.matches(&text) != **wanted)
                    .map(|(index, _)| (index, sign))
            };
            if let Some(violated) = wrong(true).or_else(|| wrong(false)) {
                if active.contains(&violated) {
                    return Err(AnalysisError::Disagreement(format!(
                        "an automaton and its regular expression differ on {text:?}"
                    )));
                }
                active.push(violated);
            } else if self.excludes(&text) {
                constants = ConstantHandling::Exclude;
            } else if self.has_signs(&text, signs) {
                return Ok(TextSearchResult::Text(text));
            } else {
                return Ok(TextSearchResult::Possible(text));
            }
        }
    }

    /// Returns all texts with these signs. A pattern without an automaton does not restrict them, and constants are among
    /// them. `syntax` is whether the texts must have the syntax of the other type, or `None` if it does not matter.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget is exceeded.
    pub(crate) fn language(
        &mut self,
        signs: &[bool],
        syntax: Option<bool>,
        states: &mut u64,
    ) -> Result<Arc<TextLanguage>, AnalysisError> {
        let key = (signs.to_vec(), syntax);
        if let Some(known) = self.languages.get(&key) {
            return Ok(Arc::clone(known));
        }
        let all: Vec<_> = signs.iter().copied().enumerate().collect();
        let mut product = self.product(&all, ConstantHandling::Allow);
        let dfa = self.syntax.as_ref().and_then(|syntax| syntax.dfa.as_ref());
        product.parts.extend(dfa.zip(syntax));
        let language = Arc::new(TextLanguage::new(&product, states).ok_or_else(|| self.excess(&all))?);
        self.languages.insert(key, Arc::clone(&language));
        Ok(language)
    }

    /// Returns a text with these signs that fits, or `None` if none of the first `tries` texts fits. Reduces `tries` by the
    /// number of texts that were tried. Tries `u1`, `u2` and so on if there are no patterns.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the budget of automaton states is exceeded.
    pub(crate) fn find_unit(
        &mut self,
        signs: &[bool],
        syntax: Option<bool>,
        fits: impl Fn(&str) -> bool,
        tries: &mut u64,
        states: &mut u64,
    ) -> Result<Option<String>, AnalysisError> {
        if !self.patterns.is_empty() || syntax.is_some() {
            if *tries == 0 {
                return Ok(None);
            }
            let language = self.language(signs, syntax, states)?;
            let fits = |unit: &str| fits(unit) && !self.excludes(unit) && self.has_signs(unit, signs);
            return Ok(language.find(tries, fits));
        }
        for number in 1..=*tries {
            let unit = format!("u{number}");
            *tries -= 1;
            if fits(&unit) && !self.excludes(&unit) {
                return Ok(Some(unit));
            }
        }
        Ok(None)
    }

    /// Removes patterns from a conflict as long as the rest is still a conflict.
    fn minimised(&self, mut active: Vec<(usize, bool)>, states: &mut u64) -> Result<Vec<usize>, AnalysisError> {
        let mut index = 0;
        while index < active.len() {
            let mut fewer = active.clone();
            fewer.remove(index);
            if self.shortest(&fewer, ConstantHandling::Exclude, states)?.is_none() {
                active = fewer;
            } else {
                index += 1;
            }
        }
        Ok(active.into_iter().map(|(index, _)| index).collect())
    }

    /// Searches the product of the active automata breadth first. Returns `None` if the product accepts no text.
    fn shortest(
        &self,
        active: &[(usize, bool)],
        constants: ConstantHandling,
        states: &mut u64,
    ) -> Result<Option<String>, AnalysisError> {
        let product = self.product(active, constants);
        let Some(first) = product.first() else { return Ok(None) };
        #[allow(clippy::disallowed_types, reason = "asked for membership, never iterated")]
        let mut seen: HashSet<Vec<u32>, FixedState> = HashSet::default();
        seen.insert(first.clone());
        // Contains, for each reached state, the index of the previous state and the byte between the two.
        let mut path: Vec<(usize, u8)> = vec![(0, 0)];
        let mut queue: VecDeque<(usize, Vec<u32>)> = [(0, first)].into();
        let bytes: Vec<u8> = product.byte_classes().iter().filter_map(|class| class.first().copied()).collect();
        let work = u64::try_from(active.len()).unwrap_or(u64::MAX);
        while let Some((index, state)) = queue.pop_front() {
            if product.accepts(&state) {
                return Ok(Some(spelled(&path, index)));
            }
            for byte in &bytes {
                let Some(next) = product.next(&state, *byte) else { continue };
                if seen.insert(next.clone()) {
                    *states = states.checked_sub(work).ok_or_else(|| self.excess(active))?;
                    path.push((index, *byte));
                    queue.push_back((path.len() - 1, next));
                }
            }
        }
        Ok(None)
    }

    /// Returns the error for patterns that are too large together.
    fn excess(&self, active: &[(usize, bool)]) -> AnalysisError {
        let patterns = active.iter().filter_map(|(index, _)| self.expressions.get(*index).cloned()).collect();
        AnalysisError::Exhausted(Excess::Patterns { attribute: self.attribute.clone(), patterns })
    }

    /// Returns the product of the automata of these patterns, and of the automaton of valid UTF-8.
    fn product(&self, active: &[(usize, bool)], constants: ConstantHandling) -> ProductAutomaton<'_> {
        let patterns =
            active.iter().filter_map(|(index, sign)| self.patterns.get(*index)?.dfa.as_ref().map(|dfa| (dfa, *sign)));
        let parts = self.valid.dfa.as_ref().map(|valid| (valid, true)).into_iter().chain(patterns).collect();
        ProductAutomaton { trie: &self.trie, parts, constants }
    }
}

/// Returns the text that leads to the state with this index.
fn spelled(path: &[(usize, u8)], mut index: usize) -> String {
    let mut bytes = Vec::new();
    while index > 0 {
        let Some((parent, byte)) = path.get(index) else { break };
        bytes.push(*byte);
        index = *parent;
    }
    bytes.reverse();
    String::from_utf8(bytes).unwrap_or_default()
}
