//! Determines the order in which definitions are compiled. Each definition follows the definitions that it refers to.
//! Cycles are reported.

use crate::codes::Code;
use crate::compile::compiler::{Compiler, Item};
use crate::diag::Diagnostic;
use crate::model::Condition;
use crate::snapshot::Span;

/// A reference from one definition to another, and its position.
type Reference = (Item, Span);

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Not,
    Open,
    Done,
}

impl Compiler<'_> {
    /// Returns the items in an order in which each item follows the items that it refers to. The result omits items on
    /// cycles. The cycles are reported.
    pub(super) fn order(&mut self) -> Vec<Item> {
        self.begin_definition();
        let segments = self.segments.len();
        let position = |item: Item| match item {
            Item::Segment(index) => index,
            Item::Flag(index) => segments + index,
        };
        let items: Vec<_> = (0..segments).map(Item::Segment).chain((0..self.flags.len()).map(Item::Flag)).collect();
        let references: Vec<_> = items.iter().map(|item| self.references(*item)).collect();
        let mut visits = vec![Visit::Not; items.len()];
        let mut ordered = Vec::with_capacity(items.len());
        // The walk keeps its own stack, because a chain of references may be as long as the list of definitions.
        for start in items {
            let mut path: Vec<(Item, usize)> = Vec::new();
            if visits.get(position(start)) == Some(&Visit::Not) {
                path.push((start, 0));
            }
            while let Some((item, next)) = path.last_mut() {
                let (item, reference) =
                    (*item, references.get(position(*item)).and_then(|all| all.get(*next)).copied());
                *next += 1;
                let Some((target, _)) = reference else {
                    path.pop();
                    ordered.push(item);
                    set(&mut visits, position(item), Visit::Done);
                    continue;
                };
                set(&mut visits, position(item), Visit::Open);
                match visits.get(position(target)) {
                    Some(Visit::Not) => path.push((target, 0)),
                    Some(Visit::Open) => {
                        let from = path.iter().position(|(item, _)| *item == target).unwrap_or(0);
                        let cycle: Vec<_> = path.iter().skip(from).map(|(item, next)| (*item, *next - 1)).collect();
                        let cycle: Vec<_> = cycle
                            .into_iter()
                            .filter_map(|(item, reference)| {
                                Some((item, references.get(position(item))?.get(reference)?.1))
                            })
                            .collect();
                        self.report_cycle(&cycle);
                    }
                    Some(Visit::Done) | None => {}
                }
            }
        }
        ordered
    }

    fn references(&self, item: Item) -> Vec<Reference> {
        let mut references = Vec::new();
        match item {
            Item::Segment(index) => {
                if let Some(condition) = self.segments.get(index).and_then(|draft| draft.definition.condition.as_ref())
                {
                    self.collect_references(&condition.value, &mut references);
                }
            }
            Item::Flag(index) => {
                let Some(serving) = self.servings.get(index) else { return references };
                let requires = serving.requires.iter().map(|required| &required.flag);
                let flags = requires.filter_map(|flag| Some((Item::Flag(self.find_flag(&flag.value)?), flag.span)));
                references.extend(flags);
                for rule in &serving.rules {
                    if let Some(condition) = rule.condition {
                        self.collect_references(&condition.value, &mut references);
                    }
                }
            }
        }
        references
    }

    fn collect_references(&self, condition: &Condition, references: &mut Vec<Reference>) {
        for part in condition.iter() {
            match part {
                Condition::Segment(names) => references.extend(
                    names.iter().filter_map(|name| Some((Item::Segment(self.find_segment(&name.value)?), name.span))),
                ),
                Condition::Flag(flags) => {
                    references.extend(flags.iter().filter_map(|required| {
                        Some((Item::Flag(self.find_flag(&required.flag.value)?), required.flag.span))
                    }));
                }
                Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Attribute { .. } => {}
            }
        }
    }

    fn report_cycle(&mut self, cycle: &[(Item, Span)]) {
        if self.check_problems().is_err() {
            return;
        }
        let name = |item: &Item| match *item {
            Item::Segment(index) => self.segments.get(index).map_or("", |draft| draft.definition.name.as_str()),
            Item::Flag(index) => self.flags.get(index).map_or("", |draft| draft.definition.key.as_str()),
        };
        let Some((first, span)) = cycle.first() else { return };
        let flags = cycle.iter().any(|(item, _)| matches!(item, Item::Flag(_)));
        let (code, what) = match flags {
            true => (Code::PrerequisiteCycle, "flags depend on each other"),
            false => (Code::SegmentCycle, "segments contain each other"),
        };
        let chain: Vec<_> = cycle.iter().map(|(item, _)| format!("`{}`", name(item))).collect();
        let message = format!("{what}: {} → `{}`", chain.join(" → "), name(first));
        let mut diagnostic = Diagnostic::new(code, *span, message).help("remove one of these references");
        for (item, span) in cycle.iter().skip(1) {
            diagnostic = diagnostic.related(*span, format!("`{}` refers to the next one here", name(item)));
        }
        self.report(diagnostic);
    }
}

fn set(visits: &mut [Visit], index: usize, visit: Visit) {
    if let Some(slot) = visits.get_mut(index) {
        *slot = visit;
    }
}
