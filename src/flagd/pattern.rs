//! Regular expressions that are short lists of texts in disguise, such as `^(ipad|sm-[tx])[0-9]`.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// So many alternatives are written out.
const ALTERNATIVES: usize = 128;
/// So many characters one place has to choose from.
const CHOICES: u32 = 128;
/// So long is an alternative, in characters.
const LENGTH: usize = 256;

/// Whether the expression tells upper from lower case, unless it says otherwise itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Told,
    Ignored,
}

/// Which ends of the text a shape must reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    None,
    Start,
    End,
    Both,
}

/// Texts of one length, by the characters that each place has to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) anchor: Anchor,
    pub(super) characters: Vec<Vec<char>>,
}

impl Shape {
    /// The text, if there is but one.
    pub(super) fn literal(&self) -> Option<String> {
        let only = |choices: &Vec<char>| match choices.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        self.characters.iter().map(only).collect()
    }

    /// All texts, if they are few.
    pub(super) fn literals(&self) -> Option<Vec<String>> {
        let mut texts = vec![String::new()];
        for choices in &self.characters {
            if texts.len() * choices.len() > ALTERNATIVES {
                return None;
            }
            let longer = |text: &String| choices.iter().map(|choice| format!("{text}{choice}")).collect::<Vec<_>>();
            texts = texts.iter().flat_map(longer).collect();
        }
        Some(texts)
    }
}

/// Shapes of which a text must have one; none if they are too many, or the expression is no such list.
pub(super) fn shapes(expression: &str, case: Case) -> Option<Vec<Shape>> {
    let hir = ParserBuilder::new().case_insensitive(case == Case::Ignored).build().parse(expression).ok()?;
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

#[derive(Clone, PartialEq)]
enum Piece {
    One(Vec<char>),
    Start,
    End,
    /// Any number of something, perhaps none.
    Any,
}

/// The alternatives, each as its pieces in order.
fn expand(hir: &Hir) -> Option<Vec<Vec<Piece>>> {
    let one = |piece| Some(vec![vec![piece]]);
    match hir.kind() {
        HirKind::Empty => Some(vec![vec![]]),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![text.chars().map(|character| Piece::One(vec![character])).collect()])
        }
        HirKind::Class(class) => one(Piece::One(choices(class)?)),
        HirKind::Look(Look::Start) => one(Piece::Start),
        HirKind::Look(Look::End) => one(Piece::End),
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => expand(&capture.sub),
        HirKind::Concat(parts) => parts.iter().try_fold(vec![vec![]], |before, part| joined(&before, &expand(part)?)),
        HirKind::Alternation(parts) => {
            let all: Vec<_> = parts.iter().map(expand).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= ALTERNATIVES).then_some(all)
        }
        HirKind::Repetition(repetition) => {
            if repetition.min == 0 && repetition.max.is_none() {
                return one(Piece::Any);
            }
            let once = expand(&repetition.sub)?;
            let mut times = vec![vec![]];
            for _ in 0..repetition.min {
                times = joined(&times, &once)?;
            }
            let Some(most) = repetition.max else { return joined(&times, &[vec![Piece::Any]]) };
            let mut all = times.clone();
            for _ in repetition.min..most {
                times = joined(&times, &once)?;
                all.extend(times.iter().cloned());
                if all.len() > ALTERNATIVES {
                    return None;
                }
            }
            Some(all)
        }
    }
}

/// Every alternative of the one with every one of the other behind it.
fn joined(before: &[Vec<Piece>], behind: &[Vec<Piece>]) -> Option<Vec<Vec<Piece>>> {
    let pair = |left: &Vec<Piece>| behind.iter().map(|right| [left.as_slice(), right].concat()).collect::<Vec<_>>();
    let all: Vec<_> = (before.len() * behind.len() <= ALTERNATIVES).then(|| before.iter().flat_map(pair).collect())?;
    all.iter().all(|pieces| pieces.len() <= LENGTH).then_some(all)
}

fn choices(class: &Class) -> Option<Vec<char>> {
    let Class::Unicode(class) = class else { return None };
    let few = class.ranges().iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum::<u32>();
    (few <= CHOICES).then(|| class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect())
}

/// None if the pieces are no shape; nothing in it if no text has them in this order.
#[allow(clippy::option_option, reason = "the one stops the search, the other does not")]
fn shape(pieces: Vec<Piece>) -> Option<Option<Shape>> {
    let (mut start, mut end) = (false, false);
    let mut inside: Vec<Piece> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Start if inside.iter().any(|piece| *piece != Piece::Any) => return Some(None),
            Piece::Start => {
                inside.clear();
                start = true;
            }
            Piece::End => end = true,
            Piece::One(_) if end => return Some(None),
            Piece::Any if end => {}
            piece => inside.push(piece),
        }
    }
    // At a free end of the text, none of it is as good as some.
    while !end && inside.last() == Some(&Piece::Any) {
        inside.pop();
    }
    while !start && inside.first() == Some(&Piece::Any) {
        inside.remove(0);
    }
    let anchor = match (start, end) {
        (false, false) => Anchor::None,
        (true, false) => Anchor::Start,
        (false, true) => Anchor::End,
        (true, true) => Anchor::Both,
    };
    let choices = |piece| match piece {
        Piece::One(choices) => Some(choices),
        _ => None,
    };
    inside.into_iter().map(choices).collect::<Option<_>>().map(|characters| Some(Shape { anchor, characters }))
}
