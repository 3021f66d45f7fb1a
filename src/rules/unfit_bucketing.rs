//! `unfit-bucketing`: the readers of a declared target compute other buckets than the project's `bucketing`.

use std::collections::BTreeSet;

use crate::bundle::Bucketing;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::flagd::Cause;
use crate::model::{Client, Project, Target};
use crate::rules::target_refusals::TargetRefusal;

pub(super) fn check(project: &Project, refusals: &[TargetRefusal<'_>], diagnostics: &mut Diagnostics) {
    for target in &project.settings.targets {
        diagnostics.extend(between_clients(target).or_else(|| with_clients(project, target)));
        if target.clients.is_empty() {
            diagnostics.extend(with_flagd(project, target, refusals));
        }
    }
}

/// Reports clients that no `bucketing` can give the same buckets.
fn between_clients(target: &Target) -> Option<Diagnostic> {
    let first = target.clients.first()?;
    let other = target.clients.iter().find(|client| client.value.bucketing() != first.value.bucketing())?;
    let (first_name, other_name) = (first.value.name(), other.value.name());
    let message = format!(
        "`{first_name}` and `{other_name}` give the same unit different buckets, and no `bucketing` gives both the same"
    );
    let help = "let one evaluator decide for all of them: a flagd server, which clients ask over RPC or OFREP; or use \
                clients of one `bucketing`";
    let label = |client: Client| format!("has the buckets of `{}`", client.bucketing().name());
    let diagnostic = Diagnostic::new(Code::UnfitBucketing, other.span, message).label(label(other.value));
    Some(diagnostic.related(first.span, label(first.value)).help(help))
}

/// Reports a client that does not compute the buckets of the project.
fn with_clients(project: &Project, target: &Target) -> Option<Diagnostic> {
    let client = target.clients.first()?;
    let (has, wanted) = (project.settings.bucketing, client.value.bucketing());
    if has == wanted {
        return None;
    }
    let message = format!(
        "`{}` has the buckets of `{}`, and `bucketing` is `{}`",
        client.value.name(),
        wanted.name(),
        has.name()
    );
    let help =
        format!("write `bucketing: {}`; rollouts and splits then select other units of the same shares", wanted.name());
    let diagnostic = Diagnostic::new(Code::UnfitBucketing, client.span, message).help(help);
    Some(match project.settings.bucketing_span {
        Some(span) => diagnostic.related(span, "set here"),
        None => diagnostic,
    })
}

/// Reports a target of flagd with shares of units, if flagd does not know the buckets of the project.
fn with_flagd(project: &Project, target: &Target, refusals: &[TargetRefusal<'_>]) -> Option<Diagnostic> {
    let is_refused = |refused: &&TargetRefusal<'_>| {
        refused.refusal.cause == Cause::Buckets && refused.targets.iter().any(|known| std::ptr::eq(*known, target))
    };
    let refused: Vec<_> = refusals.iter().filter(is_refused).collect();
    let first = refused.first()?;
    let flags: BTreeSet<_> = refused.iter().map(|refused| refused.flag.key.as_str()).collect();
    let others = match flags.len() - 1 {
        0 => String::new(),
        1 => " and 1 other flag".to_owned(),
        more => format!(" and {more} other flags"),
    };
    let message = format!(
        "flagd cannot compute the buckets of `{}`, as needed by flag `{}`{others}",
        Bucketing::Siphash.name(),
        first.flag.key
    );
    let span = project.settings.bucketing_span.unwrap_or(target.name.span);
    let help = "write `bucketing: flagd-v2` or `bucketing: flagd-v3`, whichever the clients compute: \
                `flagctl explain unfit-bucketing` lists them";
    let diagnostic = Diagnostic::new(Code::UnfitBucketing, span, message).help(help);
    Some(diagnostic.related(target.name.span, "the target is for flagd").related(first.span, "a share of units"))
}
