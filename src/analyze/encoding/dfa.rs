//! Text patterns, compiled to deterministic finite automata (DFAs).
//!
//! `starts_with`, `ends_with`, `contains`, `matches` and their case-insensitive forms are all regular expressions. Each
//! distinct one is compiled once in the process: to a regex, which tests a known text, and to a DFA, which the search for
//! an unknown text walks through. A pattern whose DFA would be too large has only the regex.
//!
//! **Invariant:** two predicates with the same [`PatternKey`] match the same texts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

use crate::bundle::Predicate;

pub(crate) type Dfa = dense::DFA<Vec<u32>>;

/// An automaton may take this many bytes, and as many to be made; a larger one is not made.
const SIZE_LIMIT: usize = 4 << 20;

/// What is matched in a text, so that two of the same key match the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PatternKey {
    expression: String,
    folded: bool,
}

impl PatternKey {
    /// The pattern that matches every text.
    ///
    /// Its automaton accepts exactly the byte sequences that are valid UTF-8.
    pub(crate) fn any_text() -> Self {
        Self { expression: r"(?s)\A.*\z".to_owned(), folded: false }
    }

    /// None for predicates that are no patterns.
    pub(crate) fn new(predicate: &Predicate) -> Option<Self> {
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
pub(crate) struct CompiledPattern {
    pub(crate) regex: Option<regex::Regex>,
    pub(crate) dfa: Option<Dfa>,
}

/// Patterns that were compiled: a repository asks for the same few of them again and again.
static COMPILED: Mutex<BTreeMap<PatternKey, Arc<CompiledPattern>>> = Mutex::new(BTreeMap::new());
/// Of more, as of larger ones, none is kept.
const KEPT: usize = 1000;
/// In bytes.
const SMALL: usize = 64 << 10;

impl CompiledPattern {
    /// The pattern, compiled once.
    pub(crate) fn compile(pattern_key: &PatternKey) -> Arc<Self> {
        let compiled = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled().get(pattern_key) {
            return Arc::clone(known);
        }
        let regex = regex::RegexBuilder::new(&pattern_key.expression).case_insensitive(pattern_key.folded).build().ok();
        let pattern = Arc::new(Self { regex, dfa: compile_dfa(pattern_key) });
        let small = pattern.dfa.as_ref().is_some_and(|dfa| dfa.memory_usage() < SMALL);
        let mut compiled = compiled();
        if small && compiled.len() < KEPT {
            compiled.insert(pattern_key.clone(), Arc::clone(&pattern));
        }
        pattern
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn compile_dfa(pattern_key: &PatternKey) -> Option<Dfa> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(SIZE_LIMIT))
                .determinize_size_limit(Some(SIZE_LIMIT)),
        )
        .syntax(syntax::Config::new().case_insensitive(pattern_key.folded))
        .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
        .build(&pattern_key.expression)
        .ok()
}
