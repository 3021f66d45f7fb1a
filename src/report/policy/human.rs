//! A verdict as text for people, and as a section of a comment.

use crate::git::short_id;
use crate::report::escape::markdown_code;
use crate::report::policy::json::{PolicyChangeJson, PolicyJson, RefusalJson};
use crate::report::text::{counted, shortened};
use crate::report::{Lines, Role, StyledText};

/// The maximum number of refusals in a comment.
const SHOWN: usize = 50;
/// The maximum length of a sentence in a comment, in characters.
const LONGEST: usize = 400;

/// Returns the verdict for a terminal.
pub fn lines(policy: &PolicyJson) -> Lines {
    let mut lines = Lines::default();
    for RefusalJson { rule, flag, environment, problem, allowed, from, .. } in &policy.refusals {
        let head = StyledText::new(Role::Error, "refused:").plain(" ").with(Role::Name, flag);
        lines.add(head.plain(format!(" in {environment} ({rule}): {problem}")));
        lines.add(format!("  allowed from {from}: {allowed}"));
    }
    for change in policy.changes.iter().filter(|change| !is_refused(policy, change)) {
        let head = StyledText::new(Role::Good, "allowed:").plain(" ").with(Role::Name, &change.flag);
        lines.add(head.plain(format!(" in {}: {}", change.environment, description(change))));
    }
    let base = short_id(&policy.base);
    lines.add(match (policy.has_policy, policy.refusals.len(), policy.changes.len()) {
        (false, ..) => format!("{base} has no policy, so everything is allowed"),
        (true, 0, 0) => format!("the policy of {base} is not about what changes"),
        (true, 0, _) => format!("the policy of {base} allows the change"),
        (true, refusals, _) => format!("the policy of {base} refuses the change for {}", counted(refusals, "reason")),
    });
    lines
}

fn is_refused(policy: &PolicyJson, change: &PolicyChangeJson) -> bool {
    policy.refusals.iter().any(|refusal| (&refusal.flag, &refusal.environment) == (&change.flag, &change.environment))
}

/// Returns what changes, in words.
fn description(change: &PolicyChangeJson) -> String {
    if change.free {
        return "it only shrinks, which is always allowed".to_owned();
    }
    let mut parts = Vec::new();
    if change.step > 0.0 {
        parts.push(format!("a step of {} points", percent(change.step)));
    }
    if change.new_condition {
        parts.push(match change.new_condition_size {
            Some(size) => format!("a new or changed condition that reaches up to {}% of all contexts", percent(size)),
            None => "a new or changed condition of unknown size".to_owned(),
        });
    }
    if change.restores {
        parts.push("a revival that restores what was before the kill".to_owned());
    }
    if parts.is_empty() { "nothing grows".to_owned() } else { parts.join(", ") }
}

/// Returns a share in percent with at most three decimals.
fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns the section of a comment on a pull request, in Markdown.
pub fn markdown_section(policy: &PolicyJson) -> String {
    let base = markdown_code(short_id(&policy.base));
    let code = |text: &str| markdown_code(&shortened(text, LONGEST));
    if !policy.has_policy {
        return format!("\n**Policy:** {base} has no policy, so everything is allowed.\n");
    }
    if policy.allowed {
        return format!("\n**Policy:** the policy of {base} allows this change.\n");
    }
    let mut text = format!("\n**Policy:** the policy of {base} refuses this change.\n\n");
    for RefusalJson { rule, flag, environment, problem, allowed, from, .. } in policy.refusals.iter().take(SHOWN) {
        text += &format!(
            "- {} in {} ({rule}): {}. Allowed from {from}: {}\n",
            code(flag),
            code(environment),
            code(problem),
            code(allowed)
        );
    }
    let left = policy.refusals.len().saturating_sub(SHOWN);
    if left > 0 {
        text += &format!("- … and {}, which `flagctl policy` shows\n", counted(left, "more refusal"));
    }
    text
}
