//! The form for a context, and the decision with all of its steps.

use std::collections::BTreeSet;

use crate::bundle::{Attribute, AttributeId, Bundle, Condition, Flag, Follow, Walk};
use crate::eval::{Context, nearest, trace};
use crate::report::decision::human::served;
use crate::report::decision::trace_html;
use crate::report::diff::html::markup::Html;
use crate::report::page::facts::{Question, ShownFlag};
use crate::report::page::links;
use crate::report::text::shortened;

/// The maximum number of attributes in the hint.
const ATTRIBUTES: usize = 30;
/// The maximum number of allowed values of an attribute in the hint.
const VALUES: usize = 8;

/// Adds the form, and the decision for what it sent.
pub(super) fn question(html: &mut Html, shown: &ShownFlag<'_, '_>, asked: Option<&Question<'_>>) {
    let action = links::flag(shown.environment.name, &shown.flag.key) + "#decision";
    html.element("form", &[("class", "ask"), ("method", "get"), ("action", &action)], |html| {
        html.element("label", &[("for", "context")], |html| {
            html.text("Context: one ").leaf("code", &[], "name=value");
            html.text(" in each line, or a JSON object");
        });
        let problem = asked.and_then(|asked| asked.context.as_ref().err());
        let described = if problem.is_some() { "context-problem context-hint" } else { "context-hint" };
        let attributes = [
            ("id", "context"),
            ("name", "context"),
            ("rows", "5"),
            ("spellcheck", "false"),
            ("autocomplete", "off"),
            ("aria-describedby", described),
            ("aria-invalid", "true"),
        ];
        let attributes = if problem.is_some() { &attributes[..] } else { &attributes[..6] };
        html.element("textarea", attributes, |html| {
            html.typed(asked.map_or("", |asked| asked.text).trim());
        });
        if let Some(problem) = problem {
            html.leaf("p", &[("class", "bad"), ("id", "context-problem")], &shortened(problem, 2_000));
        }
        hint(html, shown.bundle, shown.flag);
        html.text(" ").leaf("button", &[("type", "submit")], "Decide");
    });
    if let Some(Question { context: Ok(context), unusable, .. }) = asked {
        html.element("div", &[("class", "answer"), ("role", "status")], |html| {
            for sentence in unusable {
                html.leaf("p", &[("class", "caution")], &shortened(sentence, 500));
            }
            answer(html, shown, context);
        });
    }
}

/// Adds the decision for a context.
fn answer(html: &mut Html, shown: &ShownFlag<'_, '_>, context: &Context<'_>) {
    let ShownFlag { bundle, flag, .. } = *shown;
    let now = shown.server.now;
    if let Some(variant) = shown.environment.overriding(flag) {
        let variant = flag.variant(variant);
        html.element("p", &[("class", "result")], |html| {
            html.code(&variant.name).text(" = ").code(&variant.value.to_string());
        });
        html.leaf("p", &[("class", "caution")], "Overridden. Without the override, the decision is:");
    }
    let trace = trace(bundle, flag, context, now);
    let [result, reason] = served(bundle, flag, context, now, &trace.decision);
    html.element("p", &[("class", "result")], |html| {
        html.styled(&result);
    });
    html.element("p", &[], |html| {
        html.styled(&reason);
    });
    trace_html::trace(html, bundle, flag, &trace, nearest(bundle, flag, context, now).as_ref());
}

/// Adds the attributes that the decision can depend on, with their types.
fn hint(html: &mut Html, bundle: &Bundle, flag: &Flag) {
    let read = read_attributes(bundle, flag);
    html.element("div", &[("class", "hint"), ("id", "context-hint")], |html| {
        if read.is_empty() {
            html.leaf("p", &[], "This flag reads no attribute: every context gets the same.");
            return;
        }
        html.leaf("p", &[], "This flag reads:").element("ul", &[], |html| {
            for attribute in read.iter().take(ATTRIBUTES) {
                html.element("li", &[], |html| {
                    html.code(&attribute.name).text(" ");
                    html.leaf("span", &[("class", "minor")], &shortened(&values(attribute), 300));
                });
            }
            if read.len() > ATTRIBUTES {
                html.leaf("li", &[], &format!("and {} more", read.len() - ATTRIBUTES));
            }
        });
    });
}

/// Returns the type of an attribute, or its allowed values.
fn values(attribute: &Attribute) -> String {
    match &attribute.allowed {
        None => attribute.kind.name().to_owned(),
        Some(allowed) => {
            let shown = allowed.iter().take(VALUES).map(AsRef::as_ref).collect::<Vec<&str>>().join(" | ");
            if allowed.len() > VALUES { format!("{shown} | …") } else { shown }
        }
    }
}

/// Returns the attributes that the decision of a flag can depend on, except for the time.
fn read_attributes<'b>(bundle: &'b Bundle, flag: &'b Flag) -> Vec<&'b Attribute> {
    let mut walk = Walk::new(bundle, Follow::SegmentsAndFlags);
    flag.conditions().rev().for_each(|condition| walk.add(condition));
    let mut read: BTreeSet<AttributeId> = flag.hashed_units();
    for condition in &mut walk {
        match condition {
            Condition::Test(test) => drop(read.insert(test.attribute)),
            Condition::Flag { key, .. } => read.extend(bundle.flag_at(*key).hashed_units()),
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) => {}
        }
    }
    read.into_iter().filter(|id| *id != AttributeId::NOW).filter_map(|id| bundle.attributes.get(id)).collect()
}
