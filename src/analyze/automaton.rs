//! Texts that satisfy some patterns and fail others.
//!
//! Takes the patterns of one attribute and a sign for each; gives a shortest text, or signs that no text has.
//!
//! **Invariant:** a text is searched in the product of the automata only of those patterns that got in the way.
//! **Invariant:** a pattern without an automaton never makes a claim of impossibility.

#[allow(clippy::disallowed_types, reason = "asked for membership, never iterated")]
use std::collections::HashSet;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::FixedState;
use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, start, syntax};

use crate::analyze::AnalysisError;
use crate::bundle::Predicate;

type Dfa = dense::DFA<Vec<u32>>;

/// An automaton may take this many bytes, and as many to be made; a larger one is not made.
const SIZE_LIMIT: usize = 4 << 20;
/// A pattern has matched, whatever follows.
const MATCHED: u32 = u32::MAX;
/// A pattern can match no more.
const DEAD: u32 = u32::MAX - 1;

/// What is matched in a text, so that two of the same key match the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    expression: String,
    folded: bool,
}

impl Shape {
    /// None for predicates that are no patterns.
    pub(super) fn of(predicate: &Predicate) -> Option<Self> {
        let exact = |expression| Some(Self { expression, folded: false });
        match predicate {
            Predicate::StartsWith(text) => exact(format!(r"\A{}", regex::escape(text))),
            Predicate::EndsWith(text) => exact(format!(r"{}\z", regex::escape(text))),
            Predicate::Contains(text) => exact(regex::escape(text)),
            Predicate::Matches(pattern) => exact(pattern.as_str().to_owned()),
            Predicate::Folded(folded) => Some(Self { expression: folded.expression().to_owned(), folded: true }),
            _ => None,
        }
    }
}

/// A compiled pattern.
pub(super) struct Pattern {
    regex: Option<regex::Regex>,
    dfa: Option<Dfa>,
}

/// Patterns that were compiled: a repository asks for the same few of them again and again.
static COMPILED: Mutex<BTreeMap<Shape, Arc<Pattern>>> = Mutex::new(BTreeMap::new());
/// Of more, as of larger ones, none is kept.
const KEPT: usize = 1000;
/// In bytes.
const SMALL: usize = 64 << 10;

impl Pattern {
    /// The pattern, compiled once.
    pub(super) fn of(shape: &Shape) -> Arc<Self> {
        let compiled = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled().get(shape) {
            return Arc::clone(known);
        }
        let regex = regex::RegexBuilder::new(&shape.expression).case_insensitive(shape.folded).build().ok();
        let pattern = Arc::new(Self { regex, dfa: automaton(shape) });
        let small = pattern.dfa.as_ref().is_some_and(|dfa| dfa.memory_usage() < SMALL);
        let mut compiled = compiled();
        if small && compiled.len() < KEPT {
            compiled.insert(shape.clone(), Arc::clone(&pattern));
        }
        pattern
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn automaton(shape: &Shape) -> Option<Dfa> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(SIZE_LIMIT))
                .determinize_size_limit(Some(SIZE_LIMIT)),
        )
        .syntax(syntax::Config::new().case_insensitive(shape.folded))
        .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
        .build(&shape.expression)
        .ok()
}

/// What a search for a text found.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// The text has all the signs.
    Text(String),
    /// The text has all the signs but those of patterns without an automaton.
    Perhaps(String),
    /// The patterns at these places cannot have their signs together.
    Core(Vec<usize>),
}

/// The patterns of one attribute.
pub(super) struct Texts {
    patterns: Vec<Arc<Pattern>>,
    /// Whatever is UTF-8.
    valid: Arc<Pattern>,
    /// Texts that do not count.
    excluded: BTreeSet<String>,
    trie: Vec<BTreeMap<u8, u32>>,
    terminal: BTreeSet<u32>,
    known: BTreeMap<Vec<bool>, Found>,
    met: Vec<String>,
}

