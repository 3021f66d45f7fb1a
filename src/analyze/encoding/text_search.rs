//! Finds a text that matches some patterns and does not match others.
//!
//! Takes the patterns of one attribute and a sign for each: must match, or must not match. Gives a shortest text with these
//! signs, or a set of signs that no text has. For example, `starts_with: a` and not `contains: b` gives `a`;
//! `starts_with: ab` and not `contains: b` gives the conflict of these two.
//!
//! The search goes breadth first through the product of the patterns' automata: a state of the product is one state of
//! each automaton. The product grows fast with the number of patterns. It therefore starts with none of them, and adds a
//! pattern only when the text found so far has the wrong sign for it.
//!
//! **Invariant:** a pattern without an automaton never contributes to a claim of impossibility.

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

/// A pattern has matched, whatever follows.
const MATCHED: u32 = u32::MAX;
/// A pattern can match no more.
const DEAD: u32 = u32::MAX - 1;

/// What a search for a text found.
#[derive(Debug, Clone)]
pub(crate) enum TextSearchResult {
    /// The text has all the signs.
    Text(String),
    /// The text has all the signs but those of patterns without an automaton.
    Possible(String),
    /// The patterns at these places cannot have their signs together.
    Conflict(Vec<usize>),
}

/// The patterns of one attribute.
pub(crate) struct TextSearch {
    patterns: Vec<Arc<CompiledPattern>>,
    /// Whatever is UTF-8.
    valid: Arc<CompiledPattern>,
    /// TextSearch that do not count.
    excluded: BTreeSet<String>,
    trie: Vec<BTreeMap<u8, u32>>,
    terminal: BTreeSet<u32>,
    known: BTreeMap<Vec<bool>, TextSearchResult>,
    found_texts: Vec<String>,
}

