//! Patterns of keys and names as arguments: `new-*`.

use regex::Regex;

use crate::diag::did_you_mean;

/// Patterns, of which one must match. Without patterns, every name matches.
#[derive(Debug)]
pub(crate) struct NamePatterns<'a> {
    texts: &'a [String],
    expressions: Vec<Regex>,
}

impl<'a> NamePatterns<'a> {
    /// Reads patterns, in which `*` stands for any characters and `?` for one character.
    ///
    /// # Errors
    /// Returns an error if a pattern is too long.
    pub(crate) fn new(texts: &'a [String]) -> Result<Self, regex::Error> {
        let expression = |text: &String| {
            let text = regex::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
            Regex::new(&format!("^(?s:{text})$"))
        };
        Ok(Self { texts, expressions: texts.iter().map(expression).collect::<Result<_, _>>()? })
    }

    /// Returns whether a name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.expressions.is_empty() || self.expressions.iter().any(|expression| expression.is_match(name))
    }

    /// Returns advice on each pattern that matches none of the names: a wider pattern that matches some of them, or a
    /// similar name.
    pub(crate) fn advice(&self, names: &[&str]) -> Vec<String> {
        let unmatched = self.texts.iter().zip(&self.expressions);
        let unmatched = unmatched.filter(|(_, expression)| !names.iter().any(|name| expression.is_match(name)));
        let advice = unmatched.filter_map(|(text, _)| {
            let part = text.trim_matches('*');
            let wider = format!("'*{part}*'");
            let number = names.iter().filter(|name| !part.is_empty() && name.contains(part)).count();
            let help = match number {
                0 => did_you_mean(text, names.iter().copied())?,
                number => format!("`{wider}` matches {number}"),
            };
            Some(format!("nothing matches `{text}`; {help}"))
        });
        advice.collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::pattern_arg::NamePatterns;

    #[test]
    fn a_pattern_matches_the_whole_name() {
        let matches = |pattern: &str, name| NamePatterns::new(&[pattern.to_owned()]).unwrap().matches(name);
        let expected = [
            ("cart", "cart", true),
            ("cart", "new-cart", false),
            ("*cart", "new-cart", true),
            ("new-*", "new-cart", true),
            ("n?w-c*t", "new-cart", true),
            ("a.b", "axb", false),
            ("*", "group:a/b", true),
            ("[a]", "a", false),
        ];
        for (pattern, name, result) in expected {
            assert_eq!(matches(pattern, name), result, "{pattern} {name}");
        }
    }
}
