//! Who gets what: the steps of a flag, each with its condition and the shares of variants.

use crate::bundle::{Bundle, Condition, Percent, Rule, Serve, State};
use crate::report::diff::html::markup::Html;
use crate::report::flags::shares::{of_everyone_else, of_rule};
use crate::report::flags::summary::admitted;
use crate::report::page::bars::bar;
use crate::report::page::facts::ShownFlag;
use crate::report::page::links;
use crate::report::text::{grouped, shortened};

/// The maximum number of rules.
const RULES: usize = 100;
/// The maximum number of parts of a condition.
const PARTS: usize = 20;
/// The maximum number of characters of a whole condition.
const LONGEST: usize = 20_000;

/// Adds the steps in the order of the evaluation.
pub(super) fn serving(html: &mut Html, shown: &ShownFlag<'_, '_>) {
    let flag = shown.flag;
    let obstacle = match (shown.environment.overriding(flag), &flag.state) {
        (Some(_), _) => Some("overridden"),
        (None, State::Killed { .. }) => Some("killed"),
        (None, State::Disabled) => Some("disabled"),
        (None, State::Enabled) => None,
    };
    if let Some(obstacle) = obstacle {
        let text = match (shown.environment.overriding(flag), flag.state.is_half_open()) {
            (None, true) => {
                format!("These rules decide for the {} of the units that the kill admits:", flag.state.admits())
            }
            _ => format!("While the flag is {obstacle}, none of these rules decides:"),
        };
        html.leaf("p", &[("class", "minor")], &text);
    }
    html.element("ol", &[("class", "steps")], |html| {
        for condition in &flag.prerequisites {
            html.element("li", &[], |html| prerequisite(html, shown, condition));
        }
        let mut is_reached = true;
        for (index, rule) in flag.rules.iter().enumerate().take(RULES) {
            html.element("li", &[], |html| {
                html.element("p", &[("class", "step")], |html| {
                    html.text("rule ").leaf("strong", &[], &shortened(&flag.rule_name(index), 200));
                    if let Some(unit) = rule.unit {
                        html.text(" by ").code(shown.bundle.attributes.name(unit));
                    }
                    if let Some(slot) = &rule.slot {
                        html.text(" in slot ").code(&shortened(&slot.to_string(), 200));
                    }
                    if !is_reached {
                        html.text(" ").leaf("span", &[("class", "caution")], "never reached");
                    }
                });
                condition(html, shown.bundle, rule);
                served(html, shown, rule);
            });
            is_reached &= rule.condition.is_some() || !rule.admits_all();
        }
        if let Some(more) = flag.rules.len().checked_sub(RULES).filter(|more| *more > 0) {
            html.leaf("li", &[], &format!("… and {} more rules", grouped(more as u64)));
        }
        if is_reached {
            html.element("li", &[], |html| everyone_else(html, shown));
        }
    });
}

fn prerequisite(html: &mut Html, shown: &ShownFlag<'_, '_>, condition: &Condition) {
    let Condition::Flag { key, variants } = condition else { return };
    let required = shown.bundle.flag_at(*key);
    html.element("p", &[("class", "step")], |html| {
        html.text("requires that ");
        html.element("a", &[("href", &links::flag(shown.environment.name, &required.key))], |html| {
            html.code(&required.key);
        });
        html.text(" serves ");
        html.codes(variants.iter().map(|id| required.variant(*id).name.as_ref()), " or ");
        html.text("; otherwise ").code(&shown.flag.variant(shown.flag.off).name);
    });
}

/// Adds the condition of a rule, one part in each line.
fn condition(html: &mut Html, bundle: &Bundle, rule: &Rule) {
    let Some(condition) = &rule.condition else {
        html.leaf("p", &[("class", "who")], "everyone");
        return;
    };
    let parts = condition.conjuncts();
    html.element("ul", &[("class", "conjuncts")], |html| {
        for (index, part) in parts.iter().take(PARTS).enumerate() {
            html.element("li", &[], |html| {
                html.leaf("span", &[("class", "minor")], if index > 0 { "and " } else { "where " });
                html.code(&bundle.summarize(part));
            });
        }
        if parts.len() > PARTS {
            html.leaf("li", &[], &format!("… and {} more parts", grouped((parts.len() - PARTS) as u64)));
        }
    });
    let whole = bundle.describe(condition);
    if parts.len() > PARTS || whole != bundle.summarize(condition) {
        html.element("details", &[], |html| {
            html.leaf("summary", &[], "whole condition").element("p", &[], |html| {
                html.leaf("code", &[], &shortened(&whole, LONGEST));
            });
        });
    }
}

/// Adds what a rule serves to the contexts that its condition matches.
fn served(html: &mut Html, shown: &ShownFlag<'_, '_>, rule: &Rule) {
    if let Some(shares) = of_rule(shown.flag, rule) {
        bar(html, shown.flag, &shares);
    }
    if let (Serve::Split(_), true) = (&rule.serve, !rule.admits_all() && rule.rollout != Percent::ZERO) {
        let text = format!("{} are admitted, and get {}", admitted(rule), shown.flag.describe_serve(&rule.serve));
        html.leaf("p", &[("class", "minor")], &shortened(&text, 500));
    }
}

/// Adds the default, and the shares of everyone whom no condition matches.
fn everyone_else(html: &mut Html, shown: &ShownFlag<'_, '_>) {
    let flag = shown.flag;
    let has_condition = flag.rules.iter().any(|rule| rule.condition.is_some());
    let has_rollout = flag.rules.iter().any(|rule| rule.condition.is_none());
    html.element("p", &[("class", "step")], |html| {
        html.text("default ").leaf("strong", &[], &flag.variant(flag.default).name);
    });
    let who = match (has_condition, has_rollout) {
        (_, false) => "everyone else",
        (false, true) => "everyone, with all rules above",
        (true, true) => "everyone whom no condition matches, with all rules above",
    };
    html.leaf("p", &[("class", "who")], if flag.rules.is_empty() { "everyone" } else { who });
    if let Some(shares) = of_everyone_else(flag) {
        bar(html, flag, &shares);
    }
}
