//! Prepared operands of tests on text.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::TextOperator;

/// A set of texts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Vec<Box<str>>", into = "Vec<Box<str>>")]
pub struct TextSet {
    /// The members, ascending, one after another: a set that is asked for one of them stays in few cache lines.
    joined: Box<str>,
    /// Of each member, where it ends.
    ends: Box<[usize]>,
    index: Index,
}

/// What tells whether a text can be a member without comparing it with each.
#[derive(Debug, Clone)]
enum Index {
    /// The [`head`] of each, in their order.
    Heads(Box<[u64]>),
    /// Where each begins and ends.
    Hashed(HashTable<(u32, u32)>),
}

/// Of eight bytes, where there are so many: what differs here is not equal.
fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let word = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
    match (bytes.first_chunk(), bytes.first_chunk(), bytes.last_chunk()) {
        (Some(eight), ..) => u64::from_le_bytes(*eight),
        // What stands in the middle is in both.
        (_, Some(first), Some(last)) => word(first) << 32 | word(last),
        _ => bytes.iter().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

impl TextSet {
    /// Up to here a scan is as fast as hashing the text that is looked for.
    const SCANNED: usize = 12;
    /// The same on every machine.
    const HASHER: FixedState = FixedState::with_seed(0);

    /// Whether the text is one of them.
    pub fn contains(&self, text: &str) -> bool {
        match &self.index {
            Index::Heads(heads) => {
                let wanted = head(text);
                heads.iter().enumerate().any(|(at, head)| *head == wanted && self.member(at) == Some(text))
            }
            Index::Hashed(index) => {
                let same = |(start, end): &(u32, u32)| self.joined.get(*start as usize..*end as usize) == Some(text);
                index.find(Self::HASHER.hash_one(text), same).is_some()
            }
        }
    }

    /// The members, ascending, each once.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|at| self.member(at))
    }

    fn member(&self, at: usize) -> Option<&str> {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.joined.get(start..*self.ends.get(at)?)
    }
}

impl From<Vec<Box<str>>> for TextSet {
    fn from(mut members: Vec<Box<str>>) -> Self {
        members.sort_unstable();
        members.dedup();
        let mut joined = String::with_capacity(members.iter().map(|member| member.len()).sum());
        let mut ends = Vec::with_capacity(members.len());
        for member in &members {
            joined.push_str(member);
            ends.push(joined.len());
        }
        // Offsets of a larger set take more bits than its index has.
        let index = if members.len() > Self::SCANNED && u32::try_from(joined.len()).is_ok() {
            let mut index = HashTable::with_capacity(members.len());
            let mut start = 0;
            for end in ends.iter().filter_map(|end| u32::try_from(*end).ok()) {
                let hash = |(start, end): &(u32, u32)| {
                    Self::HASHER.hash_one(joined.get(*start as usize..*end as usize).unwrap_or_default())
                };
                index.insert_unique(hash(&(start, end)), (start, end), hash);
                start = end;
            }
            Index::Hashed(index)
        } else {
            Index::Heads(members.iter().map(|member| head(member)).collect())
        };
        Self { joined: joined.into(), ends: ends.into(), index }
    }
}

impl From<TextSet> for Vec<Box<str>> {
    fn from(set: TextSet) -> Self {
        set.iter().map(Box::from).collect()
    }
}

/// A compiled automaton may take this many bytes.
const SIZE_LIMIT: usize = 2 << 20;

/// A regular expression in the linear-time dialect of the `regex` crate, found anywhere in the text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether it matches somewhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(expression: String) -> Result<Self, regex::Error> {
        RegexBuilder::new(&expression).size_limit(SIZE_LIMIT).build().map(Self)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().to_owned()
    }
}

/// A text operator that ignores case.
///
/// By definition what the `regex` crate's `(?i)` does (Unicode's simple case folding), so that every
/// operator folds alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Unfolded", into = "Unfolded")]
pub struct Folded {
    operator: TextOperator,
    operands: Box<[Box<str>]>,
    automaton: Regex,
}

/// [`Folded`] as a bundle's JSON has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unfolded {
    operator: TextOperator,
    operands: Box<[Box<str>]>,
}

impl Folded {
    /// Compiles the operands; the text must satisfy the operator with one of them. Of patterns there is one.
    ///
    /// # Errors
    /// A pattern that does not compile, or operands that make too large an automaton.
    pub fn new(operator: TextOperator, operands: Box<[Box<str>]>) -> Result<Self, regex::Error> {
        let texts = || operands.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|");
        let expression = match operator {
            TextOperator::Equals => format!(r"\A(?:{})\z", texts()),
            TextOperator::StartsWith => format!(r"\A(?:{})", texts()),
            TextOperator::EndsWith => format!(r"(?:{})\z", texts()),
            TextOperator::Contains => texts(),
            // A pattern may end in a comment: nothing can be put around it.
            TextOperator::Matches => operands.join("|"),
        };
        let automaton = RegexBuilder::new(&expression).case_insensitive(true).size_limit(SIZE_LIMIT).build()?;
        Ok(Self { operator, operands, automaton })
    }

    /// Whether the text satisfies the operator with one of the operands.
    pub fn is_match(&self, text: &str) -> bool {
        self.automaton.is_match(text)
    }

    /// What is asked of the text.
    pub fn operator(&self) -> TextOperator {
        self.operator
    }

    /// What is matched in the text, case ignored, as one regular expression.
    pub fn expression(&self) -> &str {
        self.automaton.as_str()
    }

    /// The texts to satisfy it with, as written.
    pub fn operands(&self) -> &[Box<str>] {
        &self.operands
    }
}

impl TryFrom<Unfolded> for Folded {
    type Error = regex::Error;

    fn try_from(unfolded: Unfolded) -> Result<Self, regex::Error> {
        Self::new(unfolded.operator, unfolded.operands)
    }
}

impl From<Folded> for Unfolded {
    fn from(folded: Folded) -> Self {
        Self { operator: folded.operator, operands: folded.operands }
    }
}
