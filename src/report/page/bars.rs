//! The shares of variants as bars.

use crate::analyze::Share;
use crate::bundle::{Flag, State};
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::track::{Part, fill, swatch, track};
use crate::report::flags::shares::{VariantShares, of_conditions, of_everyone_else, of_variant};
use crate::report::page::facts::EnvironmentFacts;
use crate::report::text::shortened;

/// The fill of contexts that a rule does not admit.
const NOT_ADMITTED: &str = "fill-none";
/// The maximum number of bars of rules in a stack.
const STACKED: usize = 3;
/// The maximum number of variants beside a bar.
const NAMED: usize = 20;
/// The maximum number of characters of the name of a variant.
const LONGEST: usize = 60;

/// Returns the shares of the rules with a condition, and of everyone else. A flag that is overridden, killed or disabled
/// serves one variant.
pub(super) fn stacked(environment: &EnvironmentFacts<'_>, flag: &Flag) -> Vec<VariantShares> {
    match (environment.overriding(flag), &flag.state) {
        (Some(variant), _) => vec![of_variant(flag, variant)],
        (None, State::Killed { .. } | State::Disabled) => vec![of_variant(flag, flag.off)],
        (None, State::Enabled) => of_conditions(flag).take(STACKED).chain(of_everyone_else(flag)).collect(),
    }
}

/// Adds a thin bar for each of the shares.
pub(super) fn stack(html: &mut Html, stacked: &[VariantShares]) {
    html.element("span", &[("class", "stack")], |html| {
        for shares in stacked {
            track(html, "6", &parts(shares));
        }
    });
}

/// Adds a bar with its shares as text.
pub(super) fn bar(html: &mut Html, flag: &Flag, shares: &VariantShares) {
    html.element("div", &[("class", "served")], |html| {
        track(html, "14", &parts(shares));
        html.element("p", &[("class", "shares")], |html| {
            let more = shares.variants.len().saturating_sub(NAMED);
            for (index, part) in shares.variants.iter().take(NAMED).enumerate() {
                html.text(if index > 0 { ", " } else { "" });
                html.element("span", &[("class", "share")], |html| {
                    swatch(html, fill(part.shade));
                    html.code(&shortened(&flag.variant(part.variant).name, LONGEST));
                    html.text(&format!(" {}", part.share));
                });
            }
            if more > 0 {
                html.text(&format!(" and {more} more"));
            }
            if shares.not_admitted != Share::NONE {
                html.text(if shares.variants.is_empty() { "" } else { ", " });
                html.element("span", &[("class", "share")], |html| {
                    swatch(html, NOT_ADMITTED);
                    html.text(&format!("next rule {}", shares.not_admitted));
                });
            }
        });
    });
}

fn parts(shares: &VariantShares) -> Vec<Part> {
    let served = shares.variants.iter().map(|part| Part { share: part.share, fill: fill(part.shade) });
    let not_admitted = Part { share: shares.not_admitted, fill: NOT_ADMITTED };
    served.chain([not_admitted]).filter(|part| part.share != Share::NONE).collect()
}
