//! Functions that escape text from definitions, git and the network for one output language.
//!
//! Each function takes text with any content. It returns text that the output language displays as this content, and
//! that does not start markup, a command or a control sequence. Each output language has one function, so the rules of
//! a language are in one function. A format escapes every text that it does not write itself.

/// Escapes text of several lines for a terminal. Control characters become `\u{…}`, because they can start escape
/// sequences that move the cursor or overwrite lines. Bidirectional marks also become `\u{…}`, because they change the
/// displayed order of a text. Line breaks and tabs stay.
pub fn terminal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => escaped.push(character),
            hidden if hidden.is_control() || is_bidirectional_mark(hidden) => {
                escaped.extend(hidden.escape_unicode());
            }
            character => escaped.push(character),
        }
    }
    escaped
}

/// Returns whether the character changes the direction of the text around it.
fn is_bidirectional_mark(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes a message of a GitHub workflow command, which is the text after `::`.
pub fn github_command(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a GitHub workflow command, such as `file` or `title`.
pub fn github_property(text: &str) -> String {
    github_command(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes text for HTML and for the HTML in Markdown, outside of attributes.
pub fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Escapes text for Markdown. Only code spans keep their meaning, because flagctl's messages use them.
pub fn markdown(text: &str) -> String {
    html(text).replace('*', "\\*").replace('_', "\\_")
}

/// Returns a Markdown code span that displays the unchanged text. Line breaks become spaces.
pub fn markdown_code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let fence = markdown_fence(&text, 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns a fence of at least `least` backticks that is longer than every run of backticks in the text.
pub fn markdown_fence(text: &str, least: usize) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

/// Quotes a word for a POSIX shell if it needs quotes. A `~` needs quotes only at the start of the word, and not in
/// `HEAD~1`.
pub fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/=@%+~^".contains(&byte);
    // A shell replaces `~` with a folder at the start of a word, and after `=` or `:`.
    let has_tilde_prefix = word.starts_with('~') || word.contains("=~") || word.contains(":~");
    if !word.is_empty() && !has_tilde_prefix && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Escapes a path as a relative URI reference: bytes other than letters, digits and `/-._~` are percent-encoded.
pub fn uri_path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(part).collect()
}

/// Escapes text for an XML element or an attribute in double quotes. Characters that XML 1.0 cannot hold, such as most
/// control characters, become U+FFFD.
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::report::escape::{
        github_command, github_property, html, markdown, markdown_code, shell_word, terminal, uri_path, xml,
    };

    #[test]
    fn a_github_message_keeps_its_line_breaks_inside_one_command() {
        assert_eq!(github_command("50%\r\nnext: a, b"), "50%25%0D%0Anext: a, b");
        assert_eq!(github_property("50%\nnext: a, b"), "50%25%0Anext%3A a%2C b");
    }

    #[test]
    fn markup_in_a_text_is_shown_as_text() {
        assert_eq!(html("<b>&</b>"), "&lt;b&gt;&amp;&lt;/b&gt;");
        assert_eq!(markdown("*a* _b_ <i>"), "\\*a\\* \\_b\\_ &lt;i&gt;");
    }

    #[test]
    fn a_code_span_has_a_fence_that_its_text_does_not_have() {
        assert_eq!(markdown_code("a\nb"), "`a b`");
        assert_eq!(markdown_code("a ``b`` c"), "```a ``b`` c```");
        assert_eq!(markdown_code("`a`"), "`` `a` ``");
    }

    #[test]
    fn a_shell_word_is_quoted_where_it_needs_quotes() {
        assert_eq!(shell_word("flags/one.yaml"), "flags/one.yaml");
        assert_eq!(shell_word("HEAD~1"), "HEAD~1");
        assert_eq!(shell_word("~me"), "'~me'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("targetingKey=user-1"), "targetingKey=user-1");
        assert_eq!(shell_word("targetingKey=~user"), "'targetingKey=~user'");
        assert_eq!(shell_word("HEAD~3"), "HEAD~3");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn a_terminal_gets_no_control_sequences_and_no_bidirectional_marks() {
        assert_eq!(terminal("a\u{1b}[31mb\r\n\tc"), "a\\u{1b}[31mb\\u{d}\n\tc");
        assert_eq!(terminal("a\u{202e}b\u{2069}"), "a\\u{202e}b\\u{2069}");
        assert_eq!(terminal("ü → 日本 ✓"), "ü → 日本 ✓");
    }

    #[test]
    fn a_path_becomes_a_relative_uri_reference() {
        assert_eq!(uri_path("flags/colour ü&.yaml"), "flags/colour%20%C3%BC%26.yaml");
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_replaced() {
        assert_eq!(xml("<a b=\"&\">\u{1b}\u{ffff}\n"), "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}\u{fffd}\n");
    }
}
