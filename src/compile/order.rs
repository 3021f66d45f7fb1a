//! What must be compiled before what, and the cycles that make it impossible.

use crate::bundle;
use crate::bundle::{FlagId, SegmentId};
use crate::codes::Code;
use crate::compile::{Compiler, Item};
use crate::diag::Diagnostic;
use crate::model::Condition;
use crate::snapshot::Span;

/// One definition's mention of another.
type Mention = (Item, Span);

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Not,
    Open,
    Done,
}

impl Compiler<'_> {
    /// Every item after those that it refers to, without those on cycles; the cycles are reported.
    pub(super) fn order(&mut self) -> Vec<Item> {
        let segments = self.segments.len();
        let index = |item: Item| match item {
            Item::Segment(at) => at,
            Item::Flag(at) => segments + at,
        };
        let items: Vec<_> = (0..segments).map(Item::Segment).chain((0..self.flags.len()).map(Item::Flag)).collect();
        let mentions: Vec<_> = items.iter().map(|item| self.mentions(*item)).collect();
        let mut visits = vec![Visit::Not; items.len()];
        let mut ordered = Vec::with_capacity(items.len());
        // Not recursive: a chain may be as long as there are definitions.
        for start in items {
            let mut path: Vec<(Item, usize)> = Vec::new();
            if visits.get(index(start)) == Some(&Visit::Not) {
                path.push((start, 0));
            }
            while let Some((item, next)) = path.last_mut() {
                let (item, mention) = (*item, mentions.get(index(*item)).and_then(|all| all.get(*next)).copied());
                *next += 1;
                let Some((other, _)) = mention else {
                    path.pop();
                    ordered.push(item);
                    set(&mut visits, index(item), Visit::Done);
                    continue;
                };
                set(&mut visits, index(item), Visit::Open);
                match visits.get(index(other)) {
                    Some(Visit::Not) => path.push((other, 0)),
                    Some(Visit::Open) => {
                        let from = path.iter().position(|(item, _)| *item == other).unwrap_or(0);
                        let cycle: Vec<_> = path.iter().skip(from).map(|(item, next)| (*item, *next - 1)).collect();
                        let cycle: Vec<_> = cycle
                            .into_iter()
                            .filter_map(|(item, at)| Some((item, mentions.get(index(item))?.get(at)?.1)))
                            .collect();
                        self.report_cycle(&cycle);
                    }
                    _ => {}
                }
            }
        }
        ordered
    }

    fn mentions(&self, item: Item) -> Vec<Mention> {
        let mut mentions = Vec::new();
        match item {
            Item::Segment(at) => {
                if let Some(condition) = self.segments.get(at).and_then(|draft| draft.definition.condition.as_ref()) {
                    self.mentions_of(&condition.value, &mut mentions);
                }
            }
            Item::Flag(at) => {
                let Some(serving) = self.servings.get(at) else { return mentions };
                let requires = serving.requires.iter().map(|required| &required.flag);
                let flags = requires.filter_map(|flag| Some((Item::Flag(self.find_flag(&flag.value)?), flag.span)));
                mentions.extend(flags);
                for rule in serving.rules {
                    if let Some(condition) = &rule.condition {
                        self.mentions_of(&condition.value, &mut mentions);
                    }
                }
            }
        }
        mentions
    }

    fn mentions_of(&self, condition: &Condition, mentions: &mut Vec<Mention>) {
        for part in condition.iter() {
            match part {
                Condition::Segment(names) => mentions.extend(
                    names.iter().filter_map(|name| Some((Item::Segment(self.find_segment(&name.value)?), name.span))),
                ),
                Condition::Flag(flags) => {
                    mentions.extend(flags.iter().filter_map(|required| {
                        Some((Item::Flag(self.find_flag(&required.flag.value)?), required.flag.span))
                    }));
                }
                Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Attribute { .. } => {}
            }
        }
    }

    fn report_cycle(&mut self, cycle: &[(Item, Span)]) {
        let name = |item: &Item| match *item {
            Item::Segment(at) => self.segments.get(at).map_or("", |draft| draft.definition.name.as_str()),
            Item::Flag(at) => self.flags.get(at).map_or("", |draft| draft.definition.key.as_str()),
        };
        let Some((first, span)) = cycle.first() else { return };
        let flags = cycle.iter().any(|(item, _)| matches!(item, Item::Flag(_)));
        let (code, what) = match flags {
            true => (Code::PrerequisiteCycle, "flags depend on each other"),
            false => (Code::SegmentCycle, "segments contain each other"),
        };
        let chain: Vec<_> = cycle.iter().map(|(item, _)| format!("`{}`", name(item))).collect();
        let message = format!("{what}: {} → `{}`", chain.join(" → "), name(first));
        let mut diagnostic = Diagnostic::new(code, *span, message).help("remove one of these mentions");
        for (item, span) in cycle.iter().skip(1) {
            diagnostic = diagnostic.related(*span, format!("`{}` goes on here", name(item)));
        }
        self.report(diagnostic);
    }

    pub(super) fn find_segment(&self, name: &str) -> Option<usize> {
        self.segments.binary_search_by(|draft| draft.definition.name.as_str().cmp(name)).ok()
    }

    pub(super) fn find_flag(&self, key: &str) -> Option<usize> {
        self.flags.binary_search_by(|draft| draft.definition.key.as_str().cmp(key)).ok()
    }
}

fn set(visits: &mut [Visit], at: usize, visit: Visit) {
    if let Some(slot) = visits.get_mut(at) {
        *slot = visit;
    }
}

/// From places among drafts to places in the bundle.
pub(super) struct Renumber<'n> {
    pub(super) segments: &'n [u32],
    pub(super) flags: &'n [u32],
}

impl Renumber<'_> {
    pub(super) fn condition(&self, condition: &mut bundle::Condition) {
        let place = |places: &[u32], at: u32| places.get(at as usize).copied().unwrap_or(at);
        match condition {
            bundle::Condition::Segment(id) => *id = SegmentId(place(self.segments, id.0)),
            bundle::Condition::Flag { key, .. } => *key = FlagId(place(self.flags, key.0)),
            bundle::Condition::All(_)
            | bundle::Condition::Any(_)
            | bundle::Condition::Not(_)
            | bundle::Condition::Test(_) => {}
        }
        condition.children_mut().iter_mut().for_each(|part| self.condition(part));
    }
}
