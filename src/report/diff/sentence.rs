//! The parts of a sentence about a region, for people who do not read definitions.
//!
//! The sentence says which flag serves what instead of what, and to whom:
//! "new-checkout in production serves `on` instead of `off` to another 10% of all people where country eq "GB"". The input
//! is a region of the analysis. The output is a list of [`Span`]s, so each format can mark names in its own way. `headline`
//! makes the sentence about all regions of a change.
//!
//! **Invariant:** only [`Span::Words`] has words of flagctl alone. Every other span has text from outside, which a format
//! must escape.

use std::fmt;

use crate::analyze::{Certainty, HashedUnits, Population, Region, Share, Transition};
use crate::bundle::ListText;
use crate::diff::FlagEvent;
use crate::report::diff::condition::Clause;
use crate::report::text::grouped;
use crate::report::{Role, StyledText, value};

/// The maximum number of named units in a sentence, which has the number of the others.
const NAMED: usize = 4;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    /// Words of flagctl.
    Words(String),
    /// The key of the flag.
    Flag(String),
    /// The names of the environments.
    Environments(String),
    /// The name of a variant.
    Variant(String),
    /// A condition, a value or an error.
    Code(String),
}

/// A sentence without a full stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sentence(Vec<Span>);

impl Sentence {
    /// Returns the beginning of a sentence about a flag in some environments, with a verb between them.
    pub(super) fn about(flag: &str, verb: &str, environments: &str) -> Self {
        let environments = Span::Environments(environments.to_owned());
        Self(vec![Span::Flag(flag.to_owned()), Span::Words(format!(" {verb} ")), environments])
    }

    /// Returns the spans.
    pub(crate) fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Returns the sentence with conditions and values of at most `longest` characters. A shortened text ends with `…`.
    pub(crate) fn shortened(&self, longest: usize) -> Self {
        let shortened = |span: &Span| match span {
            Span::Code(code) => match code.char_indices().nth(longest) {
                Some((end, _)) => Span::Code(format!("{}…", code.get(..end).unwrap_or_default())),
                None => span.clone(),
            },
            Span::Words(_) | Span::Flag(_) | Span::Environments(_) | Span::Variant(_) => span.clone(),
        };
        Self(self.0.iter().map(shortened).collect())
    }

    /// Returns the sentence for a terminal. `off` has the names of the variants that are red.
    pub(crate) fn styled(&self, off: &[&str]) -> StyledText {
        self.0.iter().fold(StyledText::default(), |styled, span| match span {
            Span::Flag(key) => styled.with(Role::Name, key),
            Span::Variant(name) => {
                let role = if off.contains(&name.as_str()) { Role::Bad } else { Role::Good };
                styled.plain("`").with(role, name).plain("`")
            }
            Span::Words(text) | Span::Environments(text) | Span::Code(text) => styled.plain(text),
        })
    }

    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Words(words.into()));
        self
    }

    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.0.push(Span::Code(code.into()));
        self
    }

    pub(super) fn then(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// Adds names of variants: `a`, or `a` or `b`.
    fn variants(mut self, names: &[&str]) -> Self {
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                self = self.words(" or ");
            }
            self.0.push(Span::Variant((*name).to_owned()));
        }
        self
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|span| match span {
            Span::Variant(name) => write!(f, "`{name}`"),
            Span::Words(text) | Span::Flag(text) | Span::Environments(text) | Span::Code(text) => f.write_str(text),
        })
    }
}

