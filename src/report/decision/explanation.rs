//! A decision and all of its steps, as a tree for a terminal.

use crate::bundle::{Bundle, Flag};
use crate::eval::{Nearest, Trace};
use crate::report::decision::steps::{Mark, Step, nearest_change, steps};
use crate::report::{Lines, Role, StyledText};

impl Mark {
    fn styled(self) -> StyledText {
        match self {
            Self::Holds => StyledText::new(Role::Good, "✓"),
            Self::Fails => StyledText::new(Role::Bad, "✗"),
            Self::Unknown => StyledText::new(Role::Caution, "?"),
            Self::Unreached => StyledText::new(Role::Minor, "·"),
        }
    }
}

/// The maximum width in characters of a step that the column of remarks takes into account.
const ALIGNED: usize = 44;

/// Returns the steps of a decision, and the nearest change of the context that would change the decision.
pub fn explanation(bundle: &Bundle, flag: &Flag, trace: &Trace<'_, '_>, nearest: Option<&Nearest<'_>>) -> Lines {
    let steps = steps(bundle, flag, trace);
    let width = |step: &Step| 2 * step.depth + step.text.chars().count();
    let column = steps.iter().map(width).filter(|width| *width <= ALIGNED).max().unwrap_or(0);
    let mut text = Lines::default();
    for step in &steps {
        let gap = column.saturating_sub(width(step)) + 2;
        let remark = if step.remark.is_empty() { String::new() } else { format!("{}{}", " ".repeat(gap), step.remark) };
        let role = (step.mark == Mark::Unreached).then_some(Role::Minor);
        let marked = StyledText::from("  ".repeat(step.depth + 1)).then(&step.mark.styled());
        text.add(marked.with(role, format!(" {}{remark}", step.text)));
    }
    if let Some(nearest) = nearest {
        text.add(StyledText::from("  nearest change: ").then(&nearest_change(flag, nearest)));
    }
    text
}
