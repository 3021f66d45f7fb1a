//! All texts that match some patterns and do not match others: the language of a product of automata.
//!
//! The input is the product. The language answers two questions. Has it only a few texts? For `matches: ^(ab|cd)$` it
//! has two, so a condition with this pattern names two units. And which of its texts has a property, such as a bucket?
//! For `matches: ^user-[0-9]{6}$`, the texts are tried one after the other, the shortest first.
//!
//! **Invariant:** a text can be completed from every state.

use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;

use crate::analyze::encoding::product_automaton::ProductAutomaton;

/// The maximum number of texts of a language whose texts are named.
pub(crate) const FEW: usize = 1_000;
/// The number of bytes by which the texts that are tried are longer than the shortest text.
const EXTRA_LENGTH: usize = 24;
/// The maximum number of bytes of all prefixes of few texts.
const PREFIX_BYTES: usize = 10_000_000;
/// The maximum number of entries of a table of states and lengths.
const TABLE: usize = 20_000_000;

/// A language, as an automaton without states from which no text can be completed.
pub(crate) struct TextLanguage {
    /// The first state is the start state. The list is empty if the language is empty.
    states: Vec<LanguageState>,
    few: OnceLock<Option<Vec<String>>>,
}

#[derive(Default)]
struct LanguageState {
    /// Whether a text can end in this state.
    accepts: bool,
    /// The next bytes, the most readable ones first, each with the state that it leads to.
    choices: Vec<(u8, usize)>,
}

impl TextLanguage {
    /// Explores the product. `budget` is the number of states of automata. A state of the product counts once for each
    /// of its automata. Returns `None` if the budget is exceeded.
    pub(crate) fn new(product: &ProductAutomaton<'_>, budget: &mut u64) -> Option<Self> {
        let classes = product.byte_classes();
        let work = u64::try_from(product.parts.len()).unwrap_or(u64::MAX);
        let mut index_of: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        let mut queue: VecDeque<Vec<u32>> = VecDeque::new();
        let mut reached: Vec<LanguageState> = Vec::new();
        if let Some(first) = product.first() {
            index_of.insert(first.clone(), 0);
            queue.push_back(first);
        }
        while let Some(state) = queue.pop_front() {
            let mut choices = Vec::new();
            for class in &classes {
                let Some(next) = class.first().and_then(|byte| product.next(&state, *byte)) else { continue };
                let fresh = index_of.len();
                let index = *index_of.entry(next.clone()).or_insert(fresh);
                if index == fresh {
                    *budget = budget.checked_sub(work)?;
                    queue.push_back(next);
                }
                choices.extend(class.iter().map(|byte| (*byte, index)));
            }
            reached.push(LanguageState { accepts: product.accepts(&state), choices });
        }
        Some(Self { states: completable(reached), few: OnceLock::new() })
    }

    /// Returns all texts of the language, or `None` if it has more than [`FEW`].
    pub(crate) fn few(&self) -> Option<&[String]> {
        self.few.get_or_init(|| self.collect_few()).as_deref()
    }

    /// Collects the texts breadth first. Every state leads to a text, so a language with few texts has few prefixes of
    /// each length, and no prefix is longer than the number of states.
    fn collect_few(&self) -> Option<Vec<String>> {
        let (mut texts, mut prefixes) = (Vec::new(), Vec::new());
        prefixes.extend(self.states.first().map(|_| (Vec::new(), 0)));
        let mut bytes = 0;
        for length in 0..=self.states.len() {
            bytes += prefixes.len() * length;
            let mut longer = Vec::new();
            for (prefix, index) in prefixes {
                let Some(state) = self.states.get(index) else { continue };
                if state.accepts {
                    texts.extend(String::from_utf8(prefix.clone()));
                }
                longer.extend(state.choices.iter().map(|(byte, next)| ([prefix.as_slice(), &[*byte]].concat(), *next)));
                if texts.len() + longer.len() > FEW || bytes > PREFIX_BYTES {
                    return None;
                }
            }
            if longer.is_empty() {
                return Some(texts);
            }
            prefixes = longer;
        }
        None
    }

    /// Returns a text that fits, the shortest if possible, or `None` if none of the first `tries` texts fits. Texts of
    /// letters, digits and a few signs are tried before all others. Reduces `tries` by the number of texts that were
    /// tried.
    pub(crate) fn find(&self, tries: &mut u64, mut fits: impl FnMut(&str) -> bool) -> Option<String> {
        if *tries == 0 {
            return None;
        }
        let readable = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@/ ".contains(&byte);
        let half = *tries / 2;
        let mut first = half;
        let found = self.find_of(&mut first, readable, &mut fits);
        *tries -= half - first;
        found.or_else(|| self.find_of(tries, |_| true, &mut fits))
    }

