//! Names inside the strings of a PromQL query: a name never ends its string, and never is a pattern.
//!
//! A string after `=~` or `!~` is a regular expression, so `v1.2` there would also match `v1x2`.

/// A string that is open at the end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Literal {
    quote: char,
    /// Whether the string is the regular expression of a matcher.
    is_pattern: bool,
}

/// Returns a name as it stands for itself after `before`, the beginning of a query.
pub(super) fn inserted(before: &str, name: &str) -> String {
    let literal = open_literal(before);
    let name = match literal {
        Some(Literal { is_pattern: true, .. }) => regex::escape(name),
        Some(_) | None => name.to_owned(),
    };
    match literal {
        // A string in backquotes has no escapes. No name has a backquote.
        Some(Literal { quote: '`', .. }) => name,
        Some(_) | None => escaped(&name),
    }
}

/// Escapes a name for a string in either kind of quotes.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '\\' | '"' | '\'') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// Returns the string that is open at the end of a text.
fn open_literal(text: &str) -> Option<Literal> {
    let mut open = None;
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        open = match (open, character) {
            (None, '"' | '\'' | '`') => {
                let before = text.get(..index).unwrap_or_default().trim_end();
                Some(Literal { quote: character, is_pattern: before.ends_with("=~") || before.ends_with("!~") })
            }
            (None, '#') => {
                // A comment ends with its line.
                characters.by_ref().find(|(_, character)| *character == '\n');
                None
            }
            (Some(Literal { quote, .. }), character) if quote == character => None,
            (Some(Literal { quote: '"' | '\'', .. }), '\\') => {
                characters.next();
                open
            }
            (open, _) => open,
        };
    }
    open
}

#[cfg(test)]
mod tests {
    use super::inserted;

    #[test]
    fn a_name_in_a_pattern_matches_only_itself() {
        assert_eq!(inserted(r#"x{v=~""#, "v1.2+a"), r"v1\\.2\\+a");
        assert_eq!(inserted("x{v !~ 'a|", "v1.2"), r"v1\\.2");
        assert_eq!(inserted("x{v=~`", "v1.2"), r"v1\.2");
        assert_eq!(inserted(r#"x{a=~"b",v=""#, "v1.2"), "v1.2");
        assert_eq!(inserted(r#"x{a=~"b\"",v=""#, "v1.2"), "v1.2");
        assert_eq!(inserted("x{a=~`\\`,v=\"", "v1.2"), "v1.2");
        assert_eq!(inserted("x # =~\"\n{v='", "v1.2"), "v1.2");
        assert_eq!(inserted("x{a!=\"=~", "v1.2"), "v1.2");
        assert_eq!(inserted("", "v1.2"), "v1.2");
    }

    #[test]
    fn a_name_never_ends_its_string() {
        assert_eq!(inserted(r#"x{v=""#, r#"a"\'"#), r#"a\"\\\'"#);
    }
}
