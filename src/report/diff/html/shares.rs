//! Bars as drawings: the shares of variants before and after a change, each with its shares as text.

use crate::report::diff::bars::{Bar, BarPart, bars};
use crate::report::diff::html::markup::Html;
use crate::report::diff::html::track;
use crate::report::diff::html::track::{Part, swatch, track};
use crate::report::diff::json::{FlagChangeJson, RegionJson};

/// Adds the bars of a region.
pub(super) fn shares(html: &mut Html, region: &RegionJson, change: &FlagChangeJson) {
    let bars = bars(region, change.change);
    if bars.is_empty() {
        return;
    }
    html.element("div", &[("class", "bars")], |html| bars.iter().for_each(|bar| self::bar(html, bar)));
}

fn bar(html: &mut Html, bar: &Bar<'_>) {
    html.element("div", &[("class", "bar")], |html| {
        html.leaf("span", &[("class", "side")], bar.side).text(" ");
        let parts: Vec<Part> = bar.parts.iter().map(|part| Part { share: part.share, fill: fill(part) }).collect();
        track(html, "16", &parts);
        html.text(" ").element("span", &[("class", "shares")], |html| {
            for (index, part) in bar.parts.iter().enumerate() {
                html.text(if index > 0 { ", " } else { "" });
                html.element("span", &[("class", "share")], |html| {
                    swatch(html, fill(part));
                    html.code(&part.variant.variant).text(" ").text(part.percent);
                });
            }
        });
    });
}

fn fill(part: &BarPart<'_>) -> &'static str {
    track::fill(part.shade)
}
