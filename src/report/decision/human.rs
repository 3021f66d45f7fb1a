//! Decisions for a terminal. One decision has two lines, and several decisions are a table.

use jiff::Timestamp;

use crate::bundle::{Bundle, Condition, Flag, State};
use crate::eval::{Cause, Context, Decision, ErrorCode, Reason, decide};
use crate::report::text::killed;
use crate::report::{Lines, Role, StyledText, Table};

/// Returns the key and the value of one decision, and on a second line the reason.
pub fn decision(bundle: &Bundle, flag: &Flag, context: &Context<'_>, now: Timestamp, decision: &Decision<'_>) -> Lines {
    let [served, reason] = served(bundle, flag, context, now, decision);
    let key = StyledText::new(Role::Name, &flag.key);
    Lines::from_iter([key.plain(": ").then(&served), StyledText::from("  ").then(&reason)])
}

/// Returns the value of one decision, and the reason.
pub fn served(
    bundle: &Bundle,
    flag: &Flag,
    context: &Context<'_>,
    now: Timestamp,
    decision: &Decision<'_>,
) -> [StyledText; 2] {
    let served = variant(flag, &decision.variant.name).plain(format!(" = {}", decision.variant.value));
    [served, sentence(bundle, flag, context, now, decision)]
}

/// Returns the name of a variant of a flag: red for `off`, and otherwise green.
pub(crate) fn variant(flag: &Flag, name: &str) -> StyledText {
    let role = if flag.variant(flag.off).name.as_ref() == name { Role::Bad } else { Role::Good };
    StyledText::new(role, name)
}

/// Returns a table with a line for each flag, for a terminal with a width in columns. Without a width, as in a pipe, nothing
/// is shortened.
pub fn decisions(
    bundle: &Bundle,
    decisions: &[(&Flag, Decision<'_>)],
    context: &Context<'_>,
    now: Timestamp,
    width: Option<u16>,
) -> Lines {
    let mut table = Table::new(width);
    table.header(["FLAG", "VARIANT", "VALUE", "REASON"]);
    for (flag, decision) in decisions {
        let value = decision.variant.value.to_string();
        let value = if width.is_some() { shortened(&value) } else { value };
        let reason = sentence(bundle, flag, context, now, decision);
        table.row([flag.key.as_ref().into(), variant(flag, &decision.variant.name), value.into(), reason]);
    }
    let mut lines = Lines::default();
    lines.table(&table);
    lines
}

/// Truncates a text to 20 characters.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 20;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Returns the reason of a decision in a few words.
fn sentence(
    bundle: &Bundle,
    flag: &Flag,
    context: &Context<'_>,
    now: Timestamp,
    decision: &Decision<'_>,
) -> StyledText {
    let rule = decision.rule.map(|index| flag.rule_name(index)).unwrap_or_default();
    let unit = |rule: Option<usize>| bundle.attributes.name(rule.map_or(flag.unit, |index| flag.unit_at(index)));
    let why = match decision.reason {
        Reason::Static => "no rules, everyone gets the default".to_owned(),
        Reason::TargetingMatch | Reason::Split => format!("rule {rule}"),
        Reason::Default => "no rule matched".to_owned(),
        Reason::Disabled(Cause::Kill) => match &flag.state {
            State::Killed { reason, admit, .. } => format!("{}: {reason}", killed(*admit)),
            State::Enabled | State::Disabled => "killed".to_owned(),
        },
        Reason::Disabled(Cause::Disabled) => "`enabled: false`".to_owned(),
        Reason::Disabled(Cause::Prerequisite(index)) => match flag.prerequisites.get(index) {
            Some(Condition::Flag { key, variants }) => {
                let required = bundle.flag_at(*key);
                let wanted = variants.iter().map(|id| required.variant(*id).name.as_ref());
                let wanted = wanted.collect::<Vec<_>>().join(" or ");
                let served = &decide(bundle, required, context, now).variant.name;
                format!("prerequisite {} serves {served}, not {wanted}", required.key)
            }
            _ => "a prerequisite is not met".to_owned(),
        },
        Reason::Error(code @ ErrorCode::TargetingKeyMissing) => {
            format!("{}: rule {rule} splits, and there is no targeting key", code.name())
        }
        Reason::Error(code @ ErrorCode::InvalidContext) => {
            format!("{}: rule {rule} splits by `{}`, which has no usable value", code.name(), unit(decision.rule))
        }
    };
    let skipped = decision.without_unit.filter(|index| Some(*index) != decision.rule);
    let skipped = skipped.map(|index| format!("; rule {} skipped, no `{}`", flag.rule_name(index), unit(Some(index))));
    let role = match decision.reason {
        Reason::Static | Reason::TargetingMatch | Reason::Split | Reason::Default => None,
        Reason::Disabled(_) => Some(Role::Bad),
        Reason::Error(_) => Some(Role::Error),
    };
    let reason = StyledText::default().with(role, decision.reason.name()).plain(format!(": {why}"));
    reason.with(Role::Caution, skipped.unwrap_or_default())
}
