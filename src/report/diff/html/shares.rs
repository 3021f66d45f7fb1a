//! Bars as drawings: the shares of variants before and after a change.
//!
//! A bar is an inline SVG, whose widths are attributes, so the page needs no style for each bar. Each variant has its own
//! fill, a colour or a pattern. The shares are beside the bar as text, each with the fill of its variant.

use crate::analyze::Share;
use crate::report::diff::bars::{Bar, BarPart, bars};
use crate::report::diff::html::markup::Html;
use crate::report::diff::json::{FlagChangeJson, RegionJson};

/// The fills of variants other than `off`, in the order of the shades of a bar.
const FILLS: [&str; 3] = ["fill-0", "fill-1", "fill-2"];
/// The fill of `off`.
const OFF: &str = "fill-off";
/// The minimum width of a share, in millionths of the bar, so that every share is visible.
const NARROWEST: u128 = 6_000;
/// The whole bar, in the same unit.
const WHOLE: u128 = 1_000_000;

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
        html.element(
            "svg",
            &[("class", "track"), ("width", "100%"), ("height", "16"), ("aria-hidden", "true")],
            |html| {
                for (part, [start, width]) in drawn(bar) {
                    let fill = [("class", fill(part)), ("height", "16")];
                    html.empty("rect", &[("x", &*percent(start)), ("width", &*percent(width)), fill[0], fill[1]]);
                }
            },
        );
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

/// Adds a small square with the fill of a variant.
fn swatch(html: &mut Html, fill: &str) {
    let size = [("class", "swatch"), ("width", "10"), ("height", "10"), ("aria-hidden", "true")];
    html.element("svg", &size, |html| {
        html.empty("rect", &[("width", "10"), ("height", "10"), ("class", fill)]);
    });
}

fn fill(part: &BarPart<'_>) -> &'static str {
    part.shade.and_then(|shade| FILLS.get(shade)).copied().unwrap_or(OFF)
}

/// Returns the parts with their start and width in millionths. The narrowest parts are drawn last, on top of the others.
fn drawn<'b, 'r>(bar: &'b Bar<'r>) -> Vec<(&'b BarPart<'r>, [u128; 2])> {
    let mut sum = Share::NONE;
    let mut drawn: Vec<_> = bar
        .parts
        .iter()
        .map(|part| {
            let start = millionths(sum);
            sum = sum.checked_add(part.share).unwrap_or(Share::ALL);
            let width = millionths(sum).saturating_sub(start).max(NARROWEST);
            (part, [start.min(WHOLE - width.min(WHOLE)), width])
        })
        .collect();
    drawn.sort_by_key(|(_, [_, width])| std::cmp::Reverse(*width));
    drawn
}

fn millionths(share: Share) -> u128 {
    (share.numerator().saturating_mul(WHOLE) / share.denominator()).min(WHOLE)
}

/// Returns a number of millionths in percent: `12.5%`.
fn percent(millionths: u128) -> String {
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    if rest == 0 { format!("{whole}%") } else { format!("{whole}.{}%", format!("{rest:04}").trim_end_matches('0')) }
}

#[cfg(test)]
mod tests {
    use crate::analyze::Share;
    use crate::report::diff::html::shares::{millionths, percent};

    #[test]
    fn widths_are_exact_to_a_ten_thousandth_of_a_percent() {
        let width = |numerator, denominator| percent(millionths(Share::new(numerator, denominator)));
        assert_eq!(width(1, 8), "12.5%");
        assert_eq!(width(1, 1), "100%");
        assert_eq!(width(1, 100_000), "0.001%");
        assert_eq!(width(1, 3), "33.3333%");
    }
}
