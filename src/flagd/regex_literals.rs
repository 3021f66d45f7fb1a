//! Regular expressions that match a short list of texts, such as `^(ipad|sm-[tx])[0-9]`. flagd has no regular
//! expressions, so the export supports only such expressions.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

const MAX_ALTERNATIVES: usize = 128;
/// The maximum number of possible characters at one index.
const MAX_CHOICES: u32 = 128;
/// The maximum length of an alternative, in characters.
const MAX_LENGTH: usize = 256;

/// Whether the expression distinguishes upper and lower case. Flags in the expression take precedence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Insensitive,
}

/// The ends of the text that a shape must include.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    None,
    Start,
    End,
    Both,
}

/// A set of texts of one length, stored as the possible characters at each index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) anchor: Anchor,
    pub(super) characters: Vec<Vec<char>>,
}

impl Shape {
    /// Returns the text if the shape consists of exactly one text.
    pub(super) fn literal(&self) -> Option<String> {
        let only = |choices: &Vec<char>| match choices.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        self.characters.iter().map(only).collect()
    }

    /// Returns all texts if their number is at most [`MAX_ALTERNATIVES`].
    pub(super) fn literals(&self) -> Option<Vec<String>> {
        let mut texts = vec![String::new()];
        for choices in &self.characters {
            if texts.len() * choices.len() > MAX_ALTERNATIVES {
                return None;
            }
            let longer = |text: &String| choices.iter().map(|choice| format!("{text}{choice}")).collect::<Vec<_>>();
            texts = texts.iter().flat_map(longer).collect();
        }
        Some(texts)
    }
}

/// Returns shapes such that a text matches the expression exactly if it has one of the shapes. Returns `None` if there
/// are too many shapes, or if the expression matches more than a list of texts.
pub(super) fn shapes(expression: &str, case: Case) -> Option<Vec<Shape>> {
    let hir = ParserBuilder::new().case_insensitive(case == Case::Insensitive).build().parse(expression).ok()?;
    let mut shapes: Vec<Shape> = Vec::new();
    for pieces in expand(&hir)? {
        if let Some(shape) = shape(pieces)?
            && !shapes.contains(&shape)
        {
            shapes.push(shape);
        }
    }
    Some(shapes)
}

/// A part of an alternative.
#[derive(Clone, PartialEq)]
enum Piece {
    /// One of these characters.
    Character(Vec<char>),
    /// The start of the text.
    Start,
    /// The end of the text.
    End,
    /// A repetition of any part, with any count including zero.
    Repetition,
}

/// Returns the alternatives, each as a list of its pieces in order, or `None` if there are too many.
fn expand(hir: &Hir) -> Option<Vec<Vec<Piece>>> {
    let one = |piece| Some(vec![vec![piece]]);
    match hir.kind() {
        HirKind::Empty => Some(vec![vec![]]),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![text.chars().map(|character| Piece::Character(vec![character])).collect()])
        }
        HirKind::Class(class) => one(Piece::Character(choices(class)?)),
        HirKind::Look(Look::Start) => one(Piece::Start),
        HirKind::Look(Look::End) => one(Piece::End),
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => expand(&capture.sub),
        HirKind::Concat(parts) => parts.iter().try_fold(vec![vec![]], |first, part| joined(&first, &expand(part)?)),
        HirKind::Alternation(parts) => {
            let all: Vec<_> = parts.iter().map(expand).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= MAX_ALTERNATIVES).then_some(all)
        }
        HirKind::Repetition(repetition) => {
            if repetition.min == 0 && repetition.max.is_none() {
                return one(Piece::Repetition);
            }
            let once = expand(&repetition.sub)?;
            let mut times = vec![vec![]];
            for _ in 0..repetition.min {
                times = joined(&times, &once)?;
            }
            let Some(most) = repetition.max else { return joined(&times, &[vec![Piece::Repetition]]) };
            let mut all = times.clone();
            for _ in repetition.min..most {
                times = joined(&times, &once)?;
                all.extend(times.iter().cloned());
                if all.len() > MAX_ALTERNATIVES {
                    return None;
                }
            }
            Some(all)
        }
    }
}

/// Returns every alternative of `first`, followed by every alternative of `second`.
fn joined(first: &[Vec<Piece>], second: &[Vec<Piece>]) -> Option<Vec<Vec<Piece>>> {
    let pair = |left: &Vec<Piece>| second.iter().map(|right| [left.as_slice(), right].concat()).collect::<Vec<_>>();
    let all: Vec<_> =
        (first.len() * second.len() <= MAX_ALTERNATIVES).then(|| first.iter().flat_map(pair).collect())?;
    all.iter().all(|pieces| pieces.len() <= MAX_LENGTH).then_some(all)
}

/// Returns the characters of a class, or `None` if there are too many.
fn choices(class: &Class) -> Option<Vec<char>> {
    let Class::Unicode(class) = class else { return None };
    let few = class.ranges().iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum::<u32>();
    (few <= MAX_CHOICES).then(|| class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect())
}

/// Returns the shape of an alternative. Returns `Some(None)` if no text can match the alternative, and `None` if it is
/// not a shape.
#[allow(clippy::option_option, reason = "`None` ends the search, `Some(None)` does not")]
fn shape(pieces: Vec<Piece>) -> Option<Option<Shape>> {
    let (mut start, mut end) = (false, false);
    let mut inside: Vec<Piece> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Start if inside.iter().any(|piece| *piece != Piece::Repetition) => return Some(None),
            Piece::Start => {
                inside.clear();
                start = true;
            }
            Piece::End => end = true,
            Piece::Character(_) if end => return Some(None),
            Piece::Repetition if end => {}
            piece => inside.push(piece),
        }
    }
    // A repetition at an end without an anchor can be empty, so it is removed.
    while !end && inside.last() == Some(&Piece::Repetition) {
        inside.pop();
    }
    while !start && inside.first() == Some(&Piece::Repetition) {
        inside.remove(0);
    }
    let anchor = match (start, end) {
        (false, false) => Anchor::None,
        (true, false) => Anchor::Start,
        (false, true) => Anchor::End,
        (true, true) => Anchor::Both,
    };
    let choices = |piece| match piece {
        Piece::Character(choices) => Some(choices),
        _ => None,
    };
    inside.into_iter().map(choices).collect::<Option<_>>().map(|characters| Some(Shape { anchor, characters }))
}
