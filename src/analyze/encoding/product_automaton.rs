//! The product of some patterns' automata, which accepts the texts that match some patterns and do not match others.
//!
//! The input is the automata, each with the sign that it must have. A state of the product consists of one state of each
//! automaton, and of one state in the trie of the constants, which the product can exclude.
//!
//! **Invariant:** the product accepts only valid UTF-8.

use std::collections::{BTreeMap, BTreeSet};

use regex_automata::dfa::Automaton as _;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;

use crate::analyze::encoding::dfa::Dfa;

/// The state of a pattern that matches regardless of the rest of the text.
const MATCHED: u32 = u32::MAX;
/// The state of a pattern that can no longer match. It is also the state outside the trie.
const DEAD: u32 = u32::MAX - 1;

/// The root of the trie.
const ROOT: u32 = 0;

/// Whether the product accepts constants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConstantHandling {
    Exclude,
    Allow,
}

/// Some texts as a trie.
pub(crate) struct ConstantTrie {
    /// For each node, its children by byte.
    children: Vec<BTreeMap<u8, u32>>,
    /// The nodes at which a text ends.
    ends: BTreeSet<u32>,
}

impl ConstantTrie {
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut trie = Self { children: vec![BTreeMap::new()], ends: BTreeSet::new() };
        for text in texts {
            let mut node = ROOT;
            for byte in text.bytes() {
                let fresh = u32::try_from(trie.children.len()).unwrap_or(DEAD);
                let children = trie.children.get_mut(node as usize);
                node = children.map_or(fresh, |children| *children.entry(byte).or_insert(fresh));
                if node == fresh {
                    trie.children.push(BTreeMap::new());
                }
            }
            trie.ends.insert(node);
        }
        trie
    }
}

/// The product of some automata, each with the sign that it must have, and of the trie of constants.
pub(crate) struct ProductAutomaton<'t> {
    pub(crate) trie: &'t ConstantTrie,
    pub(crate) parts: Vec<(&'t Dfa, bool)>,
    pub(crate) constants: ConstantHandling,
}

impl ProductAutomaton<'_> {
    /// Returns the start state: one state for each automaton, and one in the trie. Returns `None` if no text can have
    /// the signs.
    pub(crate) fn first(&self) -> Option<Vec<u32>> {
        let mut state = Vec::with_capacity(self.parts.len() + 1);
        for (dfa, sign) in &self.parts {
            let from = dfa.start_state(&start::Config::new()).ok()?;
            state.push(settle(dfa, from, *sign)?);
        }
        state.push(if self.constants == ConstantHandling::Exclude { ROOT } else { DEAD });
        Some(state)
    }

    /// Returns the state after one more byte, or `None` if no text that continues in this way can have the signs.
    pub(crate) fn next(&self, state: &[u32], byte: u8) -> Option<Vec<u32>> {
        let mut next = Vec::with_capacity(state.len());
        for ((dfa, sign), part) in self.parts.iter().zip(state) {
            next.push(match *part {
                settled @ (MATCHED | DEAD) => settled,
                id => settle(dfa, dfa.next_state(StateID::new(id as usize).ok()?, byte), *sign)?,
            });
        }
        let trie = state.last().and_then(|node| self.trie.children.get(*node as usize)?.get(&byte)).copied();
        next.push(trie.unwrap_or(DEAD));
        Some(next)
    }

    pub(crate) fn accepts(&self, state: &[u32]) -> bool {
        let ends = self.parts.iter().zip(state).all(|((dfa, sign), part)| {
            let matched = match *part {
                MATCHED => true,
                DEAD => false,
                id => StateID::new(id as usize).is_ok_and(|id| dfa.is_match_state(dfa.next_eoi_state(id))),
            };
            matched == *sign
        });
        ends && !state.last().is_some_and(|node| self.trie.ends.contains(node))
    }

    /// Returns the classes of bytes that the automata distinguish. The most readable bytes come first, in each class and
    /// in the list of classes.
    pub(crate) fn byte_classes(&self) -> Vec<Vec<u8>> {
        let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(*b"-_.@/ ");
        let rest = (0..=u8::MAX).filter(|byte| !byte.is_ascii_alphanumeric() && !b"-_.@/ ".contains(byte));
        let spelled: BTreeSet<u8> = match self.constants {
            ConstantHandling::Exclude => self.trie.children.iter().flat_map(BTreeMap::keys).copied().collect(),
            ConstantHandling::Allow => BTreeSet::new(),
        };
        let kind = |byte: u8| {
            let classes: Vec<u8> = self.parts.iter().map(|(dfa, _)| dfa.byte_classes().get(byte)).collect();
            (classes, spelled.contains(&byte).then_some(byte))
        };
        let mut index_of = BTreeMap::new();
        let mut classes: Vec<Vec<u8>> = Vec::new();
        for byte in readable.chain(rest) {
            let index = *index_of.entry(kind(byte)).or_insert(classes.len());
            match classes.get_mut(index) {
                Some(class) => class.push(byte),
                None => classes.push(vec![byte]),
            }
        }
        classes
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
