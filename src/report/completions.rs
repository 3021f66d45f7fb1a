//! The candidates for a word of the command line, as the scripts of the shells read them.
//!
//! Bash writes a candidate into the command line as it is, and the line is a program. A candidate is therefore written
//! only if each of its characters stands for itself in every shell; all others are left out. Descriptions are only shown.

use std::collections::BTreeSet;

use crate::report::{Printable, escape};

/// The greatest number of characters of a description.
const LONGEST: usize = 60;

/// A text that can be the next word of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The word.
    pub value: String,
    /// What it stands for, as a short part of one line without hidden characters. It may be empty.
    description: String,
}

impl Candidate {
    /// Creates a candidate. The first sentence of the description is shortened and escaped.
    pub fn new(value: impl Into<String>, description: &str) -> Self {
        Self { value: value.into(), description: described(description) }
    }

    /// Returns what the word stands for.
    pub fn description(&self) -> &str {
        &self.description
    }
}

/// What stands between a candidate and its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// A tab.
    Tab,
    /// A colon, as the function `_describe` of zsh reads it. A colon or backslash in a word has a backslash before it.
    Colon,
}

/// Returns the candidates, one line each, in their order. Candidates that are not plain words, and those that are there
/// already, are left out.
pub fn lines(candidates: &[Candidate], separator: Separator) -> Printable {
    let mut seen = BTreeSet::new();
    let mut lines = String::new();
    for candidate in candidates {
        let value = candidate.value.as_str();
        if !is_plain(value) || !seen.insert(value) {
            continue;
        }
        let (value, before) = match separator {
            Separator::Tab => (value.to_owned(), '\t'),
            Separator::Colon => (value.replace(':', "\\:"), ':'),
        };
        lines.push_str(&value);
        if !candidate.description.is_empty() {
            lines.push(before);
            lines.push_str(&candidate.description);
        }
        lines.push('\n');
    }
    Printable::completions(lines)
}

/// Returns whether a text is one word in every shell, and means itself: no quoting, no pattern, no expansion, no command.
fn is_plain(text: &str) -> bool {
    let mut before = None;
    let plain = text.chars().all(|character| {
        let is_plain = match character {
            // After a separator, a tilde stands for a home folder.
            '~' => before.is_some_and(|before: char| before.is_ascii_alphanumeric()),
            '=' => before.is_some(),
            '.' | '_' | '-' | '/' | ':' | '@' | '%' | '+' | ',' => true,
            character => character.is_alphanumeric() && !escape::is_hidden(character),
        };
        before = Some(character);
        is_plain
    });
    plain && !text.is_empty()
}

/// Returns the first sentence of a description, shortened, as a part of one line.
fn described(description: &str) -> String {
    let line = description.trim().lines().next().unwrap_or_default();
    let sentence = line.split_once(". ").map_or(line, |(sentence, _)| sentence);
    let sentence = escape::line(sentence.strip_suffix('.').unwrap_or(sentence));
    if sentence.chars().count() <= LONGEST {
        return sentence.into_owned();
    }
    let cut: String = sentence.chars().take(LONGEST - 1).collect();
    let words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':']))
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Separator, lines};

    fn written(candidates: &[(&str, &str)], separator: Separator) -> String {
        let candidates: Vec<Candidate> = candidates.iter().map(|(value, text)| Candidate::new(*value, text)).collect();
        lines(&candidates, separator).as_str().to_owned()
    }

    #[test]
    fn only_words_that_mean_themselves_in_every_shell_are_written() {
        let plain =
            ["new-checkout", "a/b:c.d", "plan=free", "10%", "HEAD~1", "origin/main..HEAD", "łódź", "--format=json"];
        let lines = written(&plain.map(|word| (word, "")), Separator::Tab);
        assert_eq!(lines.lines().collect::<Vec<_>>(), plain);
        for text in [
            "",
            "a b",
            "$(id)",
            "`id`",
            "a;b",
            "a&b",
            "a|b",
            "a>b",
            "a\nb",
            "a\tb",
            "a\u{1b}[31m",
            "a\u{202e}b",
            "a'b",
            "a\"b",
            "a\\b",
            "a*",
            "a?",
            "[a]",
            "{a,b}",
            "a!b",
            "#a",
            "~root",
            "x=~root",
            "a:~root",
            "=ls",
            "a\u{7f}",
            "a\u{115f}",
            "a^b",
            "(a)",
            "\u{a0}",
        ] {
            assert_eq!(written(&[(text, "")], Separator::Tab), "", "{text:?}");
        }
    }

    #[test]
    fn descriptions_are_one_short_escaped_line() {
        let text = "First\u{1b}[31m sentence.\tSame. Second sentence";
        assert_eq!(written(&[("a", text)], Separator::Tab), "a\tFirst\\u{1b}[31m sentence.\\tSame\n");
        let long = "The new checkout with one page instead of four pages, which the team tests since the spring";
        let line = written(&[("a", long)], Separator::Tab);
        assert_eq!(line, "a\tThe new checkout with one page instead of four pages…\n");
        assert_eq!(written(&[("a", "x\ny"), ("a", "z")], Separator::Tab), "a\tx\n");
    }

    #[test]
    fn colons_of_words_are_escaped_for_zsh() {
        assert_eq!(written(&[("a:b", "x: y"), ("c", "")], Separator::Colon), "a\\:b:x: y\nc\n");
    }
}
