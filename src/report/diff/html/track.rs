//! A bar as a drawing: the shares of variants, from left to right.
//!
//! A bar is an inline SVG, whose widths are attributes, so the page needs no style for each bar. Each variant has its own
//! fill, a colour or a pattern. The shares are also text, so a bar is not necessary to understand a page.

use crate::analyze::Share;
use crate::report::diff::html::markup::Html;

/// The fills of variants other than `off`, in the order of the shades of a bar.
const FILLS: [&str; 3] = ["fill-0", "fill-1", "fill-2"];
/// The fill of `off`.
const OFF: &str = "fill-off";
/// The minimum width of a share, in millionths of the bar, so that every share is visible.
const NARROWEST: u128 = 6_000;
/// The whole bar, in the same unit.
const WHOLE: u128 = 1_000_000;

/// A part of a bar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) share: Share,
    /// The class of the fill.
    pub(crate) fill: &'static str,
}

/// Returns the fill of a shade, or of `off`.
pub(crate) fn fill(shade: Option<usize>) -> &'static str {
    shade.and_then(|shade| FILLS.get(shade % FILLS.len())).copied().unwrap_or(OFF)
}

/// Adds a bar with a height in pixels.
pub(crate) fn track(html: &mut Html, height: &str, parts: &[Part]) {
    let attributes = [("class", "track"), ("width", "100%"), ("height", height), ("aria-hidden", "true")];
    html.element("svg", &attributes, |html| {
        for (part, [start, width]) in drawn(parts) {
            let fill = [("class", part.fill), ("height", height)];
            html.empty("rect", &[("x", &*percent(start)), ("width", &*percent(width)), fill[0], fill[1]]);
        }
    });
}

/// Adds a small square with a fill.
pub(crate) fn swatch(html: &mut Html, fill: &str) {
    let size = [("class", "swatch"), ("width", "10"), ("height", "10"), ("aria-hidden", "true")];
    html.element("svg", &size, |html| {
        html.empty("rect", &[("width", "10"), ("height", "10"), ("class", fill)]);
    });
}

/// Returns the parts with their start and width in millionths. The narrowest parts are drawn last, on top of the others.
fn drawn(parts: &[Part]) -> Vec<(&Part, [u128; 2])> {
    let mut sum = Share::NONE;
    let mut drawn: Vec<_> = parts
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
    use crate::report::diff::html::track::{millionths, percent};

    #[test]
    fn widths_are_exact_to_a_ten_thousandth_of_a_percent() {
        let width = |numerator, denominator| percent(millionths(Share::new(numerator, denominator)));
        assert_eq!(width(1, 8), "12.5%");
        assert_eq!(width(1, 1), "100%");
        assert_eq!(width(1, 100_000), "0.001%");
        assert_eq!(width(1, 3), "33.3333%");
    }
}
