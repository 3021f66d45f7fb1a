//! Literals of SQL: texts, numbers, times and intervals.
//!
//! A text from a repository can have any characters. Quotation marks are doubled. A backslash and a hidden character are
//! written so that no setting of a database changes their meaning: some databases treat a backslash in a plain literal as
//! the begin of an escape.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::report::escape::is_hidden;

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlDialect {
    /// DuckDB.
    DuckDb,
    /// PostgreSQL.
    Postgres,
    /// Standard SQL.
    Ansi,
}

impl SqlDialect {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Postgres => "postgres",
            Self::Ansi => "ansi",
        }
    }

    /// Returns an expression for a text.
    pub(super) fn text(self, text: &str) -> String {
        let is_plain = |character: char| !is_hidden(character) && (character != '\\' || self == Self::DuckDb);
        // Systems for continuous integration execute lines with `##`.
        if text.chars().all(is_plain) && !text.contains("##") {
            return format!("'{}'", text.replace('\'', "''"));
        }
        let mut literal = String::new();
        for character in text.chars() {
            // Writing into a `String` does not fail.
            let _ = match (self, character) {
                (_, '\'') => literal.write_str("''"),
                (Self::Postgres | Self::Ansi, '\\') => literal.write_str("\\\\"),
                (_, other) if !is_hidden(other) && other != '#' => literal.write_char(other),
                (Self::DuckDb, hidden) => write!(literal, "' || chr({}) || '", u32::from(hidden)),
                (Self::Postgres, hidden) => write!(literal, "\\U{:08X}", u32::from(hidden)),
                (Self::Ansi, hidden) => write!(literal, "\\+{:06X}", u32::from(hidden)),
            };
        }
        match self {
            Self::DuckDb => format!("('{literal}')"),
            Self::Postgres => format!("E'{literal}'"),
            Self::Ansi => format!("U&'{literal}'"),
        }
    }

    /// Returns an expression for a text that is an element of a list. In standard SQL, the plain literals of a list have one
    /// fixed length, to which spaces are added.
    pub(super) fn element(self, text: &str) -> String {
        match self {
            Self::DuckDb | Self::Postgres => self.text(text),
            Self::Ansi => format!("CAST({} AS VARCHAR(1024))", self.text(text)),
        }
    }

    /// Returns an expression for a duration.
    pub(super) fn interval(self, duration: SignedDuration) -> String {
        let seconds = duration.as_secs();
        match self {
            Self::DuckDb | Self::Postgres => format!("INTERVAL '{seconds} seconds'"),
            Self::Ansi => format!("INTERVAL '{seconds}' SECOND(10)"),
        }
    }
}

/// Returns an expression for a number, which is read as exactly the same number.
pub(super) fn number(number: Option<f64>) -> String {
    let text = number.map_or_else(|| "NULL".to_owned(), |number| format!("'{number:?}'"));
    format!("CAST({text} AS DOUBLE PRECISION)")
}

/// Returns an expression for a time.
pub(super) fn time(time: Option<Timestamp>) -> String {
    let text =
        time.map_or_else(|| "NULL".to_owned(), |time| time.strftime("'%Y-%m-%d %H:%M:%S%.6f+00:00'").to_string());
    format!("CAST({text} AS TIMESTAMP WITH TIME ZONE)")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECTS: [SqlDialect; 3] = [SqlDialect::DuckDb, SqlDialect::Postgres, SqlDialect::Ansi];

    #[test]
    fn quotation_marks_are_doubled() {
        for dialect in DIALECTS {
            assert_eq!(dialect.text("on"), "'on'");
            assert_eq!(dialect.text("'; DROP TABLE events; --"), "'''; DROP TABLE events; --'");
            assert_eq!(dialect.text("größer \"?\" {flag} $1"), "'größer \"?\" {flag} $1'");
        }
    }

    #[test]
    fn a_backslash_at_the_end_does_not_open_the_literal() {
        assert_eq!(DIALECTS.map(|dialect| dialect.text("a'\\")), ["'a''\\'", "E'a''\\\\'", "U&'a''\\\\'"]);
    }

    #[test]
    fn hidden_characters_are_escaped() {
        assert_eq!(
            DIALECTS.map(|dialect| dialect.text("a\n'\u{202e}")),
            [
                "('a' || chr(10) || '''' || chr(8238) || '')",
                "E'a\\U0000000A''\\U0000202E'",
                "U&'a\\+00000A''\\+00202E'"
            ]
        );
        assert!(DIALECTS.iter().all(|dialect| !dialect.text("##[error]x").contains("##")));
    }

    #[test]
    fn numbers_times_and_durations_are_exact() {
        assert_eq!(number(Some(0.1 + 0.2)), "CAST('0.30000000000000004' AS DOUBLE PRECISION)");
        assert_eq!(number(None), "CAST(NULL AS DOUBLE PRECISION)");
        let at: Timestamp = "2026-11-01T02:00:00.25+02:00".parse().unwrap();
        assert_eq!(time(Some(at)), "CAST('2026-11-01 00:00:00.250000+00:00' AS TIMESTAMP WITH TIME ZONE)");
        let days = SignedDuration::from_hours(72);
        assert_eq!(SqlDialect::Postgres.interval(days), "INTERVAL '259200 seconds'");
        assert_eq!(SqlDialect::Ansi.interval(days), "INTERVAL '259200' SECOND(10)");
    }
}