/// Returns what a region is served: "serves `on` instead of `off`". A removed flag "served `on`".
pub(crate) fn effect(region: &Region, event: FlagEvent) -> Sentence {
    let perhaps = if region.certainty == Certainty::Exact { "" } else { "perhaps " };
    let moving: Vec<&Transition> = region.transitions.iter().filter(|transition| transition.moves()).collect();
    let names = |name: fn(&Transition) -> &str| {
        let mut names: Vec<&str> = Vec::new();
        for transition in &moving {
            if !names.contains(&name(transition)) {
                names.push(name(transition));
            }
        }
        names
    };
    let (from, to) = (names(|moving| &moving.from.name), names(|moving| &moving.to.name));
    let sentence = Sentence::default().words(format!("{perhaps}serves "));
    match event {
        FlagEvent::Added => return sentence.variants(&to),
        FlagEvent::Removed => return Sentence::default().words(format!("{perhaps}served ")).variants(&from),
        FlagEvent::Killed | FlagEvent::HalfOpened | FlagEvent::Revived | FlagEvent::Changed | FlagEvent::Affected => {}
    }
    match (moving.as_slice(), from.as_slice(), to.as_slice()) {
        ([only], ..) if only.from.name == only.to.name => sentence
            .words("another value of ")
            .variants(&to)
            .words(" (")
            .code(value::shift(&only.from.value, &only.to.value, ListText::Shortened))
            .words(")"),
        ([only], ..) if only.from.value == only.to.value => {
            sentence.variants(&to).words(" instead of ").variants(&from).words(", which has the same value,")
        }
        (_, [_], _) | (_, _, [_]) if !from.iter().any(|name| to.contains(name)) => {
            sentence.variants(&to).words(" instead of ").variants(&from)
        }
        _ => {
            let shift = |moving: &&Transition| match moving.from.name == moving.to.name {
                true => format!(
                    "{} {} = {}",
                    moving.share,
                    moving.to.name,
                    value::shift(&moving.from.value, &moving.to.value, ListText::Shortened)
                ),
                false => format!("{} {} → {}", moving.share, moving.from.name, moving.to.name),
            };
            let shifts = moving.iter().map(shift).collect::<Vec<_>>().join(", ");
            sentence.words("something else (").code(shifts).words(")")
        }
    }
}

/// Returns to whom a region's variants are served: "another 10% of all people where country eq "GB"". `condition` is
/// what the contexts have in common, if anything. `off` is the name of the variant `off`.
pub(crate) fn recipients(region: &Region, event: FlagEvent, condition: Option<Clause>, off: Option<&str>) -> Sentence {
    let moved = region.moved();
    // Without `all`, another 10% could be a tenth of those who did not get the variant.
    let (share, article) = match region.bounds {
        Some(_) => (format!("about {moved}"), "the"),
        None if event != FlagEvent::Removed && is_more(region, off) => (format!("another {moved}"), "all"),
        None => (moved.to_string(), "the"),
    };
    let sentence = match (&region.population, moved == Share::ALL) {
        (Population::Named(named), all) => {
            let named = named.iter().map(|(attribute, units)| {
                let more = units.len().saturating_sub(NAMED);
                let shown = units.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                let more = if more == 0 { String::new() } else { format!(" and {} more", grouped(more as u64)) };
                format!("{attribute} {shown}{more}")
            });
            let named = named.collect::<Vec<_>>().join(" with ");
            let sentence = Sentence::default();
            let sentence = if all {
                sentence
            } else {
                units(sentence.words(format!("{share} of {article} ")), region).words(" with ")
            };
            sentence.code(named)
        }
        (Population::Units, true) => Sentence::default().words("everyone"),
        (Population::Units, false) => units(Sentence::default().words(format!("{share} of {article} ")), region),
    };
    let sentence = match condition {
        None => sentence,
        Some(Clause { word, condition }) => sentence.words(format!(" {word} ")).code(condition),
    };
    match &region.bounds {
        Some(bounds) => sentence.words(format!(" (hashed anew: at least {}, at most {})", bounds.least, bounds.most)),
        None => sentence,
    }
}

/// Adds the units of a region's share: "people", or the values of an attribute.
fn units(sentence: Sentence, region: &Region) -> Sentence {
    let HashedUnits::Attributes(attributes) = &region.hashed else { return sentence.words("people") };
    match attributes.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => sentence.words("people"),
        [only] => sentence.words("values of ").code(*only),
        several => sentence.words("combinations of ").code(several.join(" and ")),
    }
}

/// Returns whether some units of the region already had the one variant that others get now, other than `off`.
fn is_more(region: &Region, off: Option<&str>) -> bool {
    let mut moving = region.transitions.iter().filter(|transition| transition.moves());
    let Some(first) = moving.next() else { return false };
    Some(first.to.name.as_ref()) != off
        && moving.all(|other| other.to == first.to)
        && region.transitions.iter().any(|other| other.from == first.to)
}
