//! The size of regular expressions, computed before they are compiled.
//!
//! A few bytes such as `\w{38}` compile to megabytes, so many short expressions would take minutes and gigabytes
//! although each of them is below its own limit. The input is the source text. The size is the number of characters and
//! character ranges of the expression after all repetitions are written out, beyond the length of the text, which the
//! limit on files already bounds. It comes from the syntax tree, because even the parser's next step, which replaces
//! `\w` by its ranges, multiplies the text by a thousand.
//!
//! **Invariant:** the size depends on the expressions only, so every machine accepts the same ones.

use std::cell::RefCell;
use std::collections::BTreeSet;

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, ClassSet, ClassSetItem, RepetitionKind, RepetitionRange};

/// The maximum size of all different regular expressions together, of all definition files or of a bundle. A size of one
/// takes about 64 bytes of memory.
pub const PATTERNS_LIMIT: u64 = 500_000;

/// The number of ranges of a Unicode class such as `\w` or `\p{L}`: that of the largest one.
const CLASS: u64 = 800;
/// The number of ranges of `.`, as UTF-8 sequences.
const ANY: u64 = 8;

/// The maximum length of one regular expression in bytes. The syntax tree takes a hundred bytes for each of them.
pub const PATTERN_LENGTH_LIMIT: usize = 64 << 10;

/// A regular expression is not compiled, because it would take too much time and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternLimit {
    /// The expression is longer than [`PATTERN_LENGTH_LIMIT`].
    #[error("the regular expression has more than {PATTERN_LENGTH_LIMIT} bytes")]
    Length,
    /// The expressions together are larger than [`PATTERNS_LIMIT`].
    #[error(
        "all regular expressions together have more than {PATTERNS_LIMIT} characters and ranges when their \
         repetitions are written out"
    )]
    Total,
}

/// Adds up the sizes of the regular expressions of all definition files or of a bundle. Equal expressions count once.
#[derive(Debug, Clone, Default)]
pub struct PatternBudget {
    counted: BTreeSet<Box<str>>,
    size: u64,
}

impl PatternBudget {
    /// Counts an expression.
    ///
    /// # Errors
    /// Returns [`PatternLimit`] if the expression, or the sum of the expressions so far and this one, is beyond its
    /// limit. This one is not counted then.
    pub fn add(&mut self, expression: &str) -> Result<(), PatternLimit> {
        if expression.len() > PATTERN_LENGTH_LIMIT {
            return Err(PatternLimit::Length);
        }
        let size = size(expression);
        if size == 0 || self.counted.contains(expression) {
            return Ok(());
        }
        let sum = self.size.saturating_add(size);
        if sum > PATTERNS_LIMIT {
            return Err(PatternLimit::Total);
        }
        self.size = sum;
        self.counted.insert(expression.into());
        Ok(())
    }
}

thread_local! {
    /// The budget of the bundle that the current thread reads. Serde has no other way to give a state to the types that
    /// it reads.
    static READING: RefCell<PatternBudget> = RefCell::default();
}

/// Reads a part of a bundle, whose regular expressions are counted in `budget`.
pub(super) fn with_budget<T>(budget: &mut PatternBudget, read: impl FnOnce() -> T) -> T {
    let outer = READING.replace(std::mem::take(budget));
    let result = read();
    *budget = READING.replace(outer);
    result
}

/// Counts an expression of the bundle that the current thread reads.
///
/// # Errors
/// Returns [`PatternLimit`] if the expressions of the bundle are beyond a limit.
pub(super) fn count(expression: &str) -> Result<(), PatternLimit> {
    READING.with_borrow_mut(|budget| budget.add(expression))
}

/// Returns the size of an expression. The size of an invalid expression is 0, because it is never compiled.
fn size(expression: &str) -> u64 {
    let length = u64::try_from(expression.len()).unwrap_or(u64::MAX);
    Parser::new().parse(expression).map_or(0, |ast| size_of(&ast).saturating_sub(length))
}

/// Returns the number of characters and ranges. The parser limits the depth of the tree.
fn size_of(ast: &Ast) -> u64 {
    let sum = |parts: &[Ast]| parts.iter().map(size_of).fold(0, u64::saturating_add);
    match ast {
        Ast::Empty(_) | Ast::Flags(_) => 0,
        Ast::Literal(_) | Ast::Assertion(_) => 1,
        Ast::Dot(_) => ANY,
        Ast::ClassUnicode(_) | Ast::ClassPerl(_) => CLASS,
        Ast::ClassBracketed(class) => size_of_set(&class.kind),
        Ast::Group(group) => size_of(&group.ast),
        Ast::Alternation(alternation) => sum(&alternation.asts),
        Ast::Concat(concat) => sum(&concat.asts),
        Ast::Repetition(repetition) => {
            let times = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => 1,
                RepetitionKind::Range(
                    RepetitionRange::Exactly(times)
                    | RepetitionRange::AtLeast(times)
                    | RepetitionRange::Bounded(_, times),
                ) => u64::from(*times).max(1),
            };
            size_of(&repetition.ast).max(1).saturating_mul(times)
        }
    }
}

fn size_of_set(set: &ClassSet) -> u64 {
    match set {
        ClassSet::Item(item) => size_of_item(item),
        ClassSet::BinaryOp(operation) => size_of_set(&operation.lhs).saturating_add(size_of_set(&operation.rhs)),
    }
}

fn size_of_item(item: &ClassSetItem) -> u64 {
    match item {
        ClassSetItem::Empty(_) => 0,
        ClassSetItem::Literal(_) | ClassSetItem::Range(_) | ClassSetItem::Ascii(_) => 1,
        ClassSetItem::Unicode(_) | ClassSetItem::Perl(_) => CLASS,
        ClassSetItem::Bracketed(class) => size_of_set(&class.kind),
        ClassSetItem::Union(union) => union.items.iter().map(size_of_item).fold(0, u64::saturating_add),
    }
}
