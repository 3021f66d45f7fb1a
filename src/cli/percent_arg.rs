//! A percentage on the command line, such as `50%`.

use crate::bundle::Percent;

/// Parses a percentage.
///
/// # Errors
/// Returns an error if the text is not a percentage. A number without `%` can mean two percentages if it is at most 1,
/// and the error has both.
pub(crate) fn percent(text: &str) -> Result<Percent, String> {
    text.parse().map_err(|error: crate::bundle::PercentError| {
        match (format!("{text}%").parse::<Percent>().ok(), fraction(text)) {
            (Some(percent), Some(fraction)) if percent != Percent::ZERO => {
                format!("expected a percentage, found a number: write `{percent}` or `{fraction}`")
            }
            (Some(percent), _) => format!("expected a percentage, found a number: write `{percent}`"),
            (None, _) => error.to_string(),
        }
    })
}

/// Reads a number from 0 to 1 as a fraction of all units.
fn fraction(text: &str) -> Option<Percent> {
    let (integer, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{integer}{decimals:0<5}");
    let is_exact = digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_exact.then(|| digits.parse().ok().and_then(Percent::from_buckets)).flatten()
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_number_is_refused_with_what_it_can_mean() {
        let advice = |text: &str| percent(text).unwrap_err();
        assert!(advice("75").ends_with("found a number: write `75%`"), "{}", advice("75"));
        assert!(advice("0.5").ends_with("found a number: write `0.5%` or `50%`"), "{}", advice("0.5"));
        assert!(advice("1").ends_with("write `1%` or `100%`"), "{}", advice("1"));
        assert!(advice("0.125").ends_with("write `0.125%` or `12.5%`"), "{}", advice("0.125"));
        assert!(advice("1.5").ends_with("write `1.5%`"), "{}", advice("1.5"));
        assert!(advice("0").ends_with("write `0%`"), "{}", advice("0"));
        for text in ["", ".", "-1", "1e1", "101", "half", "101%", "0.0001%"] {
            assert!(advice(text).starts_with("expected a percentage from `0%`"), "{}", advice(text));
        }
        assert_eq!(percent("12.5%").unwrap().to_string(), "12.5%");
    }
}
