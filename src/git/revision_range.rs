//! Ranges of commits in the notation of `git log` and `git diff`.

/// A revision or a range of two revisions in the notation of the command line.
///
/// A missing end means `HEAD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionRange<'r> {
    /// `REV`: one revision.
    Single(&'r str),
    /// `BASE..TIP`: from the base itself to the tip.
    TwoDots {
        /// The revision to start from.
        base: &'r str,
        /// The revision to end at.
        tip: &'r str,
    },
    /// `BASE...TIP`: from the best common ancestor of both to the tip.
    ThreeDots {
        /// The revision whose common ancestor with the tip is the start.
        base: &'r str,
        /// The revision to end at.
        tip: &'r str,
    },
}

impl<'r> RevisionRange<'r> {
    /// Parses a range. Does not check whether the revisions exist.
    pub fn parse(text: &'r str) -> Self {
        let or_head = |end: &'r str| if end.is_empty() { "HEAD" } else { end };
        if let Some((base, tip)) = text.split_once("...") {
            Self::ThreeDots { base: or_head(base), tip: or_head(tip) }
        } else if let Some((base, tip)) = text.split_once("..") {
            Self::TwoDots { base: or_head(base), tip: or_head(tip) }
        } else {
            Self::Single(or_head(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RevisionRange;

    #[test]
    fn an_end_that_is_left_out_is_head() {
        assert_eq!(RevisionRange::parse("main"), RevisionRange::Single("main"));
        assert_eq!(RevisionRange::parse("main.."), RevisionRange::TwoDots { base: "main", tip: "HEAD" });
        assert_eq!(RevisionRange::parse("..topic"), RevisionRange::TwoDots { base: "HEAD", tip: "topic" });
        assert_eq!(RevisionRange::parse("main...topic"), RevisionRange::ThreeDots { base: "main", tip: "topic" });
        assert_eq!(RevisionRange::parse("..."), RevisionRange::ThreeDots { base: "HEAD", tip: "HEAD" });
    }
}
