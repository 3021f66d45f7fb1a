//! Bars: the shares of variants before and after a change, as a picture of blocks.
//!
//! Each variant has its own shade, in the order of the text beside the bar, so a bar is readable without colour. `off` has
//! the lightest shade and is the last.

use crate::analyze::Share;
use crate::report::diff::json::{EventJson, RegionJson, VariantRole, VariantShareJson};
use crate::report::style::OtherVariant;
use crate::report::{Role, StyledText};

/// The number of blocks in a bar.
const WIDTH: usize = 20;
/// The shades of variants other than `off`. They repeat if a flag has more variants.
const SHADES: [char; 3] = ['█', '▓', '▒'];
/// The shade of `off`.
const OFF: char = '░';

/// One of the two bars of a region.
#[derive(Debug)]
pub(crate) struct Bar<'r> {
    /// `before` or `after`.
    pub(crate) side: &'static str,
    /// The variants with a share, with their index among the variants of the region.
    pub(crate) parts: Vec<BarPart<'r>>,
}

/// The part of a bar that shows one variant.
#[derive(Debug)]
pub(crate) struct BarPart<'r> {
    /// The variant, with its shares.
    pub(crate) variant: &'r VariantShareJson,
    /// The share on the side of the bar.
    pub(crate) share: Share,
    /// The share in percent.
    pub(crate) percent: &'r str,
    /// The index of the shade, or `None` for `off`.
    pub(crate) shade: Option<usize>,
}

/// Returns the bars before and after a change. The list is empty if both are equal. A flag that is not defined has no bar.
pub(crate) fn bars(region: &RegionJson, event: EventJson) -> Vec<Bar<'_>> {
    if region.shares.iter().all(|variant| variant.exact[0] == variant.exact[1]) {
        return Vec::new();
    }
    let side = |name: &'static str, index: usize| {
        let parts = region.shares.iter().enumerate().map(|(number, variant)| BarPart {
            variant,
            share: if index == 0 { variant.exact[0] } else { variant.exact[1] },
            percent: if index == 0 { &variant.before.percent } else { &variant.after.percent },
            shade: (variant.role == VariantRole::Other).then_some(number % SHADES.len()),
        });
        Bar { side: name, parts: parts.filter(|part| part.share != Share::NONE).collect() }
    };
    match event {
        EventJson::Added => vec![side("after", 1)],
        EventJson::Removed => vec![side("before", 0)],
        EventJson::Killed | EventJson::HalfOpen | EventJson::Revived | EventJson::Changed | EventJson::Affected => {
            vec![side("before", 0), side("after", 1)]
        }
    }
}

impl Bar<'_> {
    /// Returns the bar with its shares: `before ██░░░░░░░░░░░░░░░░░░ on 10%, off 90%`. The name of a variant has the colour
    /// of its blocks.
    pub(crate) fn line(&self) -> StyledText {
        let shares: Vec<Share> = self.parts.iter().map(|part| part.share).collect();
        let shade = |part: &BarPart<'_>| part.shade.and_then(|shade| SHADES.get(shade)).copied().unwrap_or(OFF);
        let blocks = self.parts.iter().zip(blocks(&shares)).map(|(part, number)| {
            let blocks = shade(part).to_string().repeat(number);
            StyledText::new(part.role(), blocks)
        });
        let texts = self.parts.iter().map(|part| {
            let variant = StyledText::new(part.role(), &part.variant.variant);
            variant.plain(format!(" {}", part.percent))
        });
        let bar = StyledText::from(format!("{:<6} ", self.side)).then(&StyledText::joined(blocks, ""));
        bar.plain(" ").then(&StyledText::joined(texts, ", "))
    }
}

impl BarPart<'_> {
    /// Returns the role of the variant.
    fn role(&self) -> Role {
        match self.shade {
            None => Role::Bad,
            Some(1) => Role::OtherVariant(OtherVariant::Second),
            Some(2) => Role::OtherVariant(OtherVariant::Third),
            Some(_) => Role::Good,
        }
    }
}

/// Returns the number of blocks of each share. Every share has at least one block, if there are enough.
fn blocks(shares: &[Share]) -> Vec<usize> {
    let mut sum = Share::NONE;
    let mut filled = 0;
    let mut blocks: Vec<usize> = Vec::with_capacity(shares.len());
    for share in shares {
        sum = sum.checked_add(*share).unwrap_or(Share::ALL);
        let end = rounded(sum).max(filled);
        blocks.push(end - filled);
        filled = end;
    }
    for index in 0..blocks.len() {
        let is_empty = blocks.get(index) == Some(&0);
        if let Some(largest) = blocks.iter_mut().max().filter(|largest| is_empty && **largest > 1) {
            *largest -= 1;
            blocks.get_mut(index).into_iter().for_each(|empty| *empty = 1);
        }
    }
    blocks
}

/// Returns the share of [`WIDTH`], rounded to the nearest number.
fn rounded(share: Share) -> usize {
    let doubled = share.numerator().saturating_mul(2 * WIDTH as u128) / share.denominator();
    usize::try_from(doubled.div_ceil(2)).unwrap_or(WIDTH).min(WIDTH)
}

#[cfg(test)]
mod tests {
    use crate::analyze::Share;
    use crate::report::diff::bars::blocks;

    #[test]
    fn every_share_has_a_block_and_all_blocks_fill_the_bar() {
        let of = |shares: &[u128]| blocks(&shares.iter().map(|share| Share::new(*share, 1000)).collect::<Vec<_>>());
        assert_eq!(of(&[100, 900]), [2, 18]);
        assert_eq!(of(&[1, 999]), [1, 19]);
        assert_eq!(of(&[999, 1]), [19, 1]);
        assert_eq!(of(&[333, 333, 334]), [7, 6, 7]);
        assert_eq!(of(&[1, 1, 1, 997]), [1, 1, 1, 17]);
        assert_eq!(of(&[1000]), [20]);
    }
}