impl TextSearch {
    pub(crate) fn new(patterns: Vec<Arc<CompiledPattern>>, excluded: BTreeSet<String>) -> Self {
        let (mut trie, mut terminal) = (vec![BTreeMap::new()], BTreeSet::new());
        for text in &excluded {
            let mut at = 0;
            for byte in text.bytes() {
                let fresh = u32::try_from(trie.len()).unwrap_or(DEAD);
                let next =
                    trie.get_mut(at as usize).map(|node: &mut BTreeMap<u8, u32>| *node.entry(byte).or_insert(fresh));
                at = next.unwrap_or(fresh);
                if at == fresh {
                    trie.push(BTreeMap::new());
                }
            }
            terminal.insert(at);
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

    pub(crate) fn has_signs(&self, text: &str, signs: &[bool]) -> bool {
        self.patterns.iter().zip(signs).all(|(pattern, sign)| pattern.matches(text) == *sign)
    }

    /// A shortest text with these signs, one for each pattern.
    ///
    /// # Errors
    /// [`AnalysisError::Exhausted`] when the products of the automata have more than `states` states of single automata in
    /// all searches.
    pub(crate) fn find(&mut self, signs: &[bool], states: &mut u64) -> Result<TextSearchResult, AnalysisError> {
        if let Some(known) = self.known.get(signs) {
            return Ok(known.clone());
        }
        let found_texts = self.found_texts.iter().find(|text| self.has_signs(text, signs)).cloned();
        let found = match found_texts {
            Some(text) => TextSearchResult::Text(text),
            None => self.search(signs, states)?,
        };
        if let TextSearchResult::Text(text) = &found {
            self.found_texts.push(text.clone());
        }
        self.known.insert(signs.to_vec(), found.clone());
        Ok(found)
    }

    fn search(&self, signs: &[bool], states: &mut u64) -> Result<TextSearchResult, AnalysisError> {
        let mut active: Vec<(usize, bool)> = Vec::new();
        let mut constants = ConstantHandling::Allow;
        loop {
            let Some(text) = self.shortest(&active, constants, states)? else {
                return Ok(TextSearchResult::Conflict(self.minimised(active, states)?));
            };
            let wrong = |sign: bool| {
                let judged = signs.iter().zip(&self.patterns).enumerate();
                judged
                    .filter(|(_, (wanted, pattern))| **wanted == sign && pattern.dfa.is_some())
                    .find(|(_, (wanted, pattern))| pattern.matches(&text) != **wanted)
                    .map(|(at, _)| (at, sign))
            };
            if let Some(violated) = wrong(true).or_else(|| wrong(false)) {
                if active.contains(&violated) {
                    return Err(AnalysisError::Disagreement(format!(
                        "an compile_dfa and its pattern differ on {text:?}"
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

    fn minimised(&self, mut active: Vec<(usize, bool)>, states: &mut u64) -> Result<Vec<usize>, AnalysisError> {
        let mut at = 0;
        while at < active.len() {
            let mut fewer = active.clone();
            fewer.remove(at);
            if self.shortest(&fewer, ConstantHandling::Exclude, states)?.is_none() {
                active = fewer;
            } else {
                at += 1;
            }
        }
        Ok(active.into_iter().map(|(place, _)| place).collect())
    }

    /// Breadth first through the product of the active automata.
    fn shortest(
        &self,
        active: &[(usize, bool)],
        constants: ConstantHandling,
        states: &mut u64,
    ) -> Result<Option<String>, AnalysisError> {
        let patterns =
            active.iter().filter_map(|(at, sign)| self.patterns.get(*at)?.dfa.as_ref().map(|dfa| (dfa, *sign)));
        let parts: Vec<_> = self.valid.dfa.as_ref().map(|valid| (valid, true)).into_iter().chain(patterns).collect();
        let product = ProductAutomaton { texts: self, parts, constants };
        let Some(first) = product.first() else { return Ok(None) };
        #[allow(clippy::disallowed_types, reason = "asked for membership, never iterated")]
        let mut seen: HashSet<Vec<u32>, FixedState> = HashSet::default();
        seen.insert(first.clone());
        let mut nodes: Vec<(usize, u8)> = vec![(0, 0)];
        let mut queue: VecDeque<(usize, Vec<u32>)> = [(0, first)].into();
        let bytes = product.representatives();
        let work = u64::try_from(product.parts.len()).unwrap_or(u64::MAX);
        while let Some((at, state)) = queue.pop_front() {
            if product.accepts(&state) {
                return Ok(Some(spelled(&nodes, at)));
            }
            for byte in &bytes {
                let Some(next) = product.next(&state, *byte) else { continue };
                if seen.insert(next.clone()) {
                    *states = states.checked_sub(work).ok_or(AnalysisError::Exhausted)?;
                    nodes.push((at, *byte));
                    queue.push_back((nodes.len() - 1, next));
                }
            }
        }
        Ok(None)
    }
}

fn spelled(nodes: &[(usize, u8)], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while at > 0 {
        let Some((parent, byte)) = nodes.get(at) else { break };
        bytes.push(*byte);
        at = *parent;
    }
    bytes.reverse();
    String::from_utf8(bytes).unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ConstantHandling {
    Exclude,
    Allow,
}

struct ProductAutomaton<'t> {
    texts: &'t TextSearch,
    parts: Vec<(&'t Dfa, bool)>,
    constants: ConstantHandling,
}

impl ProductAutomaton<'_> {
    /// One state for each part, then one in the trie.
    fn first(&self) -> Option<Vec<u32>> {
        let mut state = Vec::with_capacity(self.parts.len() + 1);
        for (dfa, sign) in &self.parts {
            let from = dfa.start_state(&start::Config::new()).ok()?;
            state.push(settle(dfa, from, *sign)?);
        }
        state.push(if self.constants == ConstantHandling::Exclude { 0 } else { DEAD });
        Some(state)
    }

    fn next(&self, state: &[u32], byte: u8) -> Option<Vec<u32>> {
        let mut next = Vec::with_capacity(state.len());
        for ((dfa, sign), at) in self.parts.iter().zip(state) {
            next.push(match *at {
                settled @ (MATCHED | DEAD) => settled,
                at => settle(dfa, dfa.next_state(StateID::new(at as usize).ok()?, byte), *sign)?,
            });
        }
        let trie = state.last().and_then(|at| self.texts.trie.get(*at as usize)?.get(&byte)).copied();
        next.push(trie.unwrap_or(DEAD));
        Some(next)
    }

    fn accepts(&self, state: &[u32]) -> bool {
        let ends = self.parts.iter().zip(state).all(|((dfa, sign), at)| {
            let matched = match *at {
                MATCHED => true,
                DEAD => false,
                at => StateID::new(at as usize).is_ok_and(|id| dfa.is_match_state(dfa.next_eoi_state(id))),
            };
            matched == *sign
        });
        ends && !state.last().is_some_and(|at| self.texts.terminal.contains(at))
    }

    /// One byte of each kind that the parts tell apart, the most readable of its kind.
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

/// None where the part can no longer have its sign.
fn settle(dfa: &Dfa, state: StateID, sign: bool) -> Option<u32> {
    if dfa.is_match_state(state) {
        sign.then_some(MATCHED)
    } else if dfa.is_dead_state(state) {
        (!sign).then_some(DEAD)
    } else {
        u32::try_from(state.as_usize()).ok()
    }
}
