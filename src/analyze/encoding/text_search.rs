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
use regex_automata::dfa::Automaton as _;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

use crate::analyze::encoding::dfa::{CompiledPattern, Dfa, PatternKey};
use crate::analyze::error::AnalysisError;

/// The state of a pattern that matches regardless of the rest of the text.
const MATCHED: u32 = u32::MAX;
/// The state of a pattern that can no longer match. It is also the state outside the trie.
const DEAD: u32 = u32::MAX - 1;

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
    patterns: Vec<Arc<CompiledPattern>>,
    /// A pattern that matches every text. It restricts the search to valid UTF-8.
    valid: Arc<CompiledPattern>,
    /// The constants of the attribute, which the search must not return.
    excluded: BTreeSet<String>,
    /// The excluded texts as a trie: for each node, its children by byte.
    trie: Vec<BTreeMap<u8, u32>>,
    /// The nodes at which an excluded text ends.
    terminal: BTreeSet<u32>,
    /// The results so far, by signs.
    known: BTreeMap<Vec<bool>, TextSearchResult>,
    found_texts: Vec<String>,
}

impl TextSearch {
    pub(crate) fn new(patterns: Vec<Arc<CompiledPattern>>, excluded: BTreeSet<String>) -> Self {
        let (mut trie, mut terminal) = (vec![BTreeMap::new()], BTreeSet::new());
        for text in &excluded {
            let mut node = 0;
            for byte in text.bytes() {
                let fresh = u32::try_from(trie.len()).unwrap_or(DEAD);
                let next = trie
                    .get_mut(node as usize)
                    .map(|children: &mut BTreeMap<u8, u32>| *children.entry(byte).or_insert(fresh));
                node = next.unwrap_or(fresh);
                if node == fresh {
                    trie.push(BTreeMap::new());
                }
            }
            terminal.insert(node);
        }
        let valid = CompiledPattern::compile(&PatternKey::any_text());
        Self { patterns, valid, excluded, trie, terminal, known: BTreeMap::new(), found_texts: Vec::new() }
    }

    pub(crate) fn patterns(&self) -> &[Arc<CompiledPattern>] {
        &self.patterns
    }

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
        let patterns =
            active.iter().filter_map(|(index, sign)| self.patterns.get(*index)?.dfa.as_ref().map(|dfa| (dfa, *sign)));
        let parts: Vec<_> = self.valid.dfa.as_ref().map(|valid| (valid, true)).into_iter().chain(patterns).collect();
        let product = ProductAutomaton { texts: self, parts, constants };
        let Some(first) = product.first() else { return Ok(None) };
        #[allow(clippy::disallowed_types, reason = "asked for membership, never iterated")]
        let mut seen: HashSet<Vec<u32>, FixedState> = HashSet::default();
        seen.insert(first.clone());
        // Contains, for each reached state, the index of the previous state and the byte between the two.
        let mut path: Vec<(usize, u8)> = vec![(0, 0)];
        let mut queue: VecDeque<(usize, Vec<u32>)> = [(0, first)].into();
        let bytes = product.representatives();
        let work = u64::try_from(product.parts.len()).unwrap_or(u64::MAX);
        while let Some((index, state)) = queue.pop_front() {
            if product.accepts(&state) {
                return Ok(Some(spelled(&path, index)));
            }
            for byte in &bytes {
                let Some(next) = product.next(&state, *byte) else { continue };
                if seen.insert(next.clone()) {
                    *states = states.checked_sub(work).ok_or(AnalysisError::Exhausted)?;
                    path.push((index, *byte));
                    queue.push_back((path.len() - 1, next));
                }
            }
        }
        Ok(None)
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

/// Whether the search may return one of the constants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ConstantHandling {
    Exclude,
    Allow,
}

/// The product of some automata, each with the sign that it must have, and of the trie of constants.
struct ProductAutomaton<'t> {
    texts: &'t TextSearch,
    parts: Vec<(&'t Dfa, bool)>,
    constants: ConstantHandling,
}

impl ProductAutomaton<'_> {
    /// Returns the start state: one state for each automaton, and one in the trie. Returns `None` if no text can have
    /// the signs.
    fn first(&self) -> Option<Vec<u32>> {
        let mut state = Vec::with_capacity(self.parts.len() + 1);
        for (dfa, sign) in &self.parts {
            let from = dfa.start_state(&start::Config::new()).ok()?;
            state.push(settle(dfa, from, *sign)?);
        }
        state.push(if self.constants == ConstantHandling::Exclude { 0 } else { DEAD });
        Some(state)
    }

    /// Returns the state after one more byte, or `None` if no text that continues in this way can have the signs.
    fn next(&self, state: &[u32], byte: u8) -> Option<Vec<u32>> {
        let mut next = Vec::with_capacity(state.len());
        for ((dfa, sign), part) in self.parts.iter().zip(state) {
            next.push(match *part {
                settled @ (MATCHED | DEAD) => settled,
                id => settle(dfa, dfa.next_state(StateID::new(id as usize).ok()?, byte), *sign)?,
            });
        }
        let trie = state.last().and_then(|node| self.texts.trie.get(*node as usize)?.get(&byte)).copied();
        next.push(trie.unwrap_or(DEAD));
        Some(next)
    }

    fn accepts(&self, state: &[u32]) -> bool {
        let ends = self.parts.iter().zip(state).all(|((dfa, sign), part)| {
            let matched = match *part {
                MATCHED => true,
                DEAD => false,
                id => StateID::new(id as usize).is_ok_and(|id| dfa.is_match_state(dfa.next_eoi_state(id))),
            };
            matched == *sign
        });
        ends && !state.last().is_some_and(|node| self.texts.terminal.contains(node))
    }

    /// Returns the most readable byte of each class of bytes that the automata distinguish.
    fn representatives(&self) -> Vec<u8> {
        let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(*b"-_.@/ ").chain(0..=u8::MAX);
        let spelled: BTreeSet<u8> = match self.constants {
            ConstantHandling::Exclude => self.texts.trie.iter().flat_map(BTreeMap::keys).copied().collect(),
            ConstantHandling::Allow => BTreeSet::new(),
        };
        let mut kinds = BTreeSet::new();
        let kind = |byte: u8| {
            let classes: Vec<u8> = self.parts.iter().map(|(dfa, _)| dfa.byte_classes().get(byte)).collect();
            (classes, spelled.contains(&byte).then_some(byte))
        };
        readable.filter(|byte| kinds.insert(kind(*byte))).collect()
    }
}

/// Returns the state, or a constant for "matched" or "dead", or `None` if the automaton can no longer have its sign.
fn settle(dfa: &Dfa, state: StateID, sign: bool) -> Option<u32> {
    if dfa.is_match_state(state) {
        sign.then_some(MATCHED)
    } else if dfa.is_dead_state(state) {
        (!sign).then_some(DEAD)
    } else {
        u32::try_from(state.as_usize()).ok()
    }
}