    /// Does the same for texts of some bytes.
    fn find_of(
        &self,
        tries: &mut u64,
        allowed: impl Fn(u8) -> bool,
        fits: &mut impl FnMut(&str) -> bool,
    ) -> Option<String> {
        // Contains, for each number of bytes, the states from which so many bytes complete a text.
        let mut completable: Vec<Vec<bool>> = vec![self.states.iter().map(|state| state.accepts).collect()];
        let mut last = None;
        for length in 0.. {
            let before = completable.last()?;
            if before.first() == Some(&true) {
                last.get_or_insert(length + EXTRA_LENGTH);
                let found = self.find_of_length(length, &completable, tries, &allowed, fits);
                if found.is_some() || *tries == 0 {
                    return found;
                }
            }
            let is_long = last.map_or(length > self.states.len(), |last| length >= last);
            if is_long || (length + 1).saturating_mul(self.states.len()) > TABLE {
                return None;
            }
            let leads = |(byte, next): &(u8, usize)| allowed(*byte) && before.get(*next) == Some(&true);
            let next = self.states.iter().map(|state| state.choices.iter().any(leads)).collect();
            completable.push(next);
        }
        None
    }

    /// Tries the texts of one length, in the order of their bytes.
    fn find_of_length(
        &self,
        length: usize,
        completable: &[Vec<bool>],
        tries: &mut u64,
        allowed: &impl Fn(u8) -> bool,
        fits: &mut impl FnMut(&str) -> bool,
    ) -> Option<String> {
        let mut bytes: Vec<u8> = Vec::with_capacity(length);
        // Contains, for each prefix of the current text, its state and the number of choices that were tried.
        let mut path: Vec<(usize, usize)> = vec![(0, 0)];
        while let Some((index, tried)) = path.last_mut() {
            let missing = length - bytes.len();
            if missing == 0 {
                *tries = tries.checked_sub(1)?;
                if let Some(text) = str::from_utf8(&bytes).ok().filter(|text| fits(text)) {
                    return Some(text.to_owned());
                }
            }
            let after = missing.checked_sub(1).and_then(|after| completable.get(after));
            let choice = after.zip(self.states.get(*index)).and_then(|(after, state)| {
                let rest = state.choices.iter().enumerate().skip(*tried);
                let leads =
                    |(_, (byte, next)): &(usize, &(u8, usize))| allowed(*byte) && after.get(*next) == Some(&true);
                rest.filter(leads).map(|(position, choice)| (position, *choice)).next()
            });
            match choice {
                Some((position, (byte, next))) => {
                    *tried = position + 1;
                    bytes.push(byte);
                    path.push((next, 0));
                }
                None => {
                    path.pop();
                    bytes.pop();
                }
            }
        }
        None
    }
}

/// Removes the states from which no text can be completed.
fn completable(reached: Vec<LanguageState>) -> Vec<LanguageState> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); reached.len()];
    for (index, state) in reached.iter().enumerate() {
        for (_, next) in &state.choices {
            if let Some(before) = before.get_mut(*next).filter(|before| before.last() != Some(&index)) {
                before.push(index);
            }
        }
    }
    let mut kept: Vec<bool> = reached.iter().map(|state| state.accepts).collect();
    let mut open: Vec<usize> = (0..reached.len()).filter(|index| kept.get(*index) == Some(&true)).collect();
    while let Some(index) = open.pop() {
        for earlier in before.get(index).into_iter().flatten() {
            if let Some(kept) = kept.get_mut(*earlier).filter(|kept| !**kept) {
                *kept = true;
                open.push(*earlier);
            }
        }
    }
    if kept.first() != Some(&true) {
        return Vec::new();
    }
    let mut renamed = Vec::with_capacity(kept.len());
    let mut next = 0;
    for kept in &kept {
        renamed.push(kept.then_some(next));
        next += usize::from(*kept);
    }
    let states = reached.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(state, _)| state);
    let with_names = states.map(|state| {
        let choices = state.choices.into_iter();
        let choices = choices.filter_map(|(byte, next)| Some((byte, renamed.get(next).copied().flatten()?)));
        LanguageState { choices: choices.collect(), ..state }
    });
    with_names.collect()
}
