//! What is wrong with a file of allowed signers, as `ssh-keygen` reads it.
//!
//! `ssh-keygen` ignores what it cannot read, and refuses a signature without saying which line is the reason. This module finds the
//! first such line. A time without `Z` is that of the machine in `ssh-keygen`, and is taken for UTC here.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The minimum number of characters of a key, which is less than that of the shortest one.
const MIN_KEY: usize = 64;

/// What is wrong with a file of allowed signers. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignersProblem {
    /// No line has a signer.
    #[error("has no signer")]
    Empty,
    /// A line cannot be read.
    #[error("line {line}: expected {expected}")]
    Unreadable {
        /// The line.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// The time of an entry is over.
    #[error("line {line}: the entry of `{names}` expired at {end}")]
    Expired {
        /// The line.
        line: usize,
        /// The names of the signer.
        names: String,
        /// The time from which the entry does not count.
        end: Timestamp,
    },
}

impl SignersProblem {
    /// Returns the line that is to be corrected or removed, if there is one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Empty => None,
            Self::Unreadable { line, .. } | Self::Expired { line, .. } => Some(*line),
        }
    }
}

/// Finds the first problem of a file of allowed signers.
pub fn signers_problem(text: &str, now: Timestamp) -> Option<SignersProblem> {
    let mut signers = 0;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        signers += 1;
        let number = index + 1;
        match read(line) {
            Err(expected) => return Some(SignersProblem::Unreadable { line: number, expected }),
            Ok(Entry { names, end: Some(end) }) if end <= now => {
                return Some(SignersProblem::Expired { line: number, names: names.to_owned(), end });
            }
            Ok(_) => {}
        }
    }
    (signers == 0).then_some(SignersProblem::Empty)
}

struct Entry<'t> {
    names: &'t str,
    end: Option<Timestamp>,
}

/// Reads a line: names, perhaps options, the type of the key, the key, perhaps a comment.
fn read(line: &str) -> Result<Entry<'_>, &'static str> {
    const NAMES: &str = "names, such as `dana@example.com ssh-ed25519 AAAA…`";
    let (names, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(NAMES)?,
        None => line.split_once([' ', '\t']).ok_or(NAMES)?,
    };
    let rest = rest.trim_start();
    let (options, key) = if is_key(rest) { ("", rest) } else { word(rest) };
    if !is_key(key) {
        return Err("a public key such as `ssh-ed25519 AAAA…` after the names and options");
    }
    let mut end = None;
    for option in options_of(options) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" | "namespaces" => {}
            "valid-after" => drop(time(value).ok_or(TIME)?),
            "valid-before" => end = Some(time(value).ok_or(TIME)?),
            _ => return Err("one of the options `cert-authority`, `namespaces`, `valid-after` and `valid-before`"),
        }
    }
    Ok(Entry { names, end })
}

/// Returns the first word and the rest. White space in quotes belongs to a word.
fn word(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.find(|char: char| {
        quoted ^= char == '"';
        !quoted && char.is_whitespace()
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_start())
}

/// Returns the options of a list, in which a comma in quotes belongs to an option.
fn options_of(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = text.split(move |char: char| {
        quoted ^= char == '"';
        !quoted && char == ','
    });
    parts.filter(|option| !option.is_empty())
}

/// Returns whether a text begins with a public key: its type, and its bytes in base64, which begin with three zeros.
fn is_key(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(kind), Some(key)) = (words.next(), words.next()) else { return false };
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start))
        && key.starts_with("AAAA")
        && key.len() >= MIN_KEY
        && key.len().is_multiple_of(4)
        && key.bytes().all(is_base64)
}

const TIME: &str = "a time as `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`";

/// Reads a time of `ssh-keygen`.
fn time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || ![8, 12, 14].contains(&digits.len()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to).unwrap_or("0").parse::<i8>().ok();
    let year = digits.get(..4)?.parse().ok()?;
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let time = DateTime::new(year, number(4, 6)?, number(6, 8)?, hour, minute, second, 0).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::signers_problem;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f dana";

    fn problem(text: &str) -> Option<String> {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        signers_problem(text, now).map(|problem| problem.to_string())
    }

    #[test]
    fn what_ssh_keygen_accepts_is_no_problem() {
        for line in [
            "dana@example.com KEY",
            "dana@example.com,*@example.com\tKEY",
            "\"Dana Doe,x\" namespaces=\"git,flagctl\",valid-before=\"20270101Z\" KEY",
            "* cert-authority,valid-after=20200101000000,valid-before=202612010000Z KEY",
            "# a comment\n\n  d valid-before=20261122000001Z KEY\r",
        ] {
            assert_eq!(problem(&line.replace("KEY", KEY)), None, "{line}");
        }
    }

    #[test]
    fn the_first_line_with_a_problem_is_named() {
        for (text, expected) in [
            ("", "has no signer"),
            ("# a comment\n\n", "has no signer"),
            ("dana", "line 1: expected names"),
            ("\"dana KEY", "line 1: expected names"),
            ("d KEY\nd ssh-ed25519 AAAA", "line 2: expected a public key"),
            (
                "d rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
                "line 1: expected a public key",
            ),
            ("d ssh-ed25519 \u{1b}[31m", "line 1: expected a public key"),
            ("d valid-untill=20200101 KEY", "line 1: expected one of the options"),
            ("d valid-before=2020-01-01 KEY", "line 1: expected a time"),
            ("d valid-before=20201301 KEY", "line 1: expected a time"),
            ("d valid-before=20261122 KEY", "line 1: the entry of `d` expired at 2026-11-22T00:00:00Z"),
            (
                "d KEY\ne,f valid-before=\"202001010000Z\" KEY",
                "line 2: the entry of `e,f` expired at 2020-01-01T00:00:00Z",
            ),
        ] {
            let found = problem(&text.replace("KEY", KEY)).unwrap_or_default();
            assert!(found.starts_with(expected), "{text:?}: {found}");
        }
    }
}
