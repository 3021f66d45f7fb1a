//! The output of `flagctl eval`: decisions of one context, with or without their explanation.

use anyhow::Result;
use jiff::Timestamp;

use crate::bundle::{Bundle, Flag};
use crate::cli::console;
use crate::cli::console::stdout_width;
use crate::eval::{Context, Decision, decide, nearest, trace};
use crate::report::Lines;
use crate::report::decision::explanation::explanation;
use crate::report::decision::human::{decision, decisions};
use crate::report::decision::{DecisionJson, DecisionsJson};

/// The level of detail of a decision in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecisionDetail {
    /// The output has the variant and the reason.
    Brief,
    /// The output also has every rule and condition, and the nearest change of the context that would change the
    /// decision.
    Explained,
}

/// All inputs of a decision except the flag.
pub(crate) struct Decider<'d> {
    pub(crate) bundle: &'d Bundle,
    pub(crate) context: &'d Context<'d>,
    pub(crate) now: Timestamp,
    pub(crate) detail: DecisionDetail,
}

impl<'d> Decider<'d> {
    /// Writes decisions to stdout as text: a paragraph for each flag if there is only one flag or if decisions are
    /// explained, and otherwise a table.
    pub(crate) fn write_text(&self, flags: &[&Flag]) -> Result<()> {
        let Self { bundle, context, now, detail } = *self;
        if detail == DecisionDetail::Brief && flags.len() != 1 {
            let decided: Vec<(&Flag, Decision<'_>)> =
                flags.iter().map(|flag| (*flag, decide(bundle, flag, context, now))).collect();
            return Ok(console::write(decisions(bundle, &decided, context, now, stdout_width()))?);
        }
        let mut lines = Lines::default();
        for (index, flag) in flags.iter().enumerate() {
            if index > 0 {
                lines.add("");
            }
            let trace = trace(bundle, flag, context, now);
            lines.append(&decision(bundle, flag, context, now, &trace.decision));
            if detail == DecisionDetail::Explained {
                let nearest = nearest(bundle, flag, context, now);
                lines.add("");
                lines.append(&explanation(bundle, flag, &trace, nearest.as_ref()));
            }
        }
        Ok(console::write(lines)?)
    }

    /// Returns decisions as JSON. `commit` is the commit of the definitions, if they are from a revision.
    pub(crate) fn json(&self, flags: &[&'d Flag], commit: Option<String>) -> DecisionsJson<'d> {
        DecisionsJson {
            version: 1,
            environment: &self.bundle.environment,
            now: self.now.to_string(),
            commit,
            decisions: flags.iter().map(|flag| self.decision_json(flag)).collect(),
        }
    }

    fn decision_json(&self, flag: &'d Flag) -> DecisionJson<'d> {
        let Self { bundle, context, now, detail } = *self;
        if detail == DecisionDetail::Brief {
            return DecisionJson::new(bundle, flag, &decide(bundle, flag, context, now));
        }
        let trace = trace(bundle, flag, context, now);
        let nearest = nearest(bundle, flag, context, now);
        DecisionJson::new(bundle, flag, &trace.decision).with_trace(bundle, flag, &trace, nearest.as_ref())
    }
}
