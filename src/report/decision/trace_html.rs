//! The steps of a decision as lists for a page.

use crate::bundle::{Bundle, Flag};
use crate::eval::{Nearest, Trace};
use crate::report::decision::steps::{Mark, Step, nearest_change, steps};
use crate::report::diff::html::markup::Html;
use crate::report::text::{grouped, shortened};

/// The maximum number of steps.
const STEPS: usize = 1_000;
/// The maximum number of characters of a step.
const LONGEST: usize = 2_000;

impl Mark {
    /// Returns the sign of the result, its name, and the class of its colour.
    fn shown(self) -> [&'static str; 3] {
        match self {
            Self::Holds => ["✓", "holds", "good"],
            Self::Fails => ["✗", "does not hold", "bad"],
            Self::Unknown => ["?", "unknown", "caution"],
            Self::Unreached => ["·", "not reached", "minor"],
        }
    }
}

/// Adds the steps of a decision, and the nearest change of the context that would change the decision.
pub(crate) fn trace(
    html: &mut Html,
    bundle: &Bundle,
    flag: &Flag,
    trace: &Trace<'_, '_>,
    nearest: Option<&Nearest<'_>>,
) {
    let steps = steps(bundle, flag, trace);
    html.element("div", &[("class", "trace")], |html| {
        level(html, steps.get(..steps.len().min(STEPS)).unwrap_or_default(), 0);
    });
    if let Some(more) = steps.len().checked_sub(STEPS).filter(|more| *more > 0) {
        html.element("p", &[("class", "minor")], |html| {
            html.text(&format!("… and {} more steps, which ", grouped(more as u64)));
            html.code("flagctl eval --explain").text(" shows");
        });
    }
    if let Some(nearest) = nearest {
        html.element("p", &[], |html| {
            html.leaf("span", &[("class", "minor")], "nearest change: ").styled(&nearest_change(flag, nearest));
        });
    }
}

/// Adds the steps of a depth, each with the steps below it.
fn level(html: &mut Html, mut steps: &[Step], depth: usize) {
    if steps.is_empty() {
        return;
    }
    html.element("ul", &[], |html| {
        while let Some((first, rest)) = steps.split_first() {
            let inner = rest.iter().take_while(|step| step.depth > depth).count();
            let (inner, others) = rest.split_at_checked(inner).unwrap_or_default();
            html.element("li", &[], |html| {
                step(html, first);
                level(html, inner, depth + 1);
            });
            steps = others;
        }
    });
}

fn step(html: &mut Html, step: &Step) {
    let [sign, name, class] = step.mark.shown();
    html.leaf("span", &[("class", &format!("mark {class}")), ("aria-hidden", "true")], sign);
    html.leaf("span", &[("class", "hidden")], &format!("{name}: "));
    html.leaf("code", &[], &shortened(&step.text, LONGEST));
    if !step.remark.is_empty() {
        html.text(" ").leaf("span", &[("class", "minor")], &shortened(&step.remark, LONGEST));
    }
}
