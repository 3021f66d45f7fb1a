//! Text patterns, compiled to deterministic finite automata (DFAs).
//!
//! `starts_with`, `ends_with`, `contains`, `matches` and their case-insensitive forms are all regular expressions. Each
//! distinct pattern is compiled once in the process: to a matcher, which tests a known text, and to a DFA, which the
//! search for an unknown text traverses. A pattern whose DFA would be too large has only the matcher.
//!
//! **Invariant:** two predicates with the same [`PatternKey`] match the same texts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

use crate::bundle::Predicate;

pub(crate) type Dfa = dense::DFA<Vec<u32>>;

/// The maximum size of an automaton in bytes, and of the memory for building it. Larger automata are not built.
const SIZE_LIMIT: usize = 4 << 20;

/// Identifies a pattern: how it matches, and its text or regular expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PatternKey {
    form: Form,
    written: String,
}

/// How a pattern matches a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    StartsWith,
    EndsWith,
    Contains,
    Expression,
    ExpressionIgnoringCase,
}

impl PatternKey {
    /// Returns the pattern that matches every text.
    ///
    /// Its automaton accepts exactly the byte sequences that are valid UTF-8.
    pub(crate) fn any_text() -> Self {
        Self::expression(r"(?s)\A.*\z")
    }

    /// Returns the pattern of a regular expression.
    pub(crate) fn expression(expression: &str) -> Self {
        Self { form: Form::Expression, written: expression.to_owned() }
    }

    /// Returns the pattern of a text predicate, or `None` for the other predicates.
    pub(crate) fn new(predicate: &Predicate) -> Option<Self> {
        let (form, written) = match predicate {
            Predicate::StartsWith(text) => (Form::StartsWith, text.as_ref()),
            Predicate::EndsWith(text) => (Form::EndsWith, text.as_ref()),
            Predicate::Contains(text) => (Form::Contains, text.as_ref()),
            Predicate::Matches(pattern) => (Form::Expression, pattern.as_str()),
            Predicate::Folded(folded) => (Form::ExpressionIgnoringCase, folded.expression()),
            Predicate::Exists | Predicate::OneOf(_) | Predicate::Compare(..) | Predicate::Has(..) => return None,
        };
        Some(Self { form, written: written.to_owned() })
    }

    /// Returns the regular expression, without the information whether it ignores case.
    pub(crate) fn regular_expression(&self) -> String {
        match self.form {
            Form::StartsWith => format!(r"\A{}", regex::escape(&self.written)),
            Form::EndsWith => format!(r"{}\z", regex::escape(&self.written)),
            Form::Contains => regex::escape(&self.written),
            Form::Expression | Form::ExpressionIgnoringCase => self.written.clone(),
        }
    }

    fn ignores_case(&self) -> bool {
        self.form == Form::ExpressionIgnoringCase
    }
}

pub(crate) struct CompiledPattern {
    matcher: Matcher,
    /// This value is `None` if the automaton would exceed [`SIZE_LIMIT`].
    pub(crate) dfa: Option<Dfa>,
}

/// Tests a known text. The evaluator decides in the same way, so a text of any length is compared without a regular
/// expression, which has a size limit.
enum Matcher {
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Expression(regex::Regex),
    /// The expression exceeds the size limit of the library. No bundle contains such an expression, because a bundle's
    /// expressions have a lower limit.
    Oversized,
}

impl Matcher {
    fn new(key: &PatternKey) -> Self {
        let text = || key.written.clone();
        match key.form {
            Form::StartsWith => Self::StartsWith(text()),
            Form::EndsWith => Self::EndsWith(text()),
            Form::Contains => Self::Contains(text()),
            Form::Expression | Form::ExpressionIgnoringCase => {
                let regex = regex::RegexBuilder::new(&key.written).case_insensitive(key.ignores_case()).build();
                regex.map_or(Self::Oversized, Self::Expression)
            }
        }
    }

    fn is_match(&self, text: &str) -> bool {
        match self {
            Self::StartsWith(prefix) => text.starts_with(prefix.as_str()),
            Self::EndsWith(suffix) => text.ends_with(suffix.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Expression(regex) => regex.is_match(text),
            Self::Oversized => false,
        }
    }
}

/// A cache of compiled patterns: the flags of a repository use the same few patterns many times, and each flag asks
/// many questions about them. Patterns without an automaton are cached too, because finding out takes longest.
struct Cache {
    patterns: BTreeMap<PatternKey, Arc<CompiledPattern>>,
    /// The size of all entries in bytes.
    size: usize,
}

static CACHE: Mutex<Cache> = Mutex::new(Cache { patterns: BTreeMap::new(), size: 0 });
/// The maximum size of the cache in bytes. A larger cache is emptied.
const MAX_CACHE_SIZE: usize = 128 << 20;
/// The estimated size of a cached pattern without its automaton and its expression, in bytes.
const ENTRY_SIZE: usize = 8 << 10;
/// The estimated size of the regex of a pattern whose automaton is too large, in bytes.
const LARGE_REGEX_SIZE: usize = 512 << 10;

impl Cache {
    fn insert(&mut self, key: PatternKey, pattern: Arc<CompiledPattern>) {
        let automaton = pattern.dfa.as_ref().map_or(LARGE_REGEX_SIZE, Dfa::memory_usage);
        let size = ENTRY_SIZE + 2 * key.written.len() + automaton;
        if self.size + size > MAX_CACHE_SIZE {
            self.patterns.clear();
            self.size = 0;
        }
        if self.patterns.insert(key, pattern).is_none() {
            self.size += size;
        }
    }
}

impl CompiledPattern {
    /// Returns the compiled pattern from the cache, or compiles it.
    pub(crate) fn compile(key: &PatternKey) -> Arc<Self> {
        let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache().patterns.get(key) {
            return Arc::clone(known);
        }
        let pattern = Arc::new(Self { matcher: Matcher::new(key), dfa: compile_dfa(key) });
        cache().insert(key.clone(), Arc::clone(&pattern));
        pattern
    }

    /// Returns whether the pattern matches somewhere in the text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }
}

/// Builds the automaton, or `None` if it would exceed [`SIZE_LIMIT`].
fn compile_dfa(key: &PatternKey) -> Option<Dfa> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(SIZE_LIMIT))
                .determinize_size_limit(Some(SIZE_LIMIT)),
        )
        .syntax(syntax::Config::new().case_insensitive(key.ignores_case()))
        .thompson(thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT)))
        .build(&key.regular_expression())
        .ok()
}