impl Texts {
    pub(super) fn new(patterns: Vec<Arc<Pattern>>, excluded: BTreeSet<String>) -> Self {
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
        let valid = Pattern::of(&Shape { expression: r"(?s)\A.*\z".to_owned(), folded: false });
        Self { patterns, valid, excluded, trie, terminal, known: BTreeMap::new(), met: Vec::new() }
    }

    pub(super) fn patterns(&self) -> &[Arc<Pattern>] {
        &self.patterns
    }

    pub(super) fn excludes(&self, text: &str) -> bool {
        self.excluded.contains(text)
    }

    pub(super) fn has_signs(&self, text: &str, signs: &[bool]) -> bool {
        self.patterns.iter().zip(signs).all(|(pattern, sign)| pattern.matches(text) == *sign)
    }

    /// A shortest text with these signs, one for each pattern.
    ///
    /// # Errors
    /// [`AnalysisError::Exhausted`] when the products of the automata have more than `states` states of single automata in
    /// all searches.
    pub(super) fn find(&mut self, signs: &[bool], states: &mut u64) -> Result<Found, AnalysisError> {
        if let Some(known) = self.known.get(signs) {
            return Ok(known.clone());
        }
        let met = self.met.iter().find(|text| self.has_signs(text, signs)).cloned();
        let found = match met {
            Some(text) => Found::Text(text),
            None => self.search(signs, states)?,
        };
        if let Found::Text(text) = &found {
            self.met.push(text.clone());
        }
        self.known.insert(signs.to_vec(), found.clone());
        Ok(found)
    }

    fn search(&self, signs: &[bool], states: &mut u64) -> Result<Found, AnalysisError> {
        let mut active: Vec<(usize, bool)> = Vec::new();
        let mut exclude = Exclude::No;
        loop {
            let Some(text) = self.shortest(&active, exclude, states)? else {
                return Ok(Found::Core(self.minimised(active, states)?));
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
                        "an automaton and its pattern differ on {text:?}"
                    )));
                }
                active.push(violated);
            } else if self.excludes(&text) {
                exclude = Exclude::Yes;
            } else if self.has_signs(&text, signs) {
                return Ok(Found::Text(text));
            } else {
                return Ok(Found::Perhaps(text));
            }
        }
    }

    fn minimised(&self, mut active: Vec<(usize, bool)>, states: &mut u64) -> Result<Vec<usize>, AnalysisError> {
        let mut at = 0;
        while at < active.len() {
            let mut fewer = active.clone();
            fewer.remove(at);
            if self.shortest(&fewer, Exclude::Yes, states)?.is_none() {
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
        exclude: Exclude,
        states: &mut u64,
    ) -> Result<Option<String>, AnalysisError> {
        let patterns =
            active.iter().filter_map(|(at, sign)| self.patterns.get(*at)?.dfa.as_ref().map(|dfa| (dfa, *sign)));
        let parts: Vec<_> = self.valid.dfa.as_ref().map(|valid| (valid, true)).into_iter().chain(patterns).collect();
        let product = Product { texts: self, parts, exclude };
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
enum Exclude {
    Yes,
    No,
}

struct Product<'t> {
    texts: &'t Texts,
    parts: Vec<(&'t Dfa, bool)>,
    exclude: Exclude,
}

impl Product<'_> {
    /// One state for each part, then one in the trie.
    fn first(&self) -> Option<Vec<u32>> {
        let mut state = Vec::with_capacity(self.parts.len() + 1);
        for (dfa, sign) in &self.parts {
            let from = dfa.start_state(&start::Config::new()).ok()?;
            state.push(settle(dfa, from, *sign)?);
        }
        state.push(if self.exclude == Exclude::Yes { 0 } else { DEAD });
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
        let spelled: BTreeSet<u8> = match self.exclude {
            Exclude::Yes => self.texts.trie.iter().flat_map(BTreeMap::keys).copied().collect(),
            Exclude::No => BTreeSet::new(),
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
